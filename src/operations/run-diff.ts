/** Compares two runs: outcome, tries, time, results and steps per node. */
import { taskStateName } from '../contract/index.ts';
import type { TaskState } from '../contract/index.ts';
import { diffRuns } from './diff-runs.ts';
import type { DiffRun } from './diff-runs.ts';
import { defineOperation } from './operation.ts';
import type { OperationContext } from './operation.ts';
import { readContents, readJournals } from './run-contents.ts';
import { locateRun, readPinnedGraph, readRun } from './run-reads.ts';
import { recordOf, storedJson } from './stored-json.ts';

export const runDiff = defineOperation('run.diff', {
  summary: 'Compare two runs node by node',
  permission: 'run:read',
  handler: async (context, { id, other }) => {
    const [a, b] = await Promise.all([readSide(context, id), readSide(context, other)]);
    return diffRuns(a, b);
  },
});

async function readSide(context: OperationContext, id: string): Promise<DiffRun> {
  const target = await locateRun(context, id);
  const { input, output, ...view } = await readRun(context, target);
  const { nodes } = recordOf(await readPinnedGraph(context, target));
  const { tasks } = await readContents(context, target);
  const journals = new Map<number, Map<string, string | null>>();
  for (const row of await readJournals(context, tasks)) {
    if (row.kind !== 'step' && row.kind !== 'effect') continue;
    const steps = journals.get(row.task) ?? new Map<string, string | null>();
    journals.set(row.task, steps.set(`${row.name}#${row.occurrence}`, row.result ?? row.blob));
  }
  return {
    summary: view,
    input,
    output,
    nodes: nodeNames(nodes),
    tasks: tasks.map((task) => ({
      node: task.node,
      item: task.item,
      state: taskStateName(task.state),
      tries: triesOf(task),
      startedMs: task.started_ms,
      endedMs: task.ended_ms,
      result: storedJson(task.result),
      steps: journals.get(task.key) ?? new Map<string, string | null>(),
    })),
  };
}

/** Errors count the tries that failed; the one that ended well, or is under way, comes on top. */
function triesOf(task: {
  state: number;
  errors: number;
  crashes: number;
  started_ms: number | null;
}): number {
  const state: TaskState = taskStateName(task.state);
  const failed = task.errors + task.crashes;
  if (task.started_ms === null) return failed;
  return state === 'failed' || state === 'dead' ? Math.max(1, failed) : failed + 1;
}

const nodeNames = (nodes: unknown): string[] =>
  Array.isArray(nodes)
    ? nodes.flatMap((node: unknown) => {
        const { id } = recordOf(node);
        return typeof id === 'string' ? [id] : [];
      })
    : [];
