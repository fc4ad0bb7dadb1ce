// Checked graphs by their text, so that the runs of one workflow share one object: it is checked, indexed and worded once, however many runs there are.
// Q1 A graph that comes out of here went through checkGraph and is never changed. Q2 Bounded in number and size: the oldest goes first; a run keeps its own while it lives.

import type { Graph } from '../contract/index.ts';
import { checkGraph } from './graph-check.ts';

/** Workflows in use at a time; a graph of a thousand nodes is some hundred kilobytes. */
const MAX_KNOWN = 200;
/** Of all texts: graphs as large as they may be, each sent once, must not fill the memory. */
const MAX_CHARS = 16 * 1_048_576;

const byText = new Map<string, Graph>();
let chars = 0;
const texts = new WeakMap<Graph, string>();

/** checkGraph, remembered. Throws GRAPH_INVALID. */
export function knownGraph(input: unknown): Graph {
  const text = JSON.stringify(input);
  const known = byText.get(text);
  if (known !== undefined) return known;
  const checked = checkGraph(input);
  const graph = byText.get(graphText(checked)) ?? checked;
  remember(text, graph);
  remember(graphText(graph), graph);
  return graph;
}

/**
 * The graph that a run's row pins: it was checked and completed when the run began. Rules that came later do not bind it, or a run in the middle could
 * neither go on nor be cancelled.
 */
export function pinnedGraph(text: string): Graph {
  const known = byText.get(text);
  if (known !== undefined) return known;
  const graph = JSON.parse(text) as Graph;
  texts.set(graph, text);
  remember(text, graph);
  return graph;
}

/** The text that a run of this graph pins. */
export function graphText(graph: Graph): string {
  let text = texts.get(graph);
  if (text === undefined) {
    text = JSON.stringify(graph);
    texts.set(graph, text);
  }
  return text;
}

function remember(text: string, graph: Graph): void {
  if (byText.has(text)) return;
  byText.set(text, graph);
  chars += text.length;
  for (const oldest of byText.keys()) {
    if (byText.size <= MAX_KNOWN && chars <= MAX_CHARS) return;
    byText.delete(oldest);
    chars -= oldest.length;
  }
}
