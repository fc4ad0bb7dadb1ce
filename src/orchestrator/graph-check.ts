// The door through which a workflow graph enters: shape and structure are checked together, and every problem is told at once.
//
// Owns: the rules that a schema cannot say. Does not own: the schema (contract), or whether an agent for a capability exists
// (that changes while a run lives; waiting-reason.ts answers it). Callers: whoever accepts a graph from outside.
//
// G1 A returned graph has unique node ids, names existing nodes only, and has no cycle. G2 `after` of a map node holds its `over`,
// and no `after` names a node twice, so the rest of the room reads dependencies from `after` alone. G3 `output` is set and exists.
// G4 Structure is checked on what can be read of a malformed graph too, so that one round of corrections is enough.

import type { z } from 'zod';
import { graph as graphSchema, graphLimits, hiveError } from '../contract/index.ts';
import type { Graph, GraphNode } from '../contract/index.ts';
import { findCycles } from './graph-cycles.ts';

const PROBLEMS_SHOWN = 50; // more than a person corrects in one go; the rest is counted

/** What structure needs of a node, readable from malformed input too. */
interface NodeSketch {
  id: string;
  kind: unknown;
  after: readonly string[];
  over: string | undefined;
}

/** Checks a graph from outside and completes it (defaults, `over` in `after`, `output`). Throws GRAPH_INVALID listing every problem. */
export function checkGraph(input: unknown): Graph {
  const sketches = sketchNodes(input);
  const parsed = graphSchema.safeParse(input);
  const problems = [
    ...(parsed.success ? [] : parsed.error.issues.map((issue) => shapeProblem(issue, input))),
    ...structureProblems(sketches, field(input, 'output')),
  ];
  if (problems.length > 0 || !parsed.success) throw graphInvalid(field(input, 'name'), problems);
  return complete(parsed.data);
}

function graphInvalid(name: unknown, problems: readonly string[]): Error {
  const title = typeof name === 'string' ? ` "${name.slice(0, 100)}"` : '';
  const shown = problems.slice(0, PROBLEMS_SHOWN);
  const rest = problems.length - shown.length;
  const lines = [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])];
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return hiveError('GRAPH_INVALID', {
    message: `The workflow graph${title} has ${count}:\n${lines.map((line) => `- ${line}`).join('\n')}`,
    details: { problems: shown },
  });
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

function sketchNodes(input: unknown): NodeSketch[] {
  const nodes = field(input, 'nodes');
  if (!Array.isArray(nodes) || nodes.length > graphLimits.nodes) return []; // too many: the schema says so, and no work is spent
  const sketches: NodeSketch[] = [];
  for (const node of nodes as readonly unknown[]) {
    const id = field(node, 'id');
    if (typeof id !== 'string') continue;
    const after = field(node, 'after');
    const over = field(node, 'over');
    sketches.push({
      id,
      kind: field(node, 'kind'),
      after: Array.isArray(after) ? after.filter((each) => typeof each === 'string') : [],
      over: typeof over === 'string' ? over : undefined,
    });
  }
  return sketches;
}

function shapeProblem(issue: z.core.$ZodIssue, input: unknown): string {
  const [head, index, ...rest] = issue.path;
  const atNode = head === 'nodes' && typeof index === 'number';
  const place = (atNode ? rest : issue.path).map(String).join('.');
  const isKind = place === 'kind' && issue.code === 'invalid_union';
  const message = isKind ? 'must be "agent", "map" or "join"' : shapeMessage(issue);
  const where = atNode ? `node ${nodeLabel(input, index)}` : 'graph';
  return `${where}: ${place === '' ? '' : `${place}: `}${message}`;
}

function shapeMessage(issue: z.core.$ZodIssue): string {
  return issue.code === 'unrecognized_keys'
    ? `unknown ${issue.keys.map((key) => `"${key}"`).join(', ')}; remove it or correct its name`
    : issue.message;
}

function nodeLabel(input: unknown, index: number): string {
  const nodes = field(input, 'nodes');
  const id = Array.isArray(nodes) ? field(nodes[index], 'id') : undefined;
  return typeof id === 'string' ? `"${id.slice(0, 64)}"` : `number ${index + 1}`;
}

function structureProblems(sketches: readonly NodeSketch[], output: unknown): string[] {
  if (sketches.length === 0) return [];
  const byId = new Map<string, NodeSketch>();
  const problems: string[] = [];
  for (const sketch of sketches) {
    if (byId.has(sketch.id)) {
      problems.push(`node "${sketch.id}": this id is used twice; give each node its own id`);
    } else byId.set(sketch.id, sketch);
  }
  let edges = 0;
  for (const sketch of sketches) {
    edges += dependenciesOf(sketch).length;
    for (const id of new Set(sketch.after)) {
      if (byId.has(id)) continue;
      problems.push(
        `node "${sketch.id}": after names "${id}", which does not exist; ${fixFor(id, byId)}`,
      );
    }
    const problem = overProblem(sketch, byId);
    if (problem !== undefined) problems.push(problem);
  }
  if (edges > graphLimits.edges) {
    problems.push(
      `graph: ${edges} dependencies; the limit is ${graphLimits.edges}; put a join node where many nodes wait for the same ones`,
    );
  }
  if (typeof output === 'string' && !byId.has(output)) {
    problems.push(`graph: output names "${output}", which does not exist; ${fixFor(output, byId)}`);
  }
  const before = new Map([...byId].map(([id, sketch]) => [id, dependenciesOf(sketch)]));
  for (const cycle of findCycles(before)) problems.push(cycleProblem(cycle));
  return problems;
}

function overProblem(
  sketch: NodeSketch,
  byId: ReadonlyMap<string, NodeSketch>,
): string | undefined {
  if (sketch.kind !== 'map' || sketch.over === undefined) return undefined;
  const source = byId.get(sketch.over);
  if (source === undefined) {
    return `node "${sketch.id}": over names "${sketch.over}", which does not exist; ${fixFor(sketch.over, byId)}`;
  }
  return source.kind === 'join'
    ? `node "${sketch.id}": over names the join node "${sketch.over}", which has no result; name the agent or map node that gives the list`
    : undefined;
}

function cycleProblem(cycle: readonly string[]): string {
  const [first = '', second] = cycle;
  if (second === undefined)
    return `node "${first}": it waits for itself; remove "${first}" from its after`;
  return `node "${first}": it waits for itself by ${[...cycle, first].join(' > ')} (read > as "waits for"); remove one of these dependencies`;
}

/** Where a name is nearly right, say which one was meant: same letters but for case, or one name inside the other. */
function fixFor(wrong: string, byId: ReadonlyMap<string, NodeSketch>): string {
  const low = wrong.toLowerCase();
  const near = [...byId.keys()].find((id) => id === low || id.includes(low) || low.includes(id));
  return near === undefined ? 'correct the name or add the node' : `did you mean "${near}"?`;
}

function dependenciesOf(node: { after: readonly string[]; over?: string | undefined }): string[] {
  return [...new Set(node.over === undefined ? node.after : [...node.after, node.over])];
}

function complete(parsed: Graph): Graph {
  const nodes = parsed.nodes.map((node): GraphNode => {
    return { ...node, after: dependenciesOf(node) };
  });
  const last = nodes[nodes.length - 1];
  const output = parsed.output ?? last?.id;
  return output === undefined ? { ...parsed, nodes } : { ...parsed, nodes, output };
}
