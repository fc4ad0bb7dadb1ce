/** Reading runs: rows of `runs`, and tasks without a run row, which are runs of one node. */
import {
  formatId,
  hiveError,
  idBytes,
  parseId,
  runLabels,
  runStateName,
  taskStateName,
  taskStates,
} from '../contract/index.ts';
import type {
  Graph,
  Json,
  RunState,
  RunSummary,
  RunView,
  TaskCounts,
  TaskState,
} from '../contract/index.ts';
import { nodeViews } from './node-views.ts';
import type { OperationContext } from './operation.ts';
import { selectRows } from './select-rows.ts';
import { storedError, storedJson } from './stored-json.ts';
import { addToCounts, noTasks, taskQuery, toTaskSummary } from './task-reads.ts';
import type { TaskRow } from './task-reads.ts';

/** What people look at; the counts have the true numbers. */
const MAX_ACTIVE = 50;
const MAX_FAILURES = 20;

export interface RunSummaryRow {
  key: number;
  id: Uint8Array;
  workflow: string;
  title: string;
  state: number;
  created_ms: number;
  started_ms: number | null;
  ended_ms: number | null;
}

export function runQuery({ hive, principal }: OperationContext) {
  return hive.sql
    .selectFrom('runs')
    .where('runs.tenant', '=', principal.tenant)
    .select(['key', 'id', 'workflow', 'title', 'state', 'created_ms', 'started_ms', 'ended_ms']);
}

export function toRunSummary(row: RunSummaryRow): RunSummary {
  const state = runStateName(row.state);
  return {
    id: formatId('run', row.id),
    workflow: row.workflow,
    title: row.title,
    state,
    label: runLabels[state],
    isSingleTask: false,
    createdMs: row.created_ms,
    startedMs: row.started_ms,
    endedMs: row.ended_ms,
  };
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
    label: runLabels[state],
    isSingleTask: true,
    createdMs: row.created_ms,
    startedMs: row.started_ms,
    endedMs: row.ended_ms,
  };
}

/** Where a public run id leads. Throws ID_INVALID, NOT_FOUND. */
export type RunTarget = { kind: 'graph'; key: number } | { kind: 'single'; key: number };

export async function locateRun(context: OperationContext, id: string): Promise<RunTarget> {
  const bytes = idBytes('run', id);
  const { sql } = context.hive;
  const { tenant } = context.principal;
  const run = sql.selectFrom('runs').where('tenant', '=', tenant).where('id', '=', bytes);
  const [found] = await selectRows(context, run.select('key'));
  if (found !== undefined) return { kind: 'graph', key: found.key };
  const single = sql
    .selectFrom('tasks')
    .where('tenant', '=', tenant)
    .where('id', '=', bytes)
    .where('run', 'is', null);
  const [task] = await selectRows(context, single.select('key'));
  if (task !== undefined) return { kind: 'single', key: task.key };
  throw hiveError('NOT_FOUND', { message: `there is no run ${id}` });
}

/** The whole view of a run. */
export async function readRun(context: OperationContext, target: RunTarget): Promise<RunView> {
  return target.kind === 'graph'
    ? readGraphRun(context, target.key)
    : readSingleRun(context, target.key);
}

async function readGraphRun(context: OperationContext, key: number): Promise<RunView> {
  const query = runQuery(context)
    .where('runs.key', '=', key)
    .select(['version', 'graph', 'input', 'output', 'error']);
  const [row] = await selectRows(context, query);
  if (row === undefined) throw hiveError('NOT_FOUND');
  const perNode = await countsPerNode(context, key);
  const [active, failures] = await Promise.all([
    readTasks(context, { key, states: ['leased'], limit: MAX_ACTIVE }),
    readTasks(context, { key, states: ['failed', 'dead'], limit: MAX_FAILURES }),
  ]);
  const summary = toRunSummary(row);
  // Checked when the run was started; a pinned graph never changes.
  const graph = storedJson(row.graph) as unknown as Graph;
  return {
    ...summary,
    version: row.version,
    counts: perNode.all,
    nodes: nodeViews({ graph, runState: summary.state, counts: perNode.nodes }),
    active,
    failures,
    input: storedJson(row.input),
    output: await outputOf(context, summary, row.output),
    error: storedError(row.error),
  };
}

/** The row carries the output when the last task to end was the output's; else its task's row has it. */
async function outputOf(
  { hive }: OperationContext,
  { id, state }: RunSummary,
  stored: string | null,
): Promise<Json> {
  if (stored !== null || state !== 'completed') return storedJson(stored);
  return hive.runOutput(parseId('run', id));
}

async function countsPerNode(
  context: OperationContext,
  runKey: number,
): Promise<{ all: TaskCounts; nodes: Map<string, TaskCounts> }> {
  const query = context.hive.sql
    .selectFrom('tasks')
    .where('tenant', '=', context.principal.tenant)
    .where('run', '=', runKey)
    .groupBy(['node', 'state'])
    .select(({ fn }) => ['node', 'state', fn.countAll().as('count')]);
  let all = noTasks;
  const nodes = new Map<string, TaskCounts>();
  for (const { node, state, count } of await selectRows(context, query)) {
    all = addToCounts(all, state, Number(count));
    const name = node ?? '';
    nodes.set(name, addToCounts(nodes.get(name) ?? noTasks, state, Number(count)));
  }
  return { all, nodes };
}

async function readTasks(
  context: OperationContext,
  { key, states, limit }: { key: number; states: readonly TaskState[]; limit: number },
) {
  const query = taskQuery(context)
    .where('tasks.run', '=', key)
    .where(
      'tasks.state',
      'in',
      states.map((state) => taskStates[state]),
    )
    .orderBy('tasks.key')
    .limit(limit);
  const nowMs = context.clock.now();
  return (await selectRows(context, query)).map((row) => toTaskSummary(row, nowMs));
}

async function readSingleRun(context: OperationContext, key: number): Promise<RunView> {
  const query = taskQuery(context)
    .where('tasks.key', '=', key)
    .select(['tasks.input as input', 'tasks.result as result', 'tasks.fence as fence']);
  const [row] = await selectRows(context, query);
  if (row === undefined) throw hiveError('NOT_FOUND');
  const summary = singleRunSummary(row);
  const task = toTaskSummary(row, context.clock.now());
  const counts = addToCounts(noTasks, row.state, 1);
  const graph: Graph = { name: 'task', version: '1', nodes: [] };
  return {
    ...summary,
    version: row.fence,
    counts,
    nodes: nodeViews({ graph, runState: summary.state, counts: new Map() }),
    active: summary.state === 'running' ? [task] : [],
    failures: summary.state === 'failed' ? [task] : [],
    input: storedJson(row.input),
    output: storedJson(row.result),
    error: task.error,
  };
}
