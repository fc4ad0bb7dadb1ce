/** What the hive's own agent gets for a control node, and how the node's expressions see it. */
import { z } from 'zod';
import { hiveError } from '../../contract/index.ts';
import type { FlowNode, Json } from '../../contract/index.ts';
import { evaluateExpression } from '../../kernel/expressions.ts';

const flowKinds: ReadonlySet<string> = new Set([
  'decision',
  'approval',
  'wait',
  'workflow',
  'loop',
] satisfies FlowNode['kind'][]);

/** Orchestrator made it of a checked graph and of stored results, so only its shape is looked at. */
const json = z.custom<Json>((value) => value !== undefined);

export const flowInput = z.object({
  node: z.custom<FlowNode>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      'kind' in value &&
      flowKinds.has(String(value.kind)),
    `must be a node of kind ${[...flowKinds].join(', ')}`,
  ),
  /** Results by node id. */
  from: z.record(z.string(), json),
  run: z.object({ id: z.string(), input: json }),
});
export type FlowInput = z.output<typeof flowInput>;

export type FlowTask<Kind extends FlowNode['kind']> = FlowInput & {
  readonly node: Extract<FlowNode, { kind: Kind }>;
};

/** The value of an expression over `input` (of the run), `from`, `run` and what is given beside. Throws EXPRESSION_FAILED. */
export function evaluated(
  text: string,
  { from, run }: FlowInput,
  beside: Readonly<Record<string, Json>> = {},
): Json {
  return evaluateExpression(text, { input: run.input, from, run: { id: run.id }, ...beside });
}

/** As `evaluated`, for conditions. Throws EXPRESSION_FAILED when it is neither true nor false. */
export function holds(
  text: string,
  input: FlowInput,
  beside: Readonly<Record<string, Json>> = {},
): boolean {
  const value = evaluated(text, input, beside);
  if (typeof value === 'boolean') return value;
  throw hiveError('EXPRESSION_FAILED', {
    message: `the condition ${text} of node ${input.node.id} gave ${describe(value)}, not true or false`,
  });
}

/** Every expression of a record. Throws EXPRESSION_FAILED. */
export function evaluatedFields(
  fields: Readonly<Record<string, string>>,
  input: FlowInput,
): { [name: string]: Json } {
  return Object.fromEntries(
    Object.entries(fields).map(([name, text]) => [name, evaluated(text, input)]),
  );
}

/** Input of the child runs of a node: its computed fields over its fixed ones, else what is fixed, else the run's. Throws EXPRESSION_FAILED. */
export function childInput(task: FlowTask<'workflow'> | FlowTask<'loop'>): Json {
  const { node, run } = task;
  const fixed = node.input as Json;
  if (node.inputs === undefined) return fixed ?? run.input;
  const base = isObject(fixed) ? fixed : {};
  return { ...base, ...evaluatedFields(node.inputs, task) };
}

function isObject(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function describe(value: Json): string {
  return JSON.stringify(value).slice(0, 200);
}
