// Who waits for whom, as numbers: worked out once per graph object and remembered as long as that object lives.

import { hiveError } from '../contract/index.ts';
import type { Graph, GraphNode } from '../contract/index.ts';

export interface GraphIndex {
  /** Position of a node in graph.nodes; everything below is by position. */
  readonly at: ReadonlyMap<string, number>;
  /** Whom a node waits for. */
  readonly before: readonly (readonly number[])[];
  /** Who waits for a node. */
  readonly next: readonly (readonly number[])[];
  /** Map nodes fed by a node. */
  readonly feeds: readonly (readonly number[])[];
  /** Map nodes fed by the input of the run. */
  readonly inputMaps: readonly number[];
  /** Of a decision: the nodes that it may take. Of others: none. */
  readonly targets: readonly (readonly number[])[];
  /** The compensate node that undoes a node, or -1. */
  readonly undoneBy: readonly number[];
}

const known = new WeakMap<Graph, GraphIndex>();

/** The index of a graph that came out of checkGraph(). Keep one Graph object per run or definition, so that this is done once. */
export function graphIndex(graph: Graph): GraphIndex {
  const found = known.get(graph);
  if (found !== undefined) return found;
  const made = build(graph.nodes);
  known.set(graph, made);
  return made;
}

/** The node at a position, or the one with an id. Throws INTERNAL when the graph has none: it was checked before. */
export function nodeAt(graph: Graph, position: number | string): GraphNode {
  const at = typeof position === 'number' ? position : graphIndex(graph).at.get(position);
  const node = at === undefined ? undefined : graph.nodes[at];
  if (node === undefined) {
    throw hiveError('INTERNAL', { message: `graph "${graph.name}" has no node ${position}` });
  }
  return node;
}

function build(nodes: readonly GraphNode[]): GraphIndex {
  const at = new Map(nodes.map((node, position) => [node.id, position]));
  const before: number[][] = nodes.map(() => []);
  const next: number[][] = nodes.map(() => []);
  const feeds: number[][] = nodes.map(() => []);
  const inputMaps: number[] = [];
  const targets: number[][] = nodes.map(() => []);
  const undoneBy = nodes.map(() => -1);
  for (const [position, node] of nodes.entries()) {
    const positionOf = (id: string): number => {
      const found = at.get(id);
      if (found !== undefined) return found;
      throw hiveError('INTERNAL', {
        message: `node ${node.id} names ${id}, which is not in the graph`,
      });
    };
    for (const id of node.after) {
      const source = positionOf(id);
      before[position]?.push(source);
      next[source]?.push(position);
    }
    if (node.kind === 'map') {
      if (node.over === undefined) inputMaps.push(position);
      else feeds[positionOf(node.over)]?.push(position);
    } else if (node.kind === 'decision') targets[position] = decisionTargets(node).map(positionOf);
    else if (node.kind === 'compensate') undoneBy[positionOf(node.undoes)] = position;
  }
  return { at, before, next, feeds, inputMaps, targets, undoneBy };
}

/** The nodes that a decision may take, each once. */
export function decisionTargets(node: Extract<GraphNode, { kind: 'decision' }>): string[] {
  return [...new Set([...node.choices.flatMap(({ to }) => to), ...node.otherwise])];
}
