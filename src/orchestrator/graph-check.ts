// The door through which a workflow graph enters: shape, structure and expressions are checked together, and every problem is told at once.
//
// Owns: putting the rules together, graphs inside graphs, and completing what was left out. Does not own: the schema (contract), or whether an agent
// for a capability exists (that changes while a run lives; waiting-reason.ts answers it). Callers: whoever accepts a graph from outside.
//
// G1 A returned graph has unique node ids, names existing nodes only, and has no cycle. G2 `after` of a map node holds its `over`, that of a node
// which a decision may take holds the decision, and no `after` names a node twice, so the rest of the room reads dependencies from `after` alone.
// G3 `output` is set and exists. G4 Structure is checked on what can be read of a malformed graph too, so that one round of corrections is enough.
// G5 Graphs inside nodes (workflow, loop) are checked and completed by the same rules, to a bounded depth. G6 An expression reads only results that
// will be there: those of nodes before it.

import type { z } from 'zod';
import { graph as graphSchema, graphLimits, missingRooms, schemaWords } from '../contract/index.ts';
import type { Graph, GraphNode, Json, NodeKind } from '../contract/index.ts';
import { expressionProblems } from './graph-expressions.ts';
import { graphInvalid } from './graph-problem.ts';
import type { GraphProblem } from './graph-problem.ts';
import { dependencies, field, sketchNodes } from './graph-sketch.ts';
import { structureProblems } from './graph-structure.ts';

/** Checks a graph from outside and completes it (defaults, `after`, `output`). Throws GRAPH_INVALID listing every problem: details {problems, places}. */
export function checkGraph(input: unknown): Graph {
  const checked = inspectGraph(input);
  if (checked.graph === undefined) throw graphInvalid(field(input, 'name'), checked.problems);
  return checked.graph;
}

export type GraphVerdict =
  | { graph: Graph; problems: readonly [] }
  | { graph: undefined; problems: readonly GraphProblem[] };

/** As checkGraph, for those who want the problems one by one. */
export function inspectGraph(input: unknown): GraphVerdict {
  return inspectLevel(input, { depth: 0, budget: { nodes: graphLimits.allNodes } });
}

interface Level {
  depth: number;
  /** Nodes that may still come, in all graphs together: a graph that is used at many places counts each time. */
  budget: { nodes: number };
}

function inspectLevel(input: unknown, level: Level): GraphVerdict {
  const sketches = sketchNodes(input);
  const parsed = graphSchema.safeParse(input, { error: schemaWords });
  const inner = inspectInner(input, level);
  const problems = [
    ...(parsed.success ? [] : parsed.error.issues.map((issue) => shapeProblem(issue, input))),
    ...structureProblems(sketches, field(input, 'output')),
    ...expressionProblems(sketches),
    ...inner.problems,
  ];
  if (problems.length > 0 || !parsed.success) return { graph: undefined, problems };
  const before = dependencies(sketches);
  const nodes = parsed.data.nodes.map((node, at): GraphNode => {
    const after = node.kind === 'compensate' ? [] : (before.get(node.id) ?? []);
    return { ...node, ...inner.graphs.get(at), after };
  });
  const last = nodes.findLast(({ kind }) => kind !== 'compensate');
  const output = parsed.data.output ?? last?.id;
  const graph = { ...parsed.data, nodes, ...(output === undefined ? {} : { output }) };
  return { graph, problems: [] };
}

interface Inner {
  problems: GraphProblem[];
  /** By position of the node: the field with its completed graph. */
  graphs: Map<number, Readonly<Record<string, Json>>>;
}

/** G5: the graphs in workflow and loop nodes. */
function inspectInner(input: unknown, { depth, budget }: Level): Inner {
  const inner: Inner = { problems: [], graphs: new Map() };
  const nodes = field(input, 'nodes');
  if (!Array.isArray(nodes) || nodes.length > graphLimits.nodes) return inner;
  budget.nodes -= nodes.length;
  for (const [at, node] of (nodes as readonly unknown[]).entries()) {
    const key = innerField(field(node, 'kind'));
    const value = key === undefined ? undefined : field(node, key);
    if (key === undefined || value === undefined) continue;
    const label = nodeLabel(input, at);
    const tooMuch =
      depth + 1 > graphLimits.depth
        ? `graphs stand inside each other more than ${graphLimits.depth} levels deep; flatten them`
        : budget.nodes < 0
          ? `with the graphs inside its nodes it has over ${graphLimits.allNodes} nodes; use maps, or start parts as runs of their own`
          : undefined;
    if (tooMuch !== undefined) {
      inner.problems.push({ path: ['nodes', at, key], nodes: [label], what: tooMuch });
      break;
    }
    const verdict = inspectLevel(value, { depth: depth + 1, budget });
    if (verdict.graph !== undefined)
      inner.graphs.set(at, { [key]: verdict.graph as unknown as Json });
    for (const problem of verdict.problems)
      inner.problems.push({
        ...problem,
        path: ['nodes', at, key, ...problem.path],
        nodes: [label, ...problem.nodes],
        ...(problem.nodes.length === 0 ? { inside: true } : {}),
      });
  }
  return inner;
}

function innerField(kind: unknown): 'graph' | 'body' | undefined {
  return kind === 'workflow' ? 'graph' : kind === 'loop' ? 'body' : undefined;
}

export interface MissingRoom {
  /** The id of the node; for one inside others, theirs before it: `loop/build`. */
  node: string;
  kind: NodeKind;
  room: string;
}

/** The first node of a checked graph that cannot run yet because its room does not exist, also inside other nodes; null when all can run. */
export function missingRoomOf(graph: Graph): MissingRoom | null {
  for (const node of graph.nodes) {
    const room = missingRooms[node.kind];
    if (room !== undefined) return { node: node.id, kind: node.kind, room };
    const key = innerField(node.kind);
    const value = key === undefined ? undefined : field(node, key);
    const inner = value === undefined ? null : missingRoomOf(value as Graph);
    if (inner !== null) return { ...inner, node: `${node.id}/${inner.node}` };
  }
  return null;
}

const kinds: string = graphSchema.shape.nodes.element.options
  .map((option) => option.shape.kind.value)
  .join(', ');

function shapeProblem(issue: z.core.$ZodIssue, input: unknown): GraphProblem {
  const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
  const [head, index, ...rest] = path;
  const atNode = head === 'nodes' && typeof index === 'number';
  const place = (atNode ? rest : path).join('.');
  const isKind = place === 'kind' && issue.code === 'invalid_union';
  const message = isKind ? `must be one of ${kinds}` : issue.message;
  return {
    path: issue.code === 'unrecognized_keys' ? [...path, ...issue.keys.slice(0, 1)] : path,
    nodes: atNode ? [nodeLabel(input, index)] : [],
    what: `${place === '' ? '' : `${place}: `}${message}`,
  };
}

function nodeLabel(input: unknown, index: number): string {
  const nodes = field(input, 'nodes');
  const id = Array.isArray(nodes) ? field(nodes[index], 'id') : undefined;
  return typeof id === 'string' ? `"${id.slice(0, 64)}"` : `number ${index + 1}`;
}
