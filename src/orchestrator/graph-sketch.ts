// What the rules of structure need of a graph, readable from malformed input too, so that one round of corrections is enough.

import { graphLimits } from '../contract/index.ts';
import type { GraphProblem } from './graph-problem.ts';

export interface NodeSketch {
  id: string;
  /** Position in `nodes`. */
  index: number;
  kind: unknown;
  after: readonly string[];
  over: string | undefined;
  undoes: string | undefined;
  /** Of a decision: whom it may take, and where it says so. */
  targets: readonly { id: string; path: readonly (string | number)[] }[];
  /** The node as it was given. */
  raw: unknown;
}

/** Sketches of the nodes that have an id. Empty when there are too many: the schema says so, and no work is spent. */
export function sketchNodes(input: unknown): NodeSketch[] {
  const nodes = field(input, 'nodes');
  if (!Array.isArray(nodes) || nodes.length > graphLimits.nodes) return [];
  const sketches: NodeSketch[] = [];
  for (const [index, raw] of (nodes as readonly unknown[]).entries()) {
    const id = field(raw, 'id');
    if (typeof id !== 'string') continue;
    const kind = field(raw, 'kind');
    sketches.push({
      id,
      index,
      kind,
      after: texts(field(raw, 'after')),
      over: kind === 'map' ? text(field(raw, 'over')) : undefined,
      undoes: kind === 'compensate' ? text(field(raw, 'undoes')) : undefined,
      targets: kind === 'decision' ? targetsOf(raw) : [],
      raw,
    });
  }
  return sketches;
}

function targetsOf(raw: unknown): NodeSketch['targets'] {
  const choices = field(raw, 'choices');
  const lists: [unknown, (string | number)[]][] = [
    ...(Array.isArray(choices) ? (choices as readonly unknown[]) : []).map(
      (choice, at): [unknown, (string | number)[]] => [field(choice, 'to'), ['choices', at, 'to']],
    ),
    [field(raw, 'otherwise'), ['otherwise']],
  ];
  return lists.flatMap(([list, path]) =>
    texts(list).map((id, at) => ({ id, path: [...path, at] })),
  );
}

/** A field of anything; undefined when there is none. */
export function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** A problem of one node; `rest` is the path inside it. */
export function nodeProblem(
  sketch: Pick<NodeSketch, 'id' | 'index'>,
  rest: readonly (string | number)[],
  what: string,
): GraphProblem {
  return {
    path: ['nodes', sketch.index, ...rest],
    nodes: [`"${sketch.id.slice(0, 64)}"`],
    what,
  };
}

/** Everybody that each node waits for by name: `after`, `over`, and the decisions that may take it. */
export function dependencies(sketches: readonly NodeSketch[]): Map<string, string[]> {
  const before = new Map<string, Set<string>>();
  for (const { id, after, over, kind } of sketches) {
    const own = before.get(id) ?? new Set();
    for (const each of after) own.add(each);
    if (over !== undefined) own.add(over);
    before.set(id, kind === 'compensate' ? new Set() : own);
  }
  for (const { id, targets } of sketches)
    for (const target of targets) before.get(target.id)?.add(id);
  return new Map([...before].map(([id, own]) => [id, [...own]]));
}
