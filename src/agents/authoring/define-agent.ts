/** `defineAgent`: one agent as a checked value. Types flow from the schemas into `execute`. */
import { z } from 'zod';
import { agentManifest, hiveError, schemaWords } from '../../contract/index.ts';
import type { AgentManifest, Json, Placement } from '../../contract/index.ts';
import type { AgentContext } from './agent-context.ts';
import { schemaProblems } from './schema-problems.ts';

/** A symbol, not instanceof: survives two copies of the package. */
const AGENT_MARK = Symbol.for('hivewright.agent');

/** Anything but undefined: returning nothing is an error (AGENT_NO_RESULT), null says "no result". */
export type AgentResult = NonNullable<unknown> | null;

export interface AgentSpecification<
  InputSchema extends z.ZodType = z.ZodType<Json, Json>,
  OutputSchema extends z.ZodType = z.ZodType<AgentResult, AgentResult>,
> {
  /** Lower-case letters, digits and `-`. */
  readonly name: string;
  readonly type: string;
  readonly version: string;
  readonly description?: string;
  readonly capabilities: readonly string[];
  /** Checks what comes in; a task that does not match fails with INPUT_INVALID. */
  readonly input?: InputSchema;
  /** Checks what goes out; a result that does not match fails with AGENT_OUTPUT_INVALID. */
  readonly output?: OutputSchema;
  /** `thread` (default): a warm worker, ended at its deadline. `inline`: the hive's own event loop. */
  readonly placement?: Placement;
  /** Tasks that one instance works on at once. */
  readonly concurrency?: number;
  /** What happens to a task that other code of this agent began: `stop` (default) fails it with JOURNAL_MISMATCH, `fresh` starts it afresh; effects stay. */
  readonly onCodeChange?: AgentManifest['onCodeChange'];
  execute(
    context: AgentContext<z.output<InputSchema>>,
  ): z.input<OutputSchema> | Promise<z.input<OutputSchema>>;
}

export interface AgentDefinition<Input = unknown, Output = unknown> {
  readonly manifest: AgentManifest;
  readonly inputSchema: z.ZodType | undefined;
  readonly outputSchema: z.ZodType | undefined;
  execute(context: AgentContext<Input>): Output | Promise<Output>;
}

const schema = z.custom<z.ZodType>(
  (value) => typeof value === 'object' && value !== null && 'safeParse' in value && '_zod' in value,
  'must be a schema, e.g. z.object({ … })',
);

const specification = z.strictObject({
  ...agentManifest.shape,
  input: schema.optional(),
  output: schema.optional(),
  execute: z.custom<() => unknown>(
    (value) => typeof value === 'function',
    'must be a function execute(ctx)',
  ),
});

/** Checks the definition. Throws AGENT_INVALID that names every problem at once. */
export function defineAgent<
  InputSchema extends z.ZodType = z.ZodType<Json, Json>,
  OutputSchema extends z.ZodType = z.ZodType<AgentResult, AgentResult>,
>(
  specified: AgentSpecification<InputSchema, OutputSchema>,
): AgentDefinition<z.output<InputSchema>, z.input<OutputSchema>> {
  const checked = specification.safeParse(specified, { error: schemaWords });
  if (!checked.success) {
    const problems = schemaProblems(checked.error);
    throw hiveError('AGENT_INVALID', {
      message: `the agent ${JSON.stringify(specified?.name ?? null)} is not valid: ${problems.join('; ')}`,
      details: { problems },
    });
  }
  const { input, output, execute: _execute, ...manifest } = checked.data;
  const definition = {
    [AGENT_MARK]: true,
    manifest,
    inputSchema: input,
    outputSchema: output,
    execute: (context: AgentContext<z.output<InputSchema>>) => specified.execute(context),
  };
  return Object.freeze(definition);
}

export function isAgentDefinition(value: unknown): value is AgentDefinition {
  return typeof value === 'object' && value !== null && AGENT_MARK in value;
}
