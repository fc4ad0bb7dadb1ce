// Ends of run tasks in one statement that commits by itself: tasks, attempts, journals, runs, events, new tasks.
// I1: locks are taken as everywhere (locked-rows.ts), runs by key and then tasks by key: each sort reads all its input, and with it takes all locks
// below it, before the next kind is locked. I2: a chain (the units of one run) is written whole or not at all.

import type { NewEvent, RunKey, TaskKey } from '../../contract/index.ts';
import { columnSet, columnsOf, int, namesOf } from './column-set.ts';
import { eventList, taskList } from './sql-insert.ts';
import type { TaskRow } from './sql-insert.ts';
import {
  changeList,
  FOLLOWED,
  IS_LEASED,
  READY_LANES,
  RETURNED,
  runChangeList,
  SET_RUN,
  SET_TASK,
} from './sql-settle.ts';
import type { ChangeRow, RunRowChange } from './sql-settle.ts';

/** What must be true of a unit's task, and of the run before the first unit of its chain. */
export interface EndGuard {
  key: TaskKey;
  fence: number;
  run: RunKey;
  version: number;
  token: number;
  /** Units in the chain. */
  links: number;
  /** Its journal travels with it, and must have no row yet. */
  firstSteps: boolean;
}

export interface RunEndRows {
  guards: readonly EndGuard[];
  changes: readonly (ChangeRow & { run: RunKey })[];
  runs: readonly RunRowChange[];
  events: readonly { event: NewEvent; run: RunKey }[];
  tasks: readonly TaskRow[];
}

const guards = columnSet<EndGuard>([
  int('key', (row) => row.key),
  int('fence', (row) => row.fence),
  int('run', (row) => row.run),
  int('version', (row) => row.version),
  int('token', (row) => row.token),
  int('links', (row) => row.links),
  int('first_steps', (row) => (row.firstSteps ? 1 : 0)),
]);
const changes = columnSet<RunEndRows['changes'][number]>(
  [...changeList, int('run', ({ run }) => run)],
  guards.next,
);
const runs = columnSet(runChangeList, changes.next);
const events = columnSet<RunEndRows['events'][number]>(
  [
    int('run_key', ({ run }) => run),
    ...columnsOf(eventList, ({ event }: { event: NewEvent }) => event),
  ],
  runs.next,
);
const eventNames = namesOf(eventList);
const tasks = columnSet(taskList, events.next);

/** Hashed once, where a join of two lists would compare each with each. "is true" keeps the planner from making it that join. */
const fits = (run: string): string => `(${run} in (select run from fit)) is true`;

/**
 * "+ 0": in the order of keys, but not by reading all rows in the order of an index. Answers the runs whose chain was written, the keys of their new
 * tasks in the order of the input, and lanes that became ready.
 */
export const settleRunEnds = {
  name: 'settle_run_ends',
  text: `with locked_runs as materialized (
      select i.key, i.fence, i.run, i.links, i.first_steps from ${guards.rows} as i join runs r on r.key = i.run
      where r.version = i.version and r.token = i.token
      order by r.key + 0 for update of r),
    locked_tasks as materialized (
      select l.run, l.links from locked_runs l join tasks t on t.key = l.key
      where t.fence = l.fence and ${IS_LEASED} and t.capped = 0 and t.hold = 0 and (l.first_steps = 0 or t.journal_steps = 0)
      order by t.key + 0 for update of t),
    fit as materialized (select run from locked_tasks group by run, links having count(*) = links),
    changed as (
      update tasks t set ${SET_TASK} from ${changes.rows} as i where t.key = i.key and ${fits('i.run')}
      returning ${RETURNED}),
    r as (update runs r set ${SET_RUN} from ${runs.rows} as i where r.key = i.key and ${fits('i.key')}),
    e as (insert into events (${eventNames}) select ${eventNames} from ${events.rows} as i where ${fits('i.run_key')}),
    ${FOLLOWED},
    added as (
      insert into tasks (${tasks.names}) select ${tasks.names} from ${tasks.rows} as i where ${fits('i.run')}
      returning key)
    select (select array_agg(run) from fit)::text as runs, (select array_agg(key) from added)::text as keys, ${READY_LANES} as lanes
    from changed`,
  encode: (rows: RunEndRows) => [
    ...guards.encode(rows.guards),
    ...changes.encode(rows.changes),
    ...runs.encode(rows.runs),
    ...events.encode(rows.events),
    ...tasks.encode(rows.tasks),
  ],
};
