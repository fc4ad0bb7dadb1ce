/** From what an agent returned or threw to the outcome that is stored. Pure. */
import {
  encodeJson,
  hiveError,
  isHiveError,
  schemaWords,
  toHiveError,
} from '../../contract/index.ts';
import type {
  AttemptOutcome,
  ErrorCode,
  ErrorRecord,
  HiveError,
  JournalStep,
} from '../../contract/index.ts';
import type { AgentDefinition } from '../authoring/define-agent.ts';
import { schemaProblems } from '../authoring/schema-problems.ts';

/** An error is read by people and kept with the task; a page is enough. */
const MAX_MESSAGE_CHARS = 2_000;
const MAX_DETAILS_CHARS = 8_000;

/** The stored form of anything thrown: no NUL (no store keeps it), bounded, details that are JSON. */
export function errorRecord(thrown: unknown, fallback: ErrorCode): ErrorRecord {
  const { details, ...record } = toHiveError(thrown, fallback).toRecord();
  const message = tidy(record.message).slice(0, MAX_MESSAGE_CHARS);
  const kept = details === undefined ? undefined : jsonDetails(details);
  return { ...record, message, ...(kept === undefined ? {} : { details: kept }) };
}

export function failed(thrown: unknown, fallback: ErrorCode = 'AGENT_THREW'): AttemptOutcome {
  return { status: 'failed', error: errorRecord(thrown, fallback) };
}

/** The outcome with the rows that were not yet written (R4), where it can carry them. */
export function withSteps(outcome: AttemptOutcome, steps: readonly JournalStep[]): AttemptOutcome {
  if (steps.length === 0) return outcome;
  switch (outcome.status) {
    case 'succeeded':
    case 'failed':
    case 'uncertain':
      return { ...outcome, steps };
    case 'suspended':
    case 'cancelled':
    case 'timeout':
    case 'crashed':
      return outcome;
    default:
      return outcome satisfies never;
  }
}

/** The input as the schema gives it (defaults filled in). Throws INPUT_INVALID. */
export function checkedInput(definition: AgentDefinition, input: unknown): unknown {
  if (definition.inputSchema === undefined) return input;
  const parsed = definition.inputSchema.safeParse(input, { error: schemaWords });
  if (parsed.success) return parsed.data;
  throw hiveError('INPUT_INVALID', {
    message: `the input of ${definition.manifest.name} is not valid: ${schemaProblems(parsed.error).join('; ')}`,
  });
}

/** The outcome of a returned value: checked against the schema and the limits, as JSON text. */
export function returned(
  definition: AgentDefinition,
  value: unknown,
  maxBytes: number,
): AttemptOutcome {
  const { name } = definition.manifest;
  if (value === undefined) {
    return failed(
      hiveError('AGENT_NO_RESULT', { message: `the agent ${name} returned nothing (undefined)` }),
    );
  }
  try {
    const checked = checkedOutput(definition, value);
    return {
      status: 'succeeded',
      result: agentJson(checked, `the result of ${name}`, maxBytes),
    };
  } catch (error) {
    return failed(error, 'AGENT_OUTPUT_INVALID');
  }
}

/** JSON text of a value that an agent made. Throws AGENT_OUTPUT_INVALID, or INPUT_TOO_LARGE. */
export function agentJson(value: unknown, what: string, maxBytes: number): string {
  try {
    return encodeJson(value, what, maxBytes);
  } catch (error) {
    if (isHiveError(error) && error.code === 'INPUT_TOO_LARGE') throw error;
    throw outputInvalid(error instanceof Error ? error.message : String(error), error);
  }
}

function checkedOutput(definition: AgentDefinition, value: unknown): unknown {
  if (definition.outputSchema === undefined) return value;
  const parsed = definition.outputSchema.safeParse(value, { error: schemaWords });
  if (parsed.success) return parsed.data;
  throw outputInvalid(
    `the result of ${definition.manifest.name} does not match its output schema: ${schemaProblems(parsed.error).join('; ')}`,
    parsed.error,
  );
}

function outputInvalid(message: string, cause: unknown): HiveError {
  return hiveError('AGENT_OUTPUT_INVALID', { message, cause });
}

function jsonDetails(
  details: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | undefined {
  try {
    const text = JSON.stringify(details);
    if (text.length > MAX_DETAILS_CHARS) return { omitted: 'the details were too long to keep' };
    return JSON.parse(text.replaceAll('\\u0000', '')) as Record<string, unknown>;
  } catch {
    return undefined; // cyclic or throwing details say nothing that could be stored
  }
}

function tidy(text: string): string {
  return text.replaceAll('\u0000', '\u2400').toWellFormed();
}
