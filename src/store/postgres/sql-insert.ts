// New rows: tasks, runs, events, audit. Bulk, one statement per kind, ids are unique per tenant so a repeat inserts nothing.

import { eventTypes, idBytes, runStates, taskStates } from '../../contract/index.ts';
import type { LaneKey, NewAudit, NewEvent, NewRun, NewTask, RunKey } from '../../contract/index.ts';
import { bytes, columnSet, columnsOf, int, text } from './column-set.ts';
import type { Column } from './column-set.ts';

export interface TaskRow {
  task: NewTask;
  lane: LaneKey;
  runKey: RunKey | null;
  /** Local dispatch was asked for and no cap stands against it. */
  leased: boolean;
  capped: boolean;
}

const leaseOf = (row: TaskRow): NewTask['lease'] => (row.leased ? row.task.lease : undefined);

export const taskList: readonly Column<TaskRow>[] = [
  bytes('id', (row) => idBytes('task', row.task.id)),
  int('tenant', (row) => row.task.tenant),
  int('project', (row) => row.task.project),
  int('run', (row) => row.runKey),
  text('node', (row) => row.task.node),
  int('item', (row) => row.task.item),
  text('name', (row) => row.task.name),
  text('description', (row) => row.task.description),
  text('type', (row) => row.task.type),
  int('priority', (row) => row.task.priority),
  int('state', (row) => (row.leased ? taskStates.leased : taskStates[row.task.state])),
  text('reason', (row) => row.task.reason),
  int('lane', (row) => row.lane),
  int('route', (row) => row.task.route),
  text('input', (row) => row.task.input),
  int('fence', (row) => (row.leased ? 1 : 0)),
  int('lease_until_ms', (row) => leaseOf(row)?.untilMs),
  int('host', (row) => leaseOf(row)?.host),
  text('agent', (row) => leaseOf(row)?.agent),
  text('assignment', (row) => leaseOf(row)?.assignment),
  int('capped', (row) => (row.capped ? 1 : 0)),
  text('retry', (row) => row.task.retry),
  int('timeout_ms', (row) => row.task.timeoutMs),
  int('due_ms', (row) => row.task.dueMs),
  text('idem', (row) => row.task.idempotencyKey),
  text('body_hash', (row) => row.task.bodyHash),
  int('created_ms', (row) => row.task.createdMs),
];
const taskColumns = columnSet(taskList);

/** Keys of the rows inserted, in the order of the input; rows that exist already (id or idempotency key) are left out. */
export const insertTasks = {
  name: 'insert_tasks',
  text: `with added as (
      insert into tasks (${taskColumns.names})
      select ${taskColumns.names} from ${taskColumns.rows} as i
      on conflict do nothing
      returning key)
    select array_agg(key)::text as keys from added`,
  encode: taskColumns.encode,
};

export interface RunInsert {
  run: NewRun;
  seq: number;
}

export const runList: readonly Column<RunInsert>[] = [
  bytes('id', ({ run }) => idBytes('run', run.id)),
  int('tenant', ({ run }) => run.tenant),
  int('project', ({ run }) => run.project),
  text('workflow', ({ run }) => run.workflow),
  text('title', ({ run }) => run.title),
  text('progress', ({ run }) => run.progress),
  int('token', ({ run }) => run.token),
  int('state', ({ run }) => runStates[run.state]),
  int('seq', ({ seq }) => seq),
  text('idem', ({ run }) => run.idempotencyKey),
  text('body_hash', ({ run }) => run.bodyHash),
  int('created_ms', ({ run }) => run.createdMs),
  int('started_ms', ({ run }) => (run.state === 'pending' ? null : run.createdMs)),
  int('deadline_ms', ({ run }) => run.deadlineMs),
  int('parent_task', ({ run }) => run.parent?.task),
  text('parent_name', ({ run }) => run.parent?.name),
  int('parent_occurrence', ({ run }) => run.parent?.occurrence),
  int('root', ({ run }) => run.parent?.root),
  int('depth', ({ run }) => run.parent?.depth ?? 0),
  text('origin', ({ run }) => run.origin),
  int('ended_ms', ({ run }) => run.ended?.atMs),
  text('output', ({ run }) => run.ended?.output),
  text('error', ({ run }) =>
    run.ended?.error === undefined ? null : JSON.stringify(run.ended.error),
  ),
];
const runColumns = columnSet(runList);

export const pinList: readonly Column<NewRun>[] = [
  int('tenant', (run) => run.tenant),
  text('graph', (run) => run.graph),
  text('input', (run) => run.input),
];
const pinColumns = columnSet<{ run: NewRun; key: RunKey }>([
  int('run', ({ key }) => key),
  ...columnsOf(pinList, ({ run }: { run: NewRun }) => run),
]);

/** What runs are started with and never change. */
export const insertPins = {
  name: 'insert_pins',
  text: `insert into run_pins (${pinColumns.names}) select ${pinColumns.names} from ${pinColumns.rows} as i`,
  encode: pinColumns.encode,
};

export const insertRuns = {
  name: 'insert_runs',
  text: `with added as (
      insert into runs (${runColumns.names})
      select ${runColumns.names} from ${runColumns.rows} as i
      on conflict do nothing
      returning key)
    select array_agg(key)::text as keys from added`,
  encode: runColumns.encode,
};

export const eventList: readonly Column<NewEvent>[] = [
  int('at_ms', (event) => event.atMs),
  int('tenant', (event) => event.tenant),
  int('type', (event) => eventTypes[event.type]),
  bytes('run', (event) => (event.run === undefined ? null : idBytes('run', event.run))),
  bytes('task', (event) => (event.task === undefined ? null : idBytes('task', event.task))),
  int('seq', (event) => event.seq),
  text('data', (event) => JSON.stringify(event.data)),
];
const eventColumns = columnSet(eventList);

export const insertEvents = {
  name: 'insert_events',
  text: `insert into events (${eventColumns.names}) select ${eventColumns.names} from ${eventColumns.rows} as i`,
  encode: eventColumns.encode,
};

export const auditList: readonly Column<NewAudit>[] = [
  int('at_ms', (audit) => audit.atMs),
  int('tenant', (audit) => audit.tenant),
  text('actor', (audit) => audit.actor),
  text('action', (audit) => audit.action),
  text('subject', (audit) => audit.subject),
  text('data', (audit) => JSON.stringify(audit.data)),
];
const auditColumns = columnSet(auditList);

export const insertAudit = {
  name: 'insert_audit',
  text: `insert into audit (${auditColumns.names}) select ${auditColumns.names} from ${auditColumns.rows} as i`,
  encode: auditColumns.encode,
};

const besideColumns = columnSet<NewAudit>(auditList, taskColumns.next);

/**
 * As insertTasks, with audit rows beside it: one statement, so that it commits by itself. The audit rows are written only when every task is new;
 * else the caller writes those that are missing (no join between the two: that would cost more than the rows).
 */
export const insertAuditedTasks = {
  name: 'insert_audited_tasks',
  text: `with added as (
      insert into tasks (${taskColumns.names})
      select ${taskColumns.names} from ${taskColumns.rows} as i
      on conflict do nothing
      returning key),
    noted as (
      insert into audit (${auditColumns.names})
      select ${auditColumns.names} from ${besideColumns.rows} as i
      where (select count(*) from added) = $${besideColumns.next}::bigint)
    select array_agg(key)::text as keys from added`,
  encode: (rows: readonly TaskRow[], audits: readonly NewAudit[]) => [
    ...taskColumns.encode(rows),
    ...besideColumns.encode(audits),
    rows.length,
  ],
};

interface Lookup {
  ord: number;
  tenant: number;
  id: Uint8Array;
  idem: string | undefined;
}

const lookupColumns = columnSet<Lookup>([
  bytes('id', (row) => row.id),
  int('tenant', (row) => row.tenant),
  text('idem', (row) => row.idem),
]);

const existing = (table: 'tasks' | 'runs', owned: string): string => `
  select i.ord::int as ord, t.key, t.id, t.body_hash, true as same, ${owned} as owned from ${lookupColumns.rows} as i
    join ${table} t on t.tenant = i.tenant and t.id = i.id
  union all
  select i.ord::int, t.key, t.id, t.body_hash, false, false from ${lookupColumns.rows} as i
    join ${table} t on t.tenant = i.tenant and t.idem = i.idem and t.id <> i.id`;

/** Which of these ids (same) or idempotency keys exist; `owned`: still under the lease it was inserted with. `ord` counts from 1. */
export const existingTasks = {
  name: 'existing_tasks',
  text: existing('tasks', '(t.state = 3 and t.fence = 1)'),
  encode: lookupColumns.encode,
};
export const existingRuns = {
  name: 'existing_runs',
  text: existing('runs', 'false'),
  encode: lookupColumns.encode,
};

/** Runs named by id only (tasks added to a run of another unit). */
export const runKeysById = {
  name: 'run_keys_by_id',
  text: 'select key, id from runs where id = any($1::bytea[])',
};

/** `{1,2,3}` -> numbers; null -> none. Parsed here because pg's array parser walks characters. */
export function keysOf(textArray: string | null | undefined): number[] {
  if (textArray === null || textArray === undefined || textArray.length < 3) return [];
  return textArray.slice(1, -1).split(',').map(Number);
}
