/** The progress of a run's nodes, from its pinned graph and the counts of its tasks. Pure. */
import type { Graph, GraphNode, NodeView, RunState, TaskCounts } from '../contract/index.ts';
import { noTasks } from './task-reads.ts';

export interface NodeFacts {
  graph: Graph;
  runState: RunState;
  counts: ReadonlyMap<string, TaskCounts>;
}

/** One view per node, in the order of the graph. */
export function nodeViews(facts: NodeFacts): NodeView[] {
  const views = new Map<string, NodeView>();
  for (const node of facts.graph.nodes) {
    const counts = facts.counts.get(node.id) ?? noTasks;
    views.set(node.id, { ...describe(node), state: stateOf(counts, facts.runState), counts });
  }
  // Joins have no tasks of their own: they follow what they wait for, which may stand later in the list.
  for (const node of facts.graph.nodes) {
    const view = views.get(node.id);
    if (node.kind === 'join' && view !== undefined) view.state = joinState(node, views, facts);
  }
  return [...views.values()];
}

const describe = (node: GraphNode): Pick<NodeView, 'id' | 'title' | 'kind'> => ({
  id: node.id,
  title: node.title ?? node.id,
  kind: node.kind,
});

function stateOf(counts: TaskCounts, runState: RunState): NodeView['state'] {
  if (counts.total === 0) return stateWithoutTasks(runState);
  if (counts.running > 0) return 'running';
  if (counts.waiting > 0) return counts.waiting < counts.total ? 'running' : 'waiting';
  if (counts.failed > 0) return 'failed';
  if (counts.cancelled > 0) return 'cancelled';
  return counts.succeeded > 0 ? 'completed' : 'skipped';
}

function stateWithoutTasks(runState: RunState): NodeView['state'] {
  switch (runState) {
    case 'completed':
      return 'completed'; // a map over nothing
    case 'failed':
      return 'skipped';
    case 'cancelled':
      return 'cancelled';
    case 'pending':
    case 'running':
    case 'paused':
      return 'waiting';
    default:
      return runState satisfies never;
  }
}

function joinState(
  node: Extract<GraphNode, { kind: 'join' }>,
  views: ReadonlyMap<string, NodeView>,
  { runState }: NodeFacts,
): NodeView['state'] {
  const states = node.after.map((id) => views.get(id)?.state ?? 'waiting');
  const isDone = (state: NodeView['state']): boolean => state === 'completed';
  if (node.mode === 'any' ? states.some(isDone) : states.every(isDone)) return 'completed';
  return stateWithoutTasks(runState);
}
