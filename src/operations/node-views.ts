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
    views.set(node.id, { ...describe(node), state: stateOf(node, counts, facts.runState), counts });
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

function stateOf(node: GraphNode, counts: TaskCounts, runState: RunState): NodeView['state'] {
  if (counts.total === 0) return stateWithoutTasks(node, runState);
  if (counts.running > 0) return 'running';
  if (counts.waiting > 0) return counts.waiting < counts.total ? 'running' : 'waiting';
  if (counts.failed > 0) return 'failed';
  if (counts.cancelled > 0) return 'cancelled';
  return counts.succeeded > 0 ? 'completed' : 'skipped';
}

function stateWithoutTasks(node: GraphNode, runState: RunState): NodeView['state'] {
  switch (runState) {
    case 'completed':
      // A map over nothing is done; any other node was on a branch that was not taken, or nothing had to be undone.
      return node.kind === 'map' ? 'completed' : 'skipped';
    case 'failed':
      return 'skipped';
    case 'cancelled':
      return 'cancelled';
    case 'pending':
    case 'running':
    case 'paused':
      return 'pending';
    default:
      return runState satisfies never;
  }
}

function joinState(
  node: Extract<GraphNode, { kind: 'join' }>,
  views: ReadonlyMap<string, NodeView>,
  { runState }: NodeFacts,
): NodeView['state'] {
  const states = node.after.map((id) => views.get(id)?.state ?? 'pending');
  if (states.every((state) => state === 'skipped')) return 'skipped';
  const isDone = (state: NodeView['state']): boolean =>
    state === 'completed' || (node.mode === 'all' && state === 'skipped');
  if (node.mode === 'any' ? states.some(isDone) : states.every(isDone)) return 'completed';
  return runState === 'completed' ? 'completed' : stateWithoutTasks(node, runState);
}
