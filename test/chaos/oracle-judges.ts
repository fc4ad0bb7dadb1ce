// What every oracle judges, whatever the work was: what was acknowledged, sequences of events, tenants; and the words of its question and answer.

import { formatId } from '../../src/contract/ids.ts';
import { taskStateName } from '../../src/contract/states.ts';
import type { FlowKind } from './flow-plan.ts';
import type { LedgerRecord } from './ledger.ts';
import type { Rows, TaskRow } from './oracle-rows.ts';

export interface OracleInput {
  sqlite?: string;
  postgresUrl?: string;
  ledger: string;
  jobs: number;
  /** Processes that were stopped and went on: what they began as zombies is not counted, their writes still are. */
  zombies?: number[];
  /** Every process may have been cut off for longer than a lease (the store itself was away): what began late as a zombie is not counted. */
  isZombieProne?: boolean;
  /** The jobs are workflows of this seed and kind. */
  flows?: { seed: number; kind: FlowKind };
  /** Not finished is no fault (a store that was left in the middle). */
  isUnfinished?: boolean;
}

export interface OracleReport {
  problems: string[];
  /** What did not succeed: how many by state, reason and error code. */
  unsuccessful: Record<string, number>;
  counts: {
    jobs: number;
    tasks: number;
    runs: number;
    succeeded: number;
    begins: number;
    attempts: number;
    events: number;
  };
}

/** More lines than this help nobody. */
export const MAX_PROBLEMS = 40;

/** What did not succeed: how many by state, reason and error code. */
export function unsuccessful(tasks: readonly TaskRow[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const task of tasks) {
    const state = taskStateName(task.state);
    if (state === 'succeeded') continue;
    const error = JSON.parse(task.error ?? 'null') as { code?: string } | null;
    const what = `${state}/${task.reason}/${error?.code ?? '-'}`;
    found[what] = (found[what] ?? 0) + 1;
  }
  return found;
}

export interface Judge {
  input: OracleInput;
  say: (text: string) => void;
}

/** I1: what was acknowledged is there once. */
export function judgeAcknowledged(
  rows: Rows,
  records: readonly LedgerRecord[],
  { input, say }: Judge,
): void {
  const byKey = new Map<string, string[]>();
  const note = (idem: string | null, id: string): void => {
    if (idem !== null) byKey.set(idem, [...(byKey.get(idem) ?? []), id]);
  };
  for (const task of rows.tasks) note(task.idem, formatId('task', task.id));
  for (const run of rows.runs) note(run.idem, formatId('run', run.id));
  const acked = new Map<number, string>();
  for (const record of records) {
    if (record.kind !== 'acked') continue;
    const before = acked.get(record.job);
    if (before !== undefined && before !== record.id)
      say(`I1: job ${record.job} was acknowledged as ${before} and as ${record.id}`);
    acked.set(record.job, record.id);
  }
  for (const [job, id] of acked) {
    const found = byKey.get(`job-${job}`) ?? [];
    if (found.length !== 1 || found[0] !== id)
      say(
        `I1: job ${job} was acknowledged as ${id}; the store has ${found.join(', ') || 'nothing'}`,
      );
  }
  if (input.isUnfinished !== true && acked.size !== input.jobs)
    say(`I1: ${acked.size} of ${input.jobs} jobs were acknowledged`);
}

/** I5 and I7 of every run: its events are numbered without a gap, and all of it is of one tenant. */
export function judgeSequences(rows: Rows, say: (text: string) => void): void {
  const tasksOf = groupBy(
    rows.tasks.filter((task) => task.run !== null),
    (task) => task.run ?? 0,
  );
  const eventsOf = groupBy(
    rows.events.filter((event) => event.run !== null && event.seq !== null),
    (event) => hex(event.run),
  );
  for (const run of rows.runs) {
    const id = formatId('run', run.id);
    const tasks = tasksOf.get(run.key) ?? [];
    if (tasks.some((task) => task.tenant !== run.tenant))
      say(`I7: ${id} has a task of another tenant`);
    const events = (eventsOf.get(hex(run.id)) ?? []).toSorted(
      (a, b) => (a.seq ?? 0) - (b.seq ?? 0),
    );
    const seqs = events.map((event) => event.seq);
    if (seqs.length !== run.seq || seqs.some((seq, i) => seq !== i + 1))
      say(`I5: ${id} has seq ${run.seq} and events ${seqs.join()}`);
    if (events.some((event) => event.tenant !== run.tenant))
      say(`I7: ${id} has an event of another tenant`);
  }
}

export const hex = (bytes: Uint8Array | null): string =>
  bytes === null ? '' : Buffer.from(bytes).toString('hex');

export function groupBy<Row, Key>(rows: readonly Row[], keyOf: (row: Row) => Key): Map<Key, Row[]> {
  const groups = new Map<Key, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}
