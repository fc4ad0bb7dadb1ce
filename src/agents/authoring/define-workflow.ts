/**
 * `defineWorkflow`: a workflow as a checked value, for files that are code. Schemas may be zod's, and graphs inside
 * nodes may be other workflows. Only the shape is checked here; names, cycles and expressions are when it starts.
 */
import { z } from 'zod';
import { graph as graphSchema, hiveError, schemaWords } from '../../contract/index.ts';
import type { Graph, GraphInput, JsonSchema } from '../../contract/index.ts';

/** A symbol, not instanceof: survives two copies of the package. */
const WORKFLOW_MARK = Symbol.for('hivewright.workflow');

/** A screen of problems is enough to start with. */
const MAX_PROBLEMS = 20;
/** Workflows inside workflows; the check at the start allows 8. */
const MAX_DEPTH = 20;

export interface WorkflowDefinition {
  /** Plain data, with defaults filled in. */
  readonly graph: Graph;
}

type SchemaSource = JsonSchema | z.ZodType;
type NodeOf<Node> = {
  [Field in keyof Node]: Field extends 'output' | 'form'
    ? Node[Field] | z.ZodType
    : Field extends 'graph' | 'body'
      ? Node[Field] | WorkflowDefinition | WorkflowSpecification
      : Node[Field];
};
export type WorkflowNode = NodeOf<GraphInput['nodes'][number]>;
export type WorkflowSpecification = Omit<GraphInput, 'input' | 'nodes'> & {
  /** Schema of the run's input. */
  readonly input?: SchemaSource;
  readonly nodes: readonly WorkflowNode[];
};

/** Throws GRAPH_INVALID that names every problem of shape at once. */
export function defineWorkflow(specified: WorkflowSpecification): WorkflowDefinition {
  const problems: string[] = [];
  const plain = plainGraph(specified, { problems, where: '', depth: 0 });
  const parsed = graphSchema.safeParse(plain, { error: schemaWords });
  if (!parsed.success)
    problems.push(...parsed.error.issues.map((issue) => problemText(issue, plain)));
  if (problems.length > 0 || !parsed.success) throw invalid(specified, problems);
  const definition = { [WORKFLOW_MARK]: true, graph: frozenCopy(parsed.data) };
  return Object.freeze(definition);
}

export function isWorkflowDefinition(value: unknown): value is WorkflowDefinition {
  return typeof value === 'object' && value !== null && WORKFLOW_MARK in value;
}

function invalid(specified: unknown, problems: readonly string[]): Error {
  const { name } = fieldsOf(specified);
  const shown = problems.slice(0, MAX_PROBLEMS);
  const more = problems.length > shown.length ? [`and ${problems.length - shown.length} more`] : [];
  return hiveError('GRAPH_INVALID', {
    message: `the workflow ${JSON.stringify(name ?? null)} is not valid: ${[...shown, ...more].join('; ')}`,
    details: { problems: shown },
  });
}

interface Place {
  problems: string[];
  where: string;
  depth: number;
}

/** The specification with JSON in the place of zod schemas and workflows. */
function plainGraph(value: unknown, place: Place): unknown {
  if (isWorkflowDefinition(value)) return value.graph;
  if (!isObject(value)) return value;
  if (place.depth > MAX_DEPTH) {
    place.problems.push(`${place.where}a workflow contains itself, or others too deeply`);
    return null;
  }
  const { nodes } = value;
  const plain: Record<string, unknown> = { ...value };
  replace(plain, 'input', (schema) =>
    plainSchema(schema, { ...place, where: `${place.where}input` }),
  );
  if (Array.isArray(nodes))
    plain['nodes'] = (nodes as readonly unknown[]).map((node) => plainNode(node, place));
  return plain;
}

function plainNode(node: unknown, place: Place): unknown {
  if (!isObject(node)) return node;
  const where = `${place.where}node ${JSON.stringify(node['id'] ?? null)}: `;
  const plain = { ...node };
  for (const field of ['output', 'form'])
    replace(plain, field, (schema) => plainSchema(schema, { ...place, where: `${where}${field}` }));
  for (const field of ['graph', 'body'])
    replace(plain, field, (graph) =>
      plainGraph(graph, { ...place, where, depth: place.depth + 1 }),
    );
  return plain;
}

function replace(
  fields: Record<string, unknown>,
  name: string,
  change: (value: unknown) => unknown,
): void {
  if (fields[name] !== undefined) fields[name] = change(fields[name]);
}

function plainSchema(schema: unknown, { problems, where }: Place): unknown {
  if (!isZod(schema)) return schema;
  try {
    const { $schema: _version, ...rest } = z.toJSONSchema(schema, { io: 'input' });
    return rest;
  } catch (error) {
    problems.push(
      `${where}: this schema cannot be written as JSON Schema (${error instanceof Error ? error.message : String(error)}); use objects, lists, texts, numbers and choices`,
    );
    return {};
  }
}

function problemText(issue: z.core.$ZodIssue, plain: unknown): string {
  const [head, at, ...rest] = issue.path;
  const { message } = issue;
  if (head !== 'nodes' || typeof at !== 'number')
    return issue.path.length === 0 ? message : `${issue.path.map(String).join('.')}: ${message}`;
  const { nodes } = fieldsOf(plain);
  const { id } = fieldsOf(Array.isArray(nodes) ? (nodes as unknown[])[at] : undefined);
  const label = typeof id === 'string' ? `node "${id.slice(0, 64)}"` : `node number ${at + 1}`;
  return `${label}: ${rest.length === 0 ? '' : `${rest.map(String).join('.')}: `}${message}`;
}

function frozenCopy(value: Graph): Graph {
  return JSON.parse(JSON.stringify(value), (_key, each: unknown) =>
    typeof each === 'object' && each !== null ? Object.freeze(each) : each,
  ) as Graph;
}

function isZod(value: unknown): value is z.ZodType {
  return isObject(value) && '_zod' in value && 'safeParse' in value;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
