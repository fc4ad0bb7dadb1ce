// New runs in one statement that commits by itself: run rows, what they pin, their first tasks, events, audit.
// I1: an id or idempotency key that exists fails the statement: nothing of it is written, and whoever sent it looks at what exists.

import type { NewAudit, NewEvent, NewRun } from '../../contract/index.ts';
import { columnSet, columnsOf, int, namesOf } from './column-set.ts';
import { auditList, eventList, pinList, runList, taskList } from './sql-insert.ts';
import type { RunInsert, TaskRow } from './sql-insert.ts';

export interface RunStartRows {
  runs: readonly RunInsert[];
  /** `at`: place of its run, from 1. */
  tasks: readonly { row: TaskRow; at: number }[];
  events: readonly NewEvent[];
  audits: readonly NewAudit[];
}

const ofRun = ({ run }: { run: NewRun }): NewRun => run;
const ofRow = ({ row }: { row: TaskRow }): TaskRow => row;
const taskColumns = taskList.filter(({ name }) => name !== 'run');

const runs = columnSet(runList);
const pins = columnSet<{ run: NewRun; at: number }>(
  [int('at', ({ at }) => at), ...columnsOf(pinList, ofRun)],
  runs.next,
);
const tasks = columnSet<RunStartRows['tasks'][number]>(
  [...columnsOf(taskColumns, ofRow), int('at', ({ at }) => at)],
  pins.next,
);
const events = columnSet(eventList, tasks.next);
const audits = columnSet(auditList, events.next);
const taskNames = namesOf(taskColumns);
const pinNames = namesOf(pinList);

/** Keys in the order of the rows, so the place of a run in the list leads to its key. */
const KEY_OF_RUN = '((select keys from made)[i.at])';

/** Answers the keys of runs and tasks, in the order of the input. */
export const insertRunStarts = {
  name: 'insert_run_starts',
  text: `with added as (insert into runs (${runs.names}) select ${runs.names} from ${runs.rows} as i returning key),
    made as materialized (select array_agg(key) as keys from added),
    p as (insert into run_pins (run, ${pinNames}) select ${KEY_OF_RUN}, ${pinNames} from ${pins.rows} as i),
    t as (insert into tasks (run, ${taskNames}) select ${KEY_OF_RUN}, ${taskNames} from ${tasks.rows} as i returning key),
    e as (insert into events (${events.names}) select ${events.names} from ${events.rows} as i),
    a as (insert into audit (${audits.names}) select ${audits.names} from ${audits.rows} as i)
    select (select keys from made)::text as runs, (select array_agg(key) from t)::text as tasks`,
  encode: (rows: RunStartRows) => [
    ...runs.encode(rows.runs),
    ...pins.encode(rows.runs.map(({ run }, i) => ({ run, at: i + 1 }))),
    ...tasks.encode(rows.tasks),
    ...events.encode(rows.events),
    ...audits.encode(rows.audits),
  ],
};
