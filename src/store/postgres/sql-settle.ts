// Changes of tasks, runs and attempts. One column set serves the fast path (guards in SQL, one statement, its own commit) and the careful
// path (rows locked and verdicts given before, guards gone).

import { eventTypes, idBytes, runStates, taskStates } from '../../contract/index.ts';
import type { NewEvent, RunChange, TaskChange, TenantKey } from '../../contract/index.ts';
import { bytes, columnSet, int, text } from './column-set.ts';

export interface ChangeRow {
  change: TaskChange;
  /** The unit's single event, when it travels with the change. */
  event: NewEvent | undefined;
}

const json = (value: unknown): string | null =>
  value === undefined ? null : JSON.stringify(value);

const changeColumns = columnSet<ChangeRow>([
  int('key', ({ change }) => change.key),
  int('fence', ({ change }) => ('fence' in change.guard ? change.guard.fence : null)),
  int('state', ({ change }) => taskStates[change.to]),
  text('reason', ({ change }) => change.reason),
  text('result', ({ change }) => change.result),
  text('error', ({ change }) => json(change.error)),
  int('due_ms', ({ change }) => change.dueMs),
  int('started_ms', ({ change }) => change.startedMs),
  int('ended_ms', ({ change }) => change.endedMs),
  int('errors', ({ change }) => change.addErrors ?? 0),
  int('crashes', ({ change }) => change.addCrashes ?? 0),
  text('agent', ({ change }) => change.agent),
  int('ev_type', ({ event }) => (event === undefined ? null : eventTypes[event.type])),
  int('ev_at_ms', ({ event }) => event?.atMs),
  bytes('ev_run', ({ event }) => (event?.run === undefined ? null : idBytes('run', event.run))),
  bytes('ev_task', ({ event }) => (event?.task === undefined ? null : idBytes('task', event.task))),
  text('ev_data', ({ event }) => (event === undefined ? null : JSON.stringify(event.data))),
  int('at_attempt', ({ change }) => change.attempt?.attempt),
  int('at_fence', ({ change }) => change.attempt?.fence),
  text('at_agent', ({ change }) => change.attempt?.agent),
  int('at_host', ({ change }) => change.attempt?.host),
  int('at_started_ms', ({ change }) => change.attempt?.startedMs),
  int('at_ended_ms', ({ change }) => change.attempt?.endedMs),
  text('at_outcome', ({ change }) => change.attempt?.outcome),
  text('at_error', ({ change }) => json(change.attempt?.error)),
]);

const SET = `state = i.state, reason = i.reason, result = i.result, error = i.error, due_ms = i.due_ms,
  started_ms = coalesce(i.started_ms, t.started_ms), ended_ms = i.ended_ms, errors = t.errors + i.errors, crashes = t.crashes + i.crashes,
  agent = coalesce(i.agent, t.agent), lease_until_ms = null, suspect = 0, capped = 0`;

const FOLLOWED = `
  e as (insert into events (tenant, type, at_ms, run, task, data)
    select tenant, ev_type, ev_at_ms, ev_run, ev_task, ev_data from changed where ev_type is not null),
  a as (insert into attempts (tenant, task, attempt, fence, agent, host, outcome, error, started_ms, ended_ms)
    select tenant, key, at_attempt, at_fence, at_agent, at_host, at_outcome, at_error, at_started_ms, at_ended_ms
    from changed where at_outcome is not null on conflict do nothing)
  select array_agg(ord)::text as ords, (array_agg(lane) filter (where new_state = ${taskStates.ready}))::text as lanes from changed`;

const RETURNED = `t.tenant, t.key, t.lane, t.state as new_state, i.ord, i.ev_type, i.ev_at_ms, i.ev_run, i.ev_task, i.ev_data,
  i.at_attempt, i.at_fence, i.at_agent, i.at_host, i.at_outcome, i.at_error, i.at_started_ms, i.at_ended_ms`;

/** Ends attempts of uncapped tasks under their fence, each with its event and attempt row. Answers which rows (ord) it changed. */
export const settleFast = {
  name: 'settle_fast',
  text: `with changed as (
      update tasks t set ${SET} from ${changeColumns.rows} as i
      where t.key = i.key and t.fence = i.fence and t.state = ${taskStates.leased} and t.capped = 0
      returning ${RETURNED}), ${FOLLOWED}`,
  encode: changeColumns.encode,
};

/** The same without guards: the rows are locked and judged. A change by state (no fence) raises the fence. */
export const changeTasks = {
  name: 'change_tasks',
  text: `with changed as (
      update tasks t set ${SET}, fence = t.fence + case when i.fence is null then 1 else 0 end from ${changeColumns.rows} as i
      where t.key = i.key
      returning ${RETURNED}), ${FOLLOWED}`,
  encode: changeColumns.encode,
};

export const lockRuns = {
  name: 'lock_runs',
  text: 'select key, version, token from runs where key = any($1::bigint[]) order by key for update',
};

export const lockTasks = {
  name: 'lock_tasks',
  text: `select key, tenant, state, fence, lane, capped, due_ms, ended_ms, journal_steps from tasks
    where key = any($1::bigint[]) order by key for update`,
};

/** Attempts already written: tells a repeated retry from a zombie's. */
export const attemptsOf = {
  name: 'attempts_of',
  text: 'select task, fence, outcome, ended_ms from attempts where task = any($1::bigint[])',
};

export interface RunRowChange {
  change: RunChange;
  version: number;
}

const runColumns = columnSet<RunRowChange>([
  int('key', ({ change }) => change.key),
  int('version', ({ version }) => version),
  int('token', ({ change }) => change.token),
  int('seq', ({ change }) => change.seq),
  int('state', ({ change }) => runStates[change.state]),
  text('progress', ({ change }) => change.progress),
  text('output', ({ change }) => change.output),
  text('error', ({ change }) => json(change.error)),
  int('started_ms', ({ change }) => change.startedMs),
  int('ended_ms', ({ change }) => change.endedMs),
]);

export const changeRuns = {
  name: 'change_runs',
  text: `update runs r set version = i.version, token = i.token, seq = i.seq, state = i.state, progress = i.progress, output = coalesce(i.output, r.output),
      error = coalesce(i.error, r.error), started_ms = coalesce(i.started_ms, r.started_ms), ended_ms = coalesce(i.ended_ms, r.ended_ms)
    from ${runColumns.rows} as i where r.key = i.key`,
  encode: runColumns.encode,
};

export interface JournalRow {
  tenant: TenantKey;
  key: number;
  fence: number | null;
  /** JSON text of the steps. */
  steps: string;
}

const journalColumns = columnSet<JournalRow>([
  int('key', (row) => row.key),
  int('fence', (row) => row.fence),
  text('steps', (row) => row.steps),
]);

/**
 * Appends steps under the fence (or without one: the row is locked and judged). A finished sleep updates its row.
 * The steps of one append travel as JSON text, so that the lateral join needs no index.
 */
export const appendJournal = {
  name: 'append_journal',
  text: `with owned as (
      select t.key, t.tenant, t.journal_steps, i.ord, i.steps from ${journalColumns.rows} as i join tasks t on t.key = i.key
      where i.fence is null or (t.fence = i.fence and t.state = ${taskStates.leased}) for update of t),
    written as (
      insert into journal (tenant, task, position, name, occurrence, kind, result, due_ms, at_ms)
      select o.tenant, o.key, o.journal_steps + s.ord - 1, s.name, s.occurrence, s.kind, s.result, s."dueMs", s."atMs"
      from owned o cross join lateral rows from (json_to_recordset(o.steps::json)
        as (name text, occurrence bigint, kind text, result text, "dueMs" bigint, "atMs" bigint)) with ordinality
        as s(name, occurrence, kind, result, "dueMs", "atMs", ord)
      on conflict (task, name, occurrence) do update set result = excluded.result, due_ms = excluded.due_ms, at_ms = excluded.at_ms
      returning task, (xmax = 0)::int as added),
    counted as (
      update tasks t set journal_steps = t.journal_steps + w.added
      from (select task, sum(added)::bigint as added from written group by task) w where t.key = w.task)
    select array_agg(ord)::text as ords from owned`,
  encode: journalColumns.encode,
};

/** Gives slots back to caps, rows locked in key order so that two flushes cannot wait for each other. */
export const giveBack = {
  name: 'give_back',
  text: `with locked as (
      select c.key, i.n from unnest($1::bigint[], $2::bigint[]) as i(key, n) join caps c on c.key = i.key order by c.key for update of c)
    update caps c set running = greatest(c.running - l.n, 0) from locked l where c.key = l.key`,
};

export const takeCaps = {
  name: 'take_caps',
  text: 'update caps c set running = c.running + i.n from unnest($1::bigint[], $2::bigint[]) as i(key, n) where c.key = i.key',
};

export const lockCaps = {
  name: 'lock_caps',
  text: 'select key, max_running, running from caps where key = any($1::bigint[]) order by key for update',
};
