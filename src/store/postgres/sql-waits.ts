// Waits, events that nobody waits for yet, and sweeps: read after their rows are locked, written as judged.

import { idBytes, taskStates } from '../../contract/index.ts';
import type { RunId } from '../../contract/index.ts';
import { bytes, columnSet, int, text } from './column-set.ts';

const WAIT = `j.task, j.name, j.occurrence, j.kind, j.subject, j.result, j.at_ms, (j.result is null and j.blob is null) as open`;
/**
 * Fits the index of open waits. It is looked into once for each subject: a plain join would read all open waits there are and compare each with
 * each subject (`offset 0` keeps the planner from making one of it).
 */
const OPEN = `o.kind in ('event', 'child') and o.result is null and o.blob is null and o.subject is not null`;

export interface WaitName {
  task: number;
  name: string;
  occurrence: number;
}
const nameColumns = columnSet<WaitName>([
  int('task', (row) => row.task),
  text('name', (row) => row.name),
  int('occurrence', (row) => row.occurrence),
]);

/** The rows of these names. */
export const waitsByName = {
  name: 'waits_by_name',
  text: `select ${WAIT} from ${nameColumns.rows} as i join journal j on j.task = i.task and j.name = i.name and j.occurrence = i.occurrence`,
  encode: nameColumns.encode,
};

/** $1 subjects, $2 tenants: open waits for events, oldest first. */
export const waitsBySubject = {
  name: 'waits_by_subject',
  text: `select ${WAIT} from unnest($1::text[], $2::bigint[]) as i(subject, tenant)
    cross join lateral (select * from journal o where o.tenant = i.tenant and o.subject = i.subject and ${OPEN} and o.kind = 'event' offset 0) as j
    order by j.at_ms, j.task, j.position`,
};

interface InboxName {
  tenant: number;
  run: Uint8Array;
  name: string;
}
const inboxNames = columnSet<InboxName>([
  bytes('run', (row) => row.run),
  int('tenant', (row) => row.tenant),
  text('name', (row) => row.name),
]);
const INBOX = 'b.key, b.tenant, b.run, b.name, b.data, b.at_ms, b.idem, b.token, b.taken';

/** Events that wait to be asked for, oldest first; locked, because waits open under the locks of different tasks. */
export const inboxOf = {
  name: 'inbox_of',
  text: `select ${INBOX} from ${inboxNames.rows} as i
    join inbox b on b.tenant = i.tenant and b.run = i.run and b.name = i.name and b.taken = 0 order by b.key for update of b`,
  encode: inboxNames.encode,
};

interface Sent extends InboxName {
  idem: string | undefined;
  token: number;
}
const sentColumns = columnSet<Sent>([
  bytes('run', (row) => row.run),
  int('tenant', (row) => row.tenant),
  text('name', (row) => row.name),
  text('idem', (row) => row.idem),
  int('token', (row) => row.token),
]);

/** Deliveries that were made before, by idempotency key. */
export const sentBefore = {
  name: 'sent_before',
  text: `select ${INBOX} from ${sentColumns.rows} as i
    join inbox b on b.tenant = i.tenant and b.run = i.run and b.name = i.name and b.idem = i.idem`,
  encode: sentColumns.encode,
};
/** The same by token: what an earlier try of this flush, or the caller's first sending of this unit, has committed. */
export const sentByToken = {
  name: 'sent_by_token',
  text: `select ${INBOX} from ${sentColumns.rows} as i
    join inbox b on b.tenant = i.tenant and b.run = i.run and b.name = i.name and b.token = i.token`,
  encode: sentColumns.encode,
};

export interface InboxInsert {
  tenant: number;
  run: RunId;
  name: string;
  data: string;
  by: string;
  atMs: number;
  idem: string | undefined;
  token: number;
  taken: 0 | 1 | 2;
}
const inboxColumns = columnSet<InboxInsert>([
  text('name', (row) => row.name),
  int('tenant', (row) => row.tenant),
  bytes('run', (row) => idBytes('run', row.run)),
  text('data', (row) => (row.taken === 0 ? row.data : '')),
  text('sent_by', (row) => row.by),
  int('at_ms', (row) => row.atMs),
  text('idem', (row) => row.idem),
  int('token', (row) => row.token),
  int('taken', (row) => row.taken),
]);
export const insertInbox = {
  name: 'insert_inbox',
  text: `insert into inbox (${inboxColumns.names}) select ${inboxColumns.names} from ${inboxColumns.rows} as i`,
  encode: inboxColumns.encode,
};

export const takeInbox = {
  name: 'take_inbox',
  text: `update inbox set taken = 2, data = '' where key = any($1::bigint[])`,
};

/** $1 keys, $2 state, $3 reason, $4 ended. The rows are locked and judged. */
export const sweepTasks = {
  name: 'sweep_tasks',
  text: `update tasks set state = $2::bigint, reason = $3::text, ended_ms = coalesce($4::bigint, ended_ms), due_ms = null, lease_until_ms = null, suspect = 0, capped = 0,
    hold = 0, fence = fence + 1 where key = any($1::bigint[])`,
};

/** $1 keys, $2 mark. */
export const holdTasks = {
  name: 'hold_tasks',
  text: 'update tasks set hold = $2::bigint where key = any($1::bigint[])',
};

/** $1 keys of waiting tasks that are answered. */
export const wakeTasks = {
  name: 'wake_tasks',
  text: `update tasks set state = ${taskStates.ready}, reason = 'none', due_ms = null where key = any($1::bigint[])`,
};

const LOCKED = 'key, tenant, run, state, reason, fence, lane, capped, hold, due_ms, ended_ms';

export const lockTasks = {
  name: 'lock_tasks',
  text: `select ${LOCKED} from tasks where key = any($1::bigint[]) order by key for update`,
};

/**
 * All task rows of a flush in one order: $1 by key, $2 the open ones of runs that are swept, $3 and $4 (tenants) those that wait for events.
 * Runs before their runs are locked would miss tasks: send it behind lockRuns.
 */
export const lockTasksOf = {
  name: 'lock_tasks_of',
  text: `select ${LOCKED} from tasks where key = any(array(
      select unnest($1::bigint[])
      union select t.key from tasks t where t.run = any($2::bigint[]) and t.state < ${taskStates.succeeded}
      union select j.task from unnest($3::text[], $4::bigint[]) as i(subject, tenant)
        cross join lateral (select o.task from journal o where o.tenant = i.tenant and o.subject = i.subject and ${OPEN} offset 0) as j))
    order by key for update`,
};
