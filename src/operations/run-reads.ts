/** Reading one run whole: a row of `runs` with its tasks, or a task without a run row, which is a run of one node. */
import {
  hiveError,
  idBytes,
  isRunTerminal,
  parseId,
  runStateName,
  taskStates,
} from '../contract/index.ts';
import type { Graph, Json, RunSummary, RunView, TaskCounts, TaskState } from '../contract/index.ts';
import { approvalQuery, toApprovalView } from './approval-reads.ts';
import { nodeViews } from './node-views.ts';
import { readOpenWaits } from './open-waits.ts';
import type { OperationContext } from './operation.ts';
import { runQuery, singleRunSummary, toRunSummary, waitingRuns } from './run-summaries.ts';
import { selectRows } from './select-rows.ts';
import { storedError, storedJson } from './stored-json.ts';
import { addToCounts, noTasks, taskQuery, toTaskSummary } from './task-reads.ts';

/** What people look at; the counts have the true numbers. */
const MAX_ACTIVE = 50;
const MAX_FAILURES = 20;
const MAX_WAITING = 20;
const MAX_APPROVALS = 20;
const MAX_CHILDREN = 50;

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

/** The graph that a run pinned at its start, as it is stored; null for a single task. */
export async function readPinnedGraph(
  context: OperationContext,
  { kind, key }: RunTarget,
): Promise<Json> {
  if (kind === 'single') return null;
  const query = context.hive.sql
    .selectFrom('run_pins')
    .where('tenant', '=', context.principal.tenant)
    .where('run', '=', key)
    .select('graph');
  const [row] = await selectRows(context, query);
  return storedJson(row?.graph ?? null);
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
    .innerJoin('run_pins', 'run_pins.run', 'runs.key')
    .select([
      'runs.version as version',
      'run_pins.graph as graph',
      'run_pins.input as input',
      'runs.output as output',
      'runs.error as error',
    ]);
  const [row] = await selectRows(context, query);
  if (row === undefined) throw hiveError('NOT_FOUND');
  const isOver = isRunTerminal(runStateName(row.state));
  const perNode = await countsPerNode(context, key);
  const [active, failures, waiting, approvals, children, standing] = await Promise.all([
    readTasks(context, { key, states: ['leased'], limit: MAX_ACTIVE }),
    readTasks(context, { key, states: ['failed', 'dead'], limit: MAX_FAILURES }),
    isOver ? [] : readWaiting(context, key),
    isOver ? [] : readApprovals(context, key),
    readChildren(context, key),
    waitingRuns(context, [row]),
  ]);
  // Checked when the run was started; a pinned graph never changes.
  const graph = storedJson(row.graph) as unknown as Graph;
  const summary = toRunSummary(row, {
    isCompensating: !isOver && isCompensating(graph, perNode.nodes),
    hasWarnings: perNode.all.failed > 0,
    waitsFor: standing.get(key) ?? [],
  });
  return {
    ...summary,
    version: row.version,
    counts: perNode.all,
    nodes: nodeViews({ graph, runState: summary.state, counts: perNode.nodes }),
    active: active.map(({ summary: task }) => task),
    failures: failures.map(({ summary: task }) => task),
    waiting,
    approvals,
    children,
    input: storedJson(row.input),
    output: await outputOf(context, summary, row.output),
    error: storedError(row.error),
  };
}

/** Tasks of compensate nodes exist from the moment that a run begins to undo. */
function isCompensating(graph: Graph, counts: ReadonlyMap<string, TaskCounts>): boolean {
  return graph.nodes.some(({ kind, id }) => kind === 'compensate' && counts.has(id));
}

/** Open tasks that no agent holds back: they wait, or a person must decide. */
async function readWaiting(context: OperationContext, key: number): Promise<RunView['waiting']> {
  const tasks = await readTasks(context, {
    key,
    states: ['waiting', 'uncertain', 'paused'],
    limit: MAX_WAITING,
  });
  const waits = await readOpenWaits(
    context,
    tasks.map((task) => task.key),
  );
  return tasks.map(({ key: task, summary }) => ({ task: summary, waits: waits.get(task) ?? [] }));
}

async function readApprovals(
  context: OperationContext,
  key: number,
): Promise<RunView['approvals']> {
  const query = approvalQuery(context)
    .where('tasks.run', '=', key)
    .where('journal.result', 'is', null)
    .where('journal.blob', 'is', null)
    .orderBy('journal.task')
    .orderBy('journal.position')
    .limit(MAX_APPROVALS);
  const views = (await selectRows(context, query)).map(toApprovalView);
  return views.filter(({ state }) => state === 'open');
}

async function readChildren(context: OperationContext, key: number): Promise<RunSummary[]> {
  const query = runQuery(context)
    .where('parents.run', '=', key)
    .orderBy('runs.key')
    .limit(MAX_CHILDREN);
  const rows = await selectRows(context, query);
  const standing = await waitingRuns(context, rows);
  return rows.map((row) => toRunSummary(row, { waitsFor: standing.get(row.key) ?? [] }));
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
  const rows = await selectRows(context, query);
  return rows.map((row) => ({ key: row.key, summary: toTaskSummary(row, nowMs) }));
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
  const isStopped = row.state === taskStates.waiting || row.state === taskStates.uncertain;
  const waits = isStopped ? ((await readOpenWaits(context, [key])).get(key) ?? []) : [];
  const approvals = await singleApprovals(
    context,
    key,
    waits.some(({ kind }) => kind === 'approval'),
  );
  return {
    ...summary,
    version: row.fence,
    counts,
    nodes: nodeViews({ graph, runState: summary.state, counts: new Map() }),
    active: summary.state === 'running' ? [task] : [],
    failures: summary.state === 'failed' ? [task] : [],
    waiting: isStopped ? [{ task, waits }] : [],
    approvals,
    children: [],
    input: storedJson(row.input),
    output: storedJson(row.result),
    error: task.error,
  };
}

async function singleApprovals(
  context: OperationContext,
  key: number,
  isAsked: boolean,
): Promise<RunView['approvals']> {
  if (!isAsked) return [];
  const query = approvalQuery(context).where('journal.task', '=', key).limit(MAX_APPROVALS);
  const views = (await selectRows(context, query)).map(toApprovalView);
  return views.filter(({ state }) => state === 'open');
}
