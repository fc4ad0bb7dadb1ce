// One thing that is wrong with a graph: where, for programs and for people, and what to do about it.

import { hiveError } from '../contract/index.ts';

const PROBLEMS_SHOWN = 50; // more than a person corrects in one go; the rest is counted

export interface GraphProblem {
  /** Where in the graph's JSON: ['nodes', 3, 'after', 0]. */
  readonly path: readonly (string | number)[];
  /** Labels of the nodes that lead there, outermost first; empty: the graph itself. */
  readonly nodes: readonly string[];
  /** True: it is about the graph inside the last of `nodes`. */
  readonly inside?: boolean;
  /** What is wrong; and what to do. */
  readonly what: string;
}

/** `node "x": what; fix`, `node "loop" > node "x": …` for a node of a graph inside a node, or `graph: …`. */
export function problemText({ nodes, inside, what }: GraphProblem): string {
  if (nodes.length === 0) return `graph: ${what}`;
  const where = nodes.map((label) => `node ${label}`).join(' > ');
  return inside === true ? `${where} > graph: ${what}` : `${where}: ${what}`;
}

/** GRAPH_INVALID with every problem: details.problems are their texts, details.places their paths. */
export function graphInvalid(name: unknown, problems: readonly GraphProblem[]): Error {
  const title = typeof name === 'string' ? ` "${name.slice(0, 100)}"` : '';
  const shown = problems.slice(0, PROBLEMS_SHOWN);
  const texts = shown.map(problemText);
  const rest = problems.length - shown.length;
  const lines = [...texts, ...(rest > 0 ? [`and ${rest} more`] : [])];
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return hiveError('GRAPH_INVALID', {
    message: `The workflow graph${title} has ${count}:\n${lines.map((line) => `- ${line}`).join('\n')}`,
    details: { problems: texts, places: shown.map(({ path }) => path) },
  });
}

/** Where a name is nearly right, say which one was meant: same letters but for case, or one name inside the other. */
export function fixFor(wrong: string, names: Iterable<string>): string {
  const low = wrong.toLowerCase();
  for (const id of names)
    if (id === low || id.includes(low) || (low.includes(id) && id.length > 1))
      return `did you mean "${id}"?`;
  return 'correct the name or add the node';
}
