// From results to the lists that map nodes unfold, and from nodes to the results that stand for them. Pure reading of JSON values.

import { graphLimits } from '../contract/index.ts';
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
 * For the event taskEnded of a node that succeeded: how many items each map node fed by it has (null: no list there). A map node's items pass on
 * by themselves. `resultText` is JSON; it is parsed only when a map node is fed.
 */
export function itemCounts(
  graph: Graph,
  nodeId: string,
  resultText: string,
): Readonly<Record<string, number | null>> {
  const index = graphIndex(graph);
  const position = index.at.get(nodeId);
  const fed = position === undefined ? [] : (index.feeds[position] ?? []);
  if (fed.length === 0 || nodeAt(graph, nodeId).kind === 'map') return {};
  return countsOf(graph, fed, resultText);
}

/** For the event start: how many items each map node over the run's input has. */
export function inputItemCounts(
  graph: Graph,
  inputText: string,
): Readonly<Record<string, number | null>> {
  const { inputMaps } = graphIndex(graph);
  return inputMaps.length === 0 ? {} : countsOf(graph, inputMaps, inputText);
}

function countsOf(
  graph: Graph,
  maps: readonly number[],
  text: string,
): Readonly<Record<string, number | null>> {
  const value = JSON.parse(text) as Json;
  const counts: Record<string, number | null> = {};
  for (const each of maps) {
    const node = nodeAt(graph, each);
    if (node.kind === 'map') counts[node.id] = itemsAt(value, node.items)?.length ?? null;
  }
  return counts;
}

/** Why a map node cannot start with this number of items; null when it can. */
export function feedProblem(
  map: { id: string; items: string; over?: string | undefined },
  count: number | null,
): string | null {
  const source = map.over === undefined ? 'the input of the run' : `the result of "${map.over}"`;
  if (count === null) {
    const where =
      map.over === undefined ? 'give the run a list there' : 'let its agent return a list there';
    return `Node "${map.id}" cannot start: ${source} has no list at "${map.items}"; ${where}, or correct \`items\` of "${map.id}"`;
  }
  if (count <= graphLimits.mapItems) return null;
  return `Node "${map.id}" cannot start: the list at "${map.items}" of ${source} has ${count} items and the limit is ${graphLimits.mapItems}; put several into one item`;
}

/** The nodes whose results stand for a node, in graph order: itself, or for a join those that it waits for. */
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
