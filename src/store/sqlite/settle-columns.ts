// The usual step of a run (a task ends, the run's state changes, the next tasks begin) as columns for the way to the writer thread (see wire.ts for why):
// as objects such a unit costs 13 us to copy there and back, in columns a third of it.
// I1: decoding gives back what was encoded, but for event data, which stay JSON text. I2: the rows of all units lie one after the other in `steps`, `tasks` and
// `events`; `…From` says where those of a unit begin, and the next unit's entry is where they stop.

import type {
  JournalStep,
  NewTask,
  RunChange,
  RunId,
  SettleUnit,
  SettleVerdict,
  TaskChange,
  TaskId,
} from '../../contract/index.ts';
import type { PlainEvent } from './enqueue.ts';
import { addStep, emptySteps, stepsBetween } from './step-columns.ts';
import type { StepColumns } from './step-columns.ts';
import { addTask, emptyTasks, taskAt } from './task-columns.ts';
import type { TaskColumns } from './task-columns.ts';

/** A settle unit whose events may have their data as text. */
export type PlainSettle = Omit<SettleUnit, 'events'> & { events: readonly PlainEvent[] };

interface EventColumns {
  type: PlainEvent['type'][];
  tenant: number[];
  atMs: number[];
  run: (RunId | null)[];
  task: (TaskId | null)[];
  seq: (number | null)[];
  /** JSON text. */
  data: string[];
}

export interface SettleColumns {
  key: number[];
  id: TaskId[];
  fence: number[];
  to: TaskChange['to'][];
  reason: TaskChange['reason'][];
  result: (string | null)[];
  agent: (string | null)[];
  startedMs: (number | null)[];
  endedMs: (number | null)[];
  runKey: number[];
  runId: RunId[];
  expectVersion: number[];
  expectToken: number[];
  token: number[];
  runState: RunChange['state'][];
  progress: string[];
  seq: number[];
  output: (string | null)[];
  runStartedMs: (number | null)[];
  runEndedMs: (number | null)[];
  stepFrom: number[];
  steps: StepColumns;
  taskFrom: number[];
  tasks: TaskColumns;
  eventFrom: number[];
  events: EventColumns;
}

export const emptySettles = (): SettleColumns => ({
  key: [],
  id: [],
  fence: [],
  to: [],
  reason: [],
  result: [],
  agent: [],
  startedMs: [],
  endedMs: [],
  runKey: [],
  runId: [],
  expectVersion: [],
  expectToken: [],
  token: [],
  runState: [],
  progress: [],
  seq: [],
  output: [],
  runStartedMs: [],
  runEndedMs: [],
  stepFrom: [],
  steps: emptySteps(),
  taskFrom: [],
  tasks: emptyTasks(),
  eventFrom: [],
  events: { type: [], tenant: [], atMs: [], run: [], task: [], seq: [], data: [] },
});

const unitFields = new Set(['flushLane', 'change', 'run', 'insert', 'events', 'lockRun']);
const changeFields = new Set([
  'key',
  'id',
  'guard',
  'to',
  'reason',
  'result',
  'agent',
  'startedMs',
  'endedMs',
  'journal',
]);

const hasOnly = (value: object, fields: ReadonlySet<string>): boolean => {
  for (const name in value)
    if (!fields.has(name) && value[name as keyof typeof value] !== undefined) return false;
  return true;
};

/** A unit that ends a task under its fence, changes its run, and has nothing that these columns do not hold. */
export function isPlainSettle(unit: SettleUnit): boolean {
  const { change, run } = unit;
  return (
    change !== undefined &&
    run !== undefined &&
    'fence' in change.guard &&
    run.error === undefined &&
    hasOnly(unit, unitFields) &&
    hasOnly(change, changeFields)
  );
}

export function addSettle(columns: SettleColumns, unit: SettleUnit): void {
  const { change, run } = unit;
  if (change === undefined || run === undefined || !('fence' in change.guard)) return;
  columns.key.push(change.key);
  columns.id.push(change.id);
  columns.fence.push(change.guard.fence);
  columns.to.push(change.to);
  columns.reason.push(change.reason);
  columns.result.push(change.result ?? null);
  columns.agent.push(change.agent ?? null);
  columns.startedMs.push(change.startedMs ?? null);
  columns.endedMs.push(change.endedMs ?? null);
  columns.runKey.push(run.key);
  columns.runId.push(run.id);
  columns.expectVersion.push(run.expectVersion);
  columns.expectToken.push(run.expectToken);
  columns.token.push(run.token);
  columns.runState.push(run.state);
  columns.progress.push(run.progress);
  columns.seq.push(run.seq);
  columns.output.push(run.output ?? null);
  columns.runStartedMs.push(run.startedMs ?? null);
  columns.runEndedMs.push(run.endedMs ?? null);
  columns.stepFrom.push(columns.steps.name.length);
  for (const step of change.journal ?? []) addStep(columns.steps, step);
  columns.taskFrom.push(columns.tasks.id.length);
  for (const task of unit.insert ?? []) addTask(columns.tasks, task);
  columns.eventFrom.push(columns.events.type.length);
  for (const event of unit.events) {
    columns.events.type.push(event.type);
    columns.events.tenant.push(event.tenant);
    columns.events.atMs.push(event.atMs);
    columns.events.run.push(event.run ?? null);
    columns.events.task.push(event.task ?? null);
    columns.events.seq.push(event.seq ?? null);
    columns.events.data.push(JSON.stringify(event.data));
  }
}

/** Columns of required fields have an entry per unit by construction (addSettle). */
const cell = <T>(column: readonly T[], at: number): T => column[at] as T;

export function settleAt(columns: SettleColumns, at: number): PlainSettle {
  const { tasks, events } = columns;
  const journal: JournalStep[] | null = stepsBetween(
    columns.steps,
    columns.stepFrom[at],
    columns.stepFrom[at + 1],
  );
  const insert: NewTask[] = [];
  const untilTask = columns.taskFrom[at + 1] ?? tasks.id.length;
  for (let i = cell(columns.taskFrom, at); i < untilTask; i++) insert.push(taskAt(tasks, i));
  const own: PlainEvent[] = [];
  const untilEvent = columns.eventFrom[at + 1] ?? events.type.length;
  for (let i = cell(columns.eventFrom, at); i < untilEvent; i++) own.push(eventAt(events, i));
  const result = cell(columns.result, at);
  const agent = cell(columns.agent, at);
  const endedMs = cell(columns.endedMs, at);
  const output = cell(columns.output, at);
  const runStartedMs = cell(columns.runStartedMs, at);
  const runEndedMs = cell(columns.runEndedMs, at);
  return {
    flushLane: 0, // the writer has one lane
    change: {
      key: cell(columns.key, at),
      id: cell(columns.id, at),
      guard: { fence: cell(columns.fence, at) },
      to: cell(columns.to, at),
      reason: cell(columns.reason, at),
      startedMs: cell(columns.startedMs, at),
      ...(result === null ? {} : { result }),
      ...(agent === null ? {} : { agent }),
      ...(endedMs === null ? {} : { endedMs }),
      ...(journal === null ? {} : { journal }),
    },
    run: {
      key: cell(columns.runKey, at),
      id: cell(columns.runId, at),
      expectVersion: cell(columns.expectVersion, at),
      expectToken: cell(columns.expectToken, at),
      token: cell(columns.token, at),
      state: cell(columns.runState, at),
      progress: cell(columns.progress, at),
      seq: cell(columns.seq, at),
      ...(output === null ? {} : { output }),
      ...(runStartedMs === null ? {} : { startedMs: runStartedMs }),
      ...(runEndedMs === null ? {} : { endedMs: runEndedMs }),
    },
    insert,
    events: own,
  };
}

function eventAt(events: EventColumns, at: number): PlainEvent {
  const run = events.run[at];
  const task = events.task[at];
  const seq = events.seq[at];
  return {
    type: cell(events.type, at),
    tenant: cell(events.tenant, at),
    atMs: cell(events.atMs, at),
    data: cell(events.data, at),
    ...(typeof run === 'string' ? { run } : {}),
    ...(typeof task === 'string' ? { task } : {}),
    ...(typeof seq === 'number' ? { seq } : {}),
  };
}

/** Only the key crosses back for the usual verdicts: that of the one new task, or 0 when there is none. */
export function settledBriefly(verdict: SettleVerdict): number | SettleVerdict {
  if (verdict.status !== 'ok' || verdict.unleased !== undefined || verdict.taskKeys.length > 1)
    return verdict;
  return verdict.taskKeys[0] ?? 0;
}

export function settleVerdict(brief: number | SettleVerdict): SettleVerdict {
  if (typeof brief !== 'number') return brief;
  return { status: 'ok', taskKeys: brief === 0 ? [] : [brief] };
}
