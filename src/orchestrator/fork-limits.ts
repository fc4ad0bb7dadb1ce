// Limits of open tasks and runs that begin in the middle. A fork is played through without limits, or tasks that are kept would stay behind one that is
// done again: advance() would ask for them later, as new work. Afterwards what is new and above a limit goes back into the queue.
//
// L1 Only tasks that have nothing to keep are put back, of a map only its last items: items are created in order. So a run that begins with more kept or
// remade tasks than its limits allow is above them until those have ended (A8 of advance.ts holds for all that is created later).

import type { Graph, NewTask } from '../contract/index.ts';
import { graphIndex, nodeAt } from './graph-index.ts';
import { nodeStatuses } from './progress.ts';
import type { MapCounters, RunProgress } from './progress.ts';

/** The same graph with room for everything. */
export function withoutLimits(graph: Graph): Graph {
  const { concurrency: _own, ...rest } = graph;
  const nodes = graph.nodes.map((node) => {
    if (node.kind !== 'map') return node;
    const { concurrency: _items, ...map } = node;
    return map;
  });
  return { ...rest, nodes };
}

/** `fresh`: the tasks with nothing to keep, in the order of their creation. Returns those that are created now, and the progress that creates the others later. */
export function withinLimits(
  graph: Graph,
  progress: RunProgress,
  fresh: readonly NewTask[],
): { progress: RunProgress; fresh: readonly NewTask[] } {
  if (progress.phase !== 'open') return { progress, fresh };
  const index = graphIndex(graph);
  const positionOf = (task: NewTask): number => index.at.get(task.node ?? '') ?? -1;
  const maps = [...progress.maps];
  const queued = new Set<number>();
  let { open, nodes } = progress;

  const putBack = (task: NewTask): boolean => {
    const at = positionOf(task);
    const counters = maps[at] ?? null;
    if (counters !== null) {
      const [total, done, failed, created] = counters;
      if (task.item !== created - 1) return false;
      maps[at] = [total, done, failed, created - 1];
    }
    if (counters === null || maps[at]?.[3] === 0)
      nodes = nodes.slice(0, at) + nodeStatuses.queued + nodes.slice(at + 1);
    queued.add(at);
    open--;
    return true;
  };
  const isOverOwn = (task: NewTask): boolean => {
    const at = positionOf(task);
    const node = nodeAt(graph, at);
    const counters = maps[at] ?? null;
    return (
      node.kind === 'map' && counters !== null && openOf(counters) > (node.concurrency ?? Infinity)
    );
  };
  const trimmed = (tasks: readonly NewTask[], isOver: (task: NewTask) => boolean): NewTask[] =>
    tasks
      .toReversed()
      .filter((task) => !isOver(task) || !putBack(task))
      .toReversed();

  const within = trimmed(trimmed(fresh, isOverOwn), () => open > (graph.concurrency ?? Infinity));
  const order = [...new Set(fresh.map(positionOf))].filter((at) => queued.has(at));
  return { progress: { ...progress, nodes, maps, open, queue: order }, fresh: within };
}

function openOf([, done, failed, created]: MapCounters): number {
  return created - done - failed;
}
