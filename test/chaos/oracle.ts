// The oracle: a program of its own that reads the database as it lies there and the ledger as it was kept, and says what is wrong.
// Shares no code with the store but the numbers of states. I1 acknowledged work exists once. I2 one end per task, and it is what was executed.
// I4 fences of attempts are all different. I5 sequences have no gap. I6 nothing is unfinished. I7 rows belong to the tenant of their task or run.
// I8 every end of a task reached the reader. I10 most of the work succeeded.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { formatId } from '../../src/contract/ids.ts';
import { runStates, taskStateName } from '../../src/contract/states.ts';
import { judgeFlows } from './flow-oracle.ts';
import type { LedgerRecord } from './ledger.ts';
import {
  groupBy,
  hex,
  judgeAcknowledged,
  judgeSequences,
  MAX_PROBLEMS,
  unsuccessful,
} from './oracle-judges.ts';
import type { Judge, OracleInput, OracleReport } from './oracle-judges.ts';
import { openRows } from './oracle-rows.ts';
import type { Rows, RunRow, TaskRow } from './oracle-rows.ts';

const GRAPH_NODES = ['a', 'b', 'c', 'm#0', 'm#1', 'm#2'];
const endTypes: Readonly<Record<number, string>> = {
  6: 'task.completed',
  7: 'task.failed',
  15: 'task.cancelled',
  16: 'task.skipped',
};
export function judge(
  rows: Rows,
  records: readonly LedgerRecord[],
  input: OracleInput,
): OracleReport {
  const problems: string[] = [];
  const say = (text: string): void => {
    if (problems.length < MAX_PROBLEMS) problems.push(text);
  };
  judgeAcknowledged(rows, records, { input, say });
  judgeTasks(rows, records, { input, say });
  judgeRuns(rows, say);
  const succeeded = rows.tasks.filter((task) => taskStateName(task.state) === 'succeeded').length;
  if (rows.tasks.length === 0 || succeeded < rows.tasks.length * 0.9)
    say(`I10: only ${succeeded} of ${rows.tasks.length} tasks succeeded`);
  for (const cap of rows.caps)
    if (cap.running !== 0) say(`cap ${cap.subject} still counts ${cap.running}`);
  const counts = {
    jobs: input.jobs,
    tasks: rows.tasks.length,
    runs: rows.runs.length,
    succeeded,
    begins: records.filter((record) => record.kind === 'begin').length,
    attempts: rows.attempts.length,
    events: rows.events.length,
  };
  return { problems, unsuccessful: unsuccessful(rows.tasks), counts };
}

function judgeTasks(rows: Rows, records: readonly LedgerRecord[], { input, say }: Judge): void {
  const zombies = new Set(
    input.isZombieProne === true ? records.map((record) => record.pid) : input.zombies,
  );
  const begins = new Map<string, { token: string; attempt: number }[]>();
  const endedAt = new Map<string, number>();
  for (const [at, record] of records.entries()) {
    if (record.kind === 'page') {
      for (const task of record.ended) {
        if (endedAt.has(task)) say(`I8: the end of ${task} was read twice`);
        endedAt.set(task, at);
      }
    }
    if (record.kind !== 'begin') continue;
    if (endedAt.has(record.task) && !zombies.has(record.pid))
      say(`I2: ${record.task} was settled and began again`);
    if (!zombies.has(record.pid))
      begins.set(record.task, [...(begins.get(record.task) ?? []), record]);
  }
  const attemptsOf = groupBy(rows.attempts, (attempt) => attempt.task);
  const endsOf = groupBy(
    rows.events.filter((event) => endTypes[event.type] !== undefined && event.task !== null),
    (event) => hex(event.task),
  );
  for (const task of rows.tasks) {
    const id = formatId('task', task.id);
    const state = taskStateName(task.state);
    const isEnded = task.state >= 6;
    if (!isEnded && input.isUnfinished !== true)
      say(`I6: ${id} is ${state} (${task.reason}, fence ${task.fence})`);
    const attempts = attemptsOf.get(task.key) ?? [];
    const fences = attempts.map((attempt) => attempt.fence);
    if (new Set(fences).size !== fences.length)
      say(`I4: ${id} has two attempts of one fence: ${fences.join()}`);
    if (fences.some((fence) => fence > task.fence))
      say(`I4: ${id} has fence ${task.fence} below that of an attempt: ${fences.join()}`);
    if (attempts.some((attempt) => attempt.tenant !== task.tenant))
      say(`I7: ${id} has an attempt of another tenant`);
    const begun = begins.get(id) ?? [];
    const explained = attempts.length + 1;
    if (begun.length > explained)
      say(
        `I2: ${id} began ${begun.length} times; its ${attempts.length} attempts explain ${explained}`,
      );
    const ends = endsOf.get(hex(task.id)) ?? [];
    if (state === 'cancelled' && task.reason === 'user')
      say(`${id} was cancelled, and nobody asked for it`);
    // What a run's end takes with it has no event of its own: the run's event tells it.
    const isTakenAlong = (state === 'cancelled' && task.reason === 'run') || state === 'skipped';
    if (isEnded && ends.length !== 1 && !isTakenAlong)
      say(`I2: ${id} is ${state} with ${ends.length} end events`);
    if (!isEnded && ends.length > 0) say(`I2: ${id} is ${state} and has an end event`);
    if (state === 'dead' && attempts.filter((attempt) => attempt.outcome === 'crash').length < 3)
      say(`${id} is dead without three crashes`);
    if (isEnded && !endedAt.has(id) && !isTakenAlong && input.isUnfinished !== true)
      say(`I8: the end of ${id} never reached the reader`);
    if (state === 'succeeded') judgeResult(task, { id, records, say });
    if (task.lease_until_ms !== null && isEnded) say(`${id} has ended and still has a lease`);
  }
}

/** The stored result is one that some execution really returned. */
function judgeResult(
  task: TaskRow,
  {
    id,
    records,
    say,
  }: { id: string; records: readonly LedgerRecord[]; say: (text: string) => void },
): void {
  const result = JSON.parse(task.result ?? 'null') as { token?: string; stepToken?: string } | null;
  const has = (kind: 'begin' | 'step', token: string | undefined): boolean =>
    records.some((record) => record.kind === kind && record.task === id && record.token === token);
  if (!has('begin', result?.token))
    say(`I2: ${id} has a result that no execution of it gave: ${task.result}`);
  if (!has('step', result?.stepToken))
    say(`I2: ${id} has a step result that no execution of it gave: ${task.result}`);
}

function judgeRuns(rows: Rows, say: (text: string) => void): void {
  const tasksOf = groupBy(
    rows.tasks.filter((task) => task.run !== null),
    (task) => task.run ?? 0,
  );
  for (const run of rows.runs)
    judgeRunEnd(run, { id: formatId('run', run.id), tasks: tasksOf.get(run.key) ?? [], say });
  judgeSequences(rows, say);
}

function judgeRunEnd(
  run: RunRow,
  { id, tasks, say }: { id: string; tasks: readonly TaskRow[]; say: (text: string) => void },
): void {
  if (run.state < runStates.completed)
    say(`I6: ${id} is not finished (state ${run.state}, version ${run.version}, ${run.progress})`);
  const nodes = tasks
    .map((task) => (task.item === null ? task.node : `${task.node}#${task.item}`))
    .toSorted(byText);
  if (new Set(nodes).size !== nodes.length) say(`${id} has a node twice: ${nodes.join()}`);
  if (run.state === runStates.completed && nodes.join() !== GRAPH_NODES.join())
    say(`${id} is complete with ${nodes.join()}`);
}

const byText = (a: string | null, b: string | null): number => ((a ?? '') < (b ?? '') ? -1 : 1);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const input = JSON.parse(process.argv[2] ?? '{}') as OracleInput;
  const records = JSON.parse(readFileSync(input.ledger, 'utf8')) as LedgerRecord[];
  const rows = await openRows(input);
  const report =
    input.flows === undefined
      ? judge(rows, records, input)
      : judgeFlows(rows, records, { ...input, flows: input.flows });
  process.stdout.write(JSON.stringify(report));
}
