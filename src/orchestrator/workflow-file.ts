// A workflow as people write it: YAML or JSON text -> a checked graph, or every problem of the file at once, each with its line.
//
// Owns: joining the text, its shorthands and the graph's check. Does not own: the rules (graph-check.ts), what is short for what
// (workflow-shorthand.ts), finding files. Callers: whoever starts or validates a workflow from a file.

import { hiveError } from '../contract/index.ts';
import type { Graph } from '../contract/index.ts';
import { inspectGraph } from './graph-check.ts';
import { problemText } from './graph-problem.ts';
import type { GraphProblem } from './graph-problem.ts';
import { field } from './graph-sketch.ts';
import { expandShorthand } from './workflow-shorthand.ts';
import type { ShorthandProblem } from './workflow-shorthand.ts';
import { MAX_WORKFLOW_CHARS, readSource } from './workflow-source.ts';
import type { SourceProblem } from './workflow-source.ts';

const PROBLEMS_SHOWN = 50;

/**
 * Reads a workflow file. Throws GRAPH_INVALID with every problem as `file:line:column: node "x": what; fix` (details: problems and places), or
 * INPUT_TOO_LARGE over 1 MiB. `file` is only shown.
 */
export function readWorkflow(text: string, { file }: { file: string }): { graph: Graph } {
  if (text.length > MAX_WORKFLOW_CHARS)
    throw hiveError('INPUT_TOO_LARGE', {
      message: `${file} has ${text.length} characters; the limit of a workflow file is ${MAX_WORKFLOW_CHARS}`,
    });
  const source = readSource(text);
  if ('problems' in source) throw fileInvalid(file, source.problems);
  const expanded = expandShorthand(source.value);
  const verdict = inspectGraph(expanded.graph);
  const problems = [
    ...expanded.problems.map((each) => ({
      ...source.placeOf(each.path),
      what: `${labelOf(source.value, each)}: ${each.what}`,
    })),
    ...verdict.problems.map((each: GraphProblem) => ({
      ...source.placeOf(expanded.sourceOf(each.path)),
      what: problemText(each),
    })),
  ];
  if (verdict.graph === undefined || problems.length > 0) throw fileInvalid(file, problems);
  return { graph: verdict.graph };
}

function fileInvalid(file: string, problems: readonly SourceProblem[]): Error {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const told = [...new Map(sorted.map((each) => [`${each.line} ${each.what}`, each])).values()]; // a workflow that is used twice is wrong once
  const shown = told.slice(0, PROBLEMS_SHOWN);
  const lines = shown.map(({ line, column, what }) => `${file}:${line}:${column}: ${what}`);
  const rest = told.length - shown.length;
  const count = told.length === 1 ? '1 problem' : `${told.length} problems`;
  return hiveError('GRAPH_INVALID', {
    message: `${file} has ${count}:\n${[...lines, ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n')}`,
    details: { problems: lines, places: shown.map(({ line, column }) => ({ line, column })) },
  });
}

/** `node "x"` for the innermost node around a path of the file. */
function labelOf(root: unknown, { path }: ShorthandProblem): string {
  let label = 'graph';
  let value = root;
  for (const [at, key] of path.entries()) {
    value = Array.isArray(value) ? (value as unknown[])[Number(key)] : field(value, String(key));
    if (path[at - 1] !== 'nodes' || typeof key !== 'number') continue;
    const id = field(value, 'id');
    label = typeof id === 'string' ? `node "${id.slice(0, 64)}"` : `node number ${key + 1}`;
  }
  return label;
}
