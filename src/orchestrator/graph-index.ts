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
  for (const [position, node] of nodes.entries()) {
    for (const id of node.after) {
      const source = at.get(id);
      if (source === undefined) {
        throw hiveError('INTERNAL', {
          message: `node ${node.id} waits for ${id}, which is not in the graph`,
        });
      }
      before[position]?.push(source);
      next[source]?.push(position);
    }
    if (node.kind === 'map') feeds[at.get(node.over) ?? -1]?.push(position);
  }
  return { at, before, next, feeds };
}
