// From results to the lists that map nodes unfold, and from nodes to the results that stand for them. Pure reading of JSON values.

import type { Graph, Json } from '../contract/index.ts';
import { graphIndex, nodeAt } from './graph-index.ts';

/**
 * The list that a map node unfolds: `path` names a field of the result (dots go deeper, '' is the result itself).
 * A result that is a list itself (of a map node, say) is that list, whatever the path. Null when there is no list.
 */
export function itemsAt(result: Json, path: string): readonly Json[] | null {
  if (Array.isArray(result)) return result as readonly Json[];
  let value: Json | undefined = result;
  for (const key of path === '' ? [] : path.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    value = Object.hasOwn(value, key) ? (value as Readonly<Record<string, Json>>)[key] : undefined;
  }
  return Array.isArray(value) ? (value as readonly Json[]) : null;
}

/**
 * For the event taskEnded of an agent node that succeeded: how many items each map node fed by it has (null: no list there).
 * `resultText` is JSON; it is parsed only when a map node is fed.
 */
export function itemCounts(
  graph: Graph,
  nodeId: string,
  resultText: string,
): Readonly<Record<string, number | null>> {
  const index = graphIndex(graph);
  const position = index.at.get(nodeId);
  const fed = position === undefined ? [] : (index.feeds[position] ?? []);
  if (fed.length === 0 || nodeAt(graph, nodeId).kind !== 'agent') return {};
  const result = JSON.parse(resultText) as Json;
  const counts: Record<string, number | null> = {};
  for (const each of fed) {
    const node = nodeAt(graph, each);
    if (node.kind === 'map') counts[node.id] = itemsAt(result, node.items)?.length ?? null;
  }
  return counts;
}

/** The agent and map nodes whose results stand for a node, in graph order: itself, or for a join those that it waits for. */
export function resultSources(graph: Graph, nodeId: string): string[] {
  const index = graphIndex(graph);
  const seen = new Set<number>();
  const sources: number[] = [];
  const open = [index.at.get(nodeId) ?? -1];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    if (nodeAt(graph, at).kind === 'join') open.push(...(index.before[at] ?? []));
    else sources.push(at);
  }
  return sources.toSorted((a, b) => a - b).map((each) => nodeAt(graph, each).id);
}
