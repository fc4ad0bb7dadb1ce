/** Runs as summaries: rows of `runs`, and tasks without a run row, which are runs of one node. */
import {
  formatId,
  isRunTerminal,
  isTerminal,
  runLabel,
  runStateName,
  taskReasons,
  taskStateName,
  taskStates,
} from '../contract/index.ts';
import type { RunState, RunSummary, TaskReason, TaskState } from '../contract/index.ts';
import type { OperationContext } from './operation.ts';
import { selectRows } from './select-rows.ts';
import { recordOf, storedJson } from './stored-json.ts';
import type { TaskRow } from './task-reads.ts';

export interface RunSummaryRow {
  key: number;
  id: Uint8Array;
  workflow: string;
  title: string;
  state: number;
  created_ms: number;
  started_ms: number | null;
  ended_ms: number | null;
  deadline_ms: number | null;
  origin: string | null;
  parent_task: Uint8Array | null;
  parent_run: Uint8Array | null;
  root_run: Uint8Array | null;
}

/** The columns of a summary, in one place, so that lists never read payloads. */
export function runQuery({ hive, principal }: OperationContext) {
  return hive.sql
    .selectFrom('runs')
    .leftJoin('tasks as parents', 'parents.key', 'runs.parent_task')
    .leftJoin('runs as above', 'above.key', 'parents.run')
    .leftJoin('runs as roots', 'roots.key', 'runs.root')
    .where('runs.tenant', '=', principal.tenant)
    .select([
      'runs.key as key',
      'runs.id as id',
      'runs.workflow as workflow',
      'runs.title as title',
      'runs.state as state',
      'runs.created_ms as created_ms',
      'runs.started_ms as started_ms',
      'runs.ended_ms as ended_ms',
      'runs.deadline_ms as deadline_ms',
      'runs.origin as origin',
      'parents.id as parent_task',
      'above.id as parent_run',
      'roots.id as root_run',
    ]);
}

/** What only the tasks of a run can tell about its label. */
export interface RunStanding {
  isCompensating?: boolean;
  hasWarnings?: boolean;
  waitsFor?: readonly (TaskReason | 'uncertain')[];
}

export function toRunSummary(row: RunSummaryRow, standing: RunStanding = {}): RunSummary {
  const state = runStateName(row.state);
  return {
    id: formatId('run', row.id),
    workflow: row.workflow,
    title: row.title,
    state,
    label: runLabel({ state, ...standing }),
    isSingleTask: false,
    createdMs: row.created_ms,
    startedMs: row.started_ms,
    endedMs: row.ended_ms,
    deadlineMs: row.deadline_ms,
    parent: parentOf(row),
    origin: originOf(row.origin),
  };
}

function parentOf({ parent_task, parent_run, root_run }: RunSummaryRow): RunSummary['parent'] {
  if (parent_task === null) return null;
  return {
    taskId: formatId('task', parent_task),
    // A single task is its own run: the same bytes.
    runId: formatId('run', parent_run ?? parent_task),
    rootId: root_run === null ? null : formatId('run', root_run),
  };
}

function originOf(text: string | null): RunSummary['origin'] {
  const { kind, run, from } = recordOf(storedJson(text));
  if (typeof kind !== 'string' || typeof run !== 'string') return null;
  const place = from === undefined || from === null ? null : fromWords(from);
  return { kind, runId: run, from: place };
}

/** `review#2:draft`, as the option --from takes it. */
function fromWords(from: unknown): string | null {
  if (typeof from === 'string') return from;
  const { node, item, step } = recordOf(from);
  const text = `${typeof node === 'string' ? node : ''}${typeof item === 'number' ? `#${item}` : ''}${typeof step === 'string' ? `:${step}` : ''}`;
  return text === '' ? null : text;
}

/** The state of a run of one node. */
export function singleRunState(state: TaskState): RunState {
  switch (state) {
    case 'blocked':
    case 'ready':
    case 'waiting':
      return 'pending';
    case 'leased':
      return 'running';
    case 'paused':
    case 'uncertain':
      return 'paused';
    case 'succeeded':
      return 'completed';
    case 'failed':
    case 'dead':
      return 'failed';
    case 'cancelled':
    case 'skipped':
      return 'cancelled';
    default:
      return state satisfies never;
  }
}

export function singleRunSummary(row: TaskRow): RunSummary {
  const state = singleRunState(taskStateName(row.state));
  return {
    id: formatId('run', row.id),
    workflow: 'task',
    title: row.name,
    state,
    label: runLabel({ state }),
    isSingleTask: true,
    createdMs: row.created_ms,
    startedMs: row.started_ms,
    endedMs: row.ended_ms,
    deadlineMs: null,
    parent: null,
    origin: null,
  };
}

const openStates = (Object.keys(taskStates) as TaskState[])
  .filter((state) => !isTerminal(state))
  .map((state) => taskStates[state]);

/** Why the open runs among these rows do not go on, by run key. A run with work that is ready or running is left out. */
export async function waitingRuns(
  context: OperationContext,
  rows: readonly RunSummaryRow[],
): Promise<Map<number, (TaskReason | 'uncertain')[]>> {
  const open = rows.filter(({ state }) => !isRunTerminal(runStateName(state)));
  if (open.length === 0) return new Map();
  const query = context.hive.sql
    .selectFrom('tasks')
    .where('tenant', '=', context.principal.tenant)
    .where(
      'run',
      'in',
      open.map(({ key }) => key),
    )
    .where('state', 'in', openStates)
    .groupBy(['run', 'state', 'reason'])
    .select(['run', 'state', 'reason']);
  const byRun = new Map<number, { state: TaskState; reason: string }[]>();
  for (const { run, state, reason } of await selectRows(context, query)) {
    const key = run ?? 0;
    byRun.set(key, [...(byRun.get(key) ?? []), { state: taskStateName(state), reason }]);
  }
  return new Map([...byRun].map(([key, tasks]) => [key, waitReasons(tasks)]));
}

/** Reasons in no order; empty when something can be worked on now. */
export function waitReasons(
  tasks: readonly { state: TaskState; reason: string }[],
): (TaskReason | 'uncertain')[] {
  if (tasks.some(({ state }) => state === 'ready' || state === 'leased')) return [];
  return tasks.flatMap(({ state, reason }) => {
    if (state === 'uncertain') return ['uncertain' as const];
    const known = taskReasons.find((each) => each === reason);
    return state === 'waiting' && known !== undefined ? [known] : [];
  });
}
