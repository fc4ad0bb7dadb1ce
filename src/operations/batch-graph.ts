/**
 * A batch of tasks as one graph: a map node per group of equal tasks (same capabilities, settings and fields of the
 * input), all side by side over lists in the run's input. Ten thousand equal lines are one node. Pure.
 */
import { graphLimits, hiveError } from '../contract/index.ts';
import type { GraphInput, Json, OperationInput } from '../contract/index.ts';

export type BatchTask = OperationInput<'task.batch'>['tasks'][number];

export interface Batch {
  graph: GraphInput;
  /** Of the run: a list of inputs per group. */
  input: Readonly<Record<string, readonly Json[]>>;
}

/** Throws INPUT_INVALID when there are more groups than a graph has nodes. */
export function batchGraph(tasks: readonly BatchTask[], concurrency: number | undefined): Batch {
  const groups = new Map<string, BatchTask[]>();
  for (const task of tasks) {
    const key = groupKey(task);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [task]);
    else group.push(task);
  }
  if (groups.size > graphLimits.nodes - 1) {
    throw hiveError('INPUT_INVALID', {
      message: `the batch has ${groups.size} kinds of tasks that differ in capabilities, settings or input fields; one batch takes ${graphLimits.nodes - 1}`,
      details: { fix: ['give tasks of one kind the same fields, or send several batches'] },
    });
  }
  const lists = [...groups.values()];
  const nodes = lists.map((group, at) => mapNode(group, { id: `tasks${at + 1}`, concurrency }));
  const end: GraphInput['nodes'] =
    nodes.length === 1
      ? []
      : [{ kind: 'join', id: 'all', title: 'All tasks', after: nodes.map(({ id }) => id) }];
  return {
    graph: { name: 'batch', nodes: [...nodes, ...end] },
    input: Object.fromEntries(
      lists.map((group, at) => [`tasks${at + 1}`, group.map(({ input }) => input)]),
    ),
  };
}

function groupKey({ capabilities, input, priority, timeoutMs, retry }: BatchTask): string {
  return JSON.stringify([
    [...new Set(capabilities)].toSorted(),
    Object.keys(input).toSorted(),
    priority,
    timeoutMs,
    retry,
  ]);
}

type MapInput = Extract<GraphInput['nodes'][number], { kind: 'map' }>;

function mapNode(
  group: readonly BatchTask[],
  { id, concurrency }: { id: string; concurrency: number | undefined },
): MapInput {
  const [first] = group;
  if (first === undefined) throw new RangeError('a group of a batch has a task');
  const fields = Object.keys(first.input);
  return {
    kind: 'map',
    id,
    title: [...new Set(first.capabilities)].join(' + '),
    items: id,
    capabilities: [...new Set(first.capabilities)].toSorted(),
    priority: first.priority,
    timeoutMs: first.timeoutMs,
    retry: first.retry,
    // One that fails is told in the summary; the others go on.
    onFailure: 'continue',
    // So that the agent gets exactly the line's object, whatever its fields are called.
    inputs: Object.fromEntries(fields.map((field) => [field, `item[${JSON.stringify(field)}]`])),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}
