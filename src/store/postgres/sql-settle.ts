// Changes of tasks, runs and attempts. One column set serves the fast path (guards in SQL, one statement, its own commit) and the careful
// path (rows locked and verdicts given before, guards gone).

import { eventTypes, idBytes, runStates, taskStates } from '../../contract/index.ts';
import type {
  NewAttempt,
  NewEvent,
  RunChange,
  TaskChange,
  TaskKey,
  TenantKey,
} from '../../contract/index.ts';
import { bytes, columnSet, int, text } from './column-set.ts';
import type { Column } from './column-set.ts';
import { insertNewSteps } from './sql-journal.ts';

export interface ChangeRow {
  change: TaskChange;
  /** The unit's single event, when it travels with the change. */
  event: NewEvent | undefined;
  /** New rows of its journal, when they travel with the change. */
  steps?: { json: string; count: number } | undefined;
}

const json = (value: unknown): string | null =>
  value === undefined ? null : JSON.stringify(value);

/** All but the event. */
export const changeList: readonly Column<ChangeRow>[] = [
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
  int('at_attempt', ({ change }) => change.attempt?.attempt),
  int('at_fence', ({ change }) => change.attempt?.fence),
  text('at_agent', ({ change }) => change.attempt?.agent),
  int('at_host', ({ change }) => change.attempt?.host),
  int('at_started_ms', ({ change }) => change.attempt?.startedMs),
  int('at_ended_ms', ({ change }) => change.attempt?.endedMs),
  text('at_outcome', ({ change }) => change.attempt?.outcome),
  text('at_error', ({ change }) => json(change.attempt?.error)),
  int('steps_n', ({ steps }) => steps?.count ?? 0),
  text('steps', ({ steps }) => steps?.json),
];

const changeColumns = columnSet<ChangeRow>([
  ...changeList,
  int('ev_type', ({ event }) => (event === undefined ? null : eventTypes[event.type])),
  int('ev_at_ms', ({ event }) => event?.atMs),
  bytes('ev_run', ({ event }) => (event?.run === undefined ? null : idBytes('run', event.run))),
  bytes('ev_task', ({ event }) => (event?.task === undefined ? null : idBytes('task', event.task))),
  text('ev_data', ({ event }) => (event === undefined ? null : JSON.stringify(event.data))),
]);

/**
 * Written so that no partial index fits it: by the key the planner finds a row for each change, by the index of leased tasks it would compare each
 * change with each lease there is (measured: 400 by 400 took 40 ms).
 */
export const IS_LEASED = `t.state + 0 = ${taskStates.leased}`;

export const SET_TASK = `state = i.state, reason = i.reason, result = i.result, error = i.error, due_ms = i.due_ms,
  started_ms = coalesce(i.started_ms, t.started_ms), ended_ms = i.ended_ms, errors = t.errors + i.errors, crashes = t.crashes + i.crashes,
  agent = coalesce(i.agent, t.agent), lease_until_ms = null, suspect = 0, capped = 0,
  hold = case when i.state = ${taskStates.uncertain} then t.hold else 0 end,  journal_steps = t.journal_steps + i.steps_n`;

/** What RETURNED of an update named `changed` brings with it: its attempt rows, and journals that have no row yet. */
export const FOLLOWED = `
  a as (insert into attempts (tenant, task, attempt, fence, agent, host, outcome, error, started_ms, ended_ms)
    select tenant, key, at_attempt, at_fence, at_agent, at_host, at_outcome, at_error, at_started_ms, at_ended_ms
    from changed where at_outcome is not null on conflict do nothing),
  o as (select tenant, key, steps, 0 as base from changed where steps is not null),
  j as (${insertNewSteps('o')})`;

export const RETURNED = `t.tenant, t.key, t.lane, t.state as new_state, i.ord, i.at_attempt, i.at_fence, i.at_agent, i.at_host, i.at_outcome,
  i.at_error, i.at_started_ms, i.at_ended_ms, i.steps`;

/** Lanes of the tasks that became ready. */
export const READY_LANES = `(array_agg(lane) filter (where new_state = ${taskStates.ready}))::text`;

/** Ends attempts of uncapped tasks under their fence, each with its event, attempt row and journal (when it has none). Answers which rows (ord) it changed. */
export const settleFast = {
  name: 'settle_fast',
  text: `with changed as (
      update tasks t set ${SET_TASK} from ${changeColumns.rows} as i
      where t.key = i.key and t.fence = i.fence and ${IS_LEASED} and t.capped = 0 and t.hold = 0
        and (i.steps is null or t.journal_steps = 0)
      returning ${RETURNED}, i.ev_type, i.ev_at_ms, i.ev_run, i.ev_task, i.ev_data),
    e as (insert into events (tenant, type, at_ms, run, task, data)
      select tenant, ev_type, ev_at_ms, ev_run, ev_task, ev_data from changed where ev_type is not null), ${FOLLOWED}
    select array_agg(ord)::text as ords, ${READY_LANES} as lanes from changed`,
  encode: changeColumns.encode,
};

/** The same without guards and without what follows: the rows are locked and judged. A change by state (no fence) raises the fence. */
export const changeTasks = {
  name: 'change_tasks',
  text: `update tasks t set ${SET_TASK}, fence = t.fence + case when i.fence is null then 1 else 0 end from ${changeColumns.rows} as i where t.key = i.key`,
  encode: changeColumns.encode,
};

interface AttemptRow {
  tenant: TenantKey;
  task: TaskKey;
  attempt: NewAttempt;
}
const attemptColumns = columnSet<AttemptRow>([
  int('task', ({ task }) => task),
  int('tenant', ({ tenant }) => tenant),
  int('attempt', ({ attempt }) => attempt.attempt),
  int('fence', ({ attempt }) => attempt.fence),
  text('agent', ({ attempt }) => attempt.agent),
  int('host', ({ attempt }) => attempt.host),
  text('outcome', ({ attempt }) => attempt.outcome),
  text('error', ({ attempt }) => json(attempt.error)),
  int('started_ms', ({ attempt }) => attempt.startedMs),
  int('ended_ms', ({ attempt }) => attempt.endedMs),
]);

export const insertAttempts = {
  name: 'insert_attempts_of',
  text: `insert into attempts (${attemptColumns.names}) select ${attemptColumns.names} from ${attemptColumns.rows} as i on conflict do nothing`,
  encode: attemptColumns.encode,
};

export const lockRuns = {
  name: 'lock_runs',
  text: 'select key, version, token from runs where key = any($1::bigint[]) order by key for update',
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

export const runChangeList: readonly Column<RunRowChange>[] = [
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
];
const runColumns = columnSet(runChangeList);

export const SET_RUN = `version = i.version, token = i.token, seq = i.seq, state = i.state, progress = i.progress, output = coalesce(i.output, r.output),
  error = coalesce(i.error, r.error), started_ms = coalesce(i.started_ms, r.started_ms), ended_ms = coalesce(i.ended_ms, r.ended_ms)`;

export const changeRuns = {
  name: 'change_runs',
  text: `update runs r set ${SET_RUN} from ${runColumns.rows} as i where r.key = i.key`,
  encode: runColumns.encode,
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
