// Conditions and computed inputs of workflows: CEL by a library, over JSON values. A second front door of kernel (test/architecture/layers.ts), so that
// worker threads, which need none of it, do not load the library.
//
// E5 An expression reads own fields of the variables it is given and nothing else: no prototype, no global, no clock. E6 The same expression over the same
// values gives the same result. E7 It ends in bounded time and memory (expression-guard.ts). E8 Numbers behave as people expect of JSON: whole and
// broken ones mix, and results are plain numbers.

import { Environment } from '@marcbachmann/cel-js';
import type { ASTNode, ParseResult } from '@marcbachmann/cel-js';
import { hiveError } from '../contract/plain.ts';
import { isTooHeavy, scanExpression } from './expression-guard.ts';
import type { ExpressionFacts } from './expression-guard.ts';

/** As contract's Json, which its plain door does not carry. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const limits = {
  maxAstNodes: 200,
  maxDepth: 20,
  maxListElements: 100,
  maxMapEntries: 100,
  maxCallArguments: 16,
};
const MAX_COMPILED = 1_000; // expressions of some dozen workflows
const MAX_ENVIRONMENTS = 100; // sets of variables; there are about six
const RESULT_VALUES = 100_000; // as one JSON document (jsonLimits)
const RESULT_CHARS = 1_048_576;
const RESULT_DEPTH = 32;
const FIELDS_SHOWN = 20;

interface Compiled {
  run: ParseResult;
  facts: ExpressionFacts;
  problems: readonly string[];
}

const environments = new Map<string, Environment>();
const compiled = new Map<string, Compiled | { problems: readonly string[] }>();

/** What is wrong with an expression, one line per problem; empty when it can be evaluated with these variables. */
export function checkExpression(text: string, variables: readonly string[]): string[] {
  return [...compile(text, variables).problems];
}

/**
 * The value of an expression. Throws EXPRESSION_FAILED with the expression, what went wrong and, where a field is missing, which fields there are;
 * details: {expression, variables}.
 */
export function evaluateExpression(text: string, variables: Readonly<Record<string, Json>>): Json {
  const names = Object.keys(variables);
  const made = compile(text, names);
  if (!('run' in made) || made.problems.length > 0)
    throw failed(text, names, made.problems.join('; '));
  if (isTooHeavy(made.facts, variables))
    throw failed(
      text,
      names,
      'its loops would work on too much data; let an agent do that, or name the field that it needs',
    );
  let value: unknown;
  try {
    value = made.run(variables);
  } catch (error) {
    throw failed(text, names, runtimeProblem(text, variables, error));
  }
  try {
    return toJson(value, { values: 0, chars: 0 }, 0);
  } catch (error) {
    throw failed(text, names, error instanceof Error ? error.message : String(error));
  }
}

/** The first-level fields of a variable that an expression names, each once: for `from` the nodes whose results it reads. Empty when it has a syntax error. */
export function referencedFields(text: string, variable: string): string[] {
  const made = compile(text, [variable]);
  if (!('facts' in made)) return [];
  const fields = made.facts.references
    .filter((each) => each.variable === variable)
    .flatMap(({ field }) => field ?? []);
  return [...new Set(fields)];
}

function failed(text: string, variables: readonly string[], what: string): Error {
  return hiveError('EXPRESSION_FAILED', {
    message: `The expression \`${text}\` cannot be computed: ${what}`,
    details: { expression: text, variables },
  });
}

function compile(
  text: string,
  variables: readonly string[],
): Compiled | { problems: readonly string[] } {
  const names = variables.join(' ');
  const key = `${names}\n${text}`;
  const found = compiled.get(key);
  if (found !== undefined) return found;
  const made = compileFresh(text, environmentFor(variables, names));
  dropOldest(compiled, MAX_COMPILED);
  compiled.set(key, made);
  return made;
}

function compileFresh(
  text: string,
  environment: Environment,
): Compiled | { problems: readonly string[] } {
  try {
    const run = environment.parse(text);
    const facts = scanExpression(run.ast);
    const checked = run.check();
    const problems = checked.valid ? [] : [problemText(text, checked.error)];
    return { run, facts, problems: [...facts.problems, ...problems] };
  } catch (error) {
    return { problems: [problemText(text, error)] };
  }
}

function environmentFor(variables: readonly string[], names: string): Environment {
  const found = environments.get(names);
  if (found !== undefined) return found;
  const made = new Environment({ homogeneousAggregateLiterals: false, limits });
  for (const name of variables) made.registerVariable(name, 'dyn');
  const mixed: [string, (a: number, b: number) => number][] = [
    ['+', (a, b) => a + b],
    ['-', (a, b) => a - b],
    ['*', (a, b) => a * b],
    ['/', (a, b) => a / b],
    ['%', (a, b) => a % b],
  ];
  for (const [sign, compute] of mixed) {
    const handler = (a: unknown, b: unknown): number => compute(Number(a), Number(b));
    made.registerOperator(`double ${sign} int: double`, handler);
    made.registerOperator(`int ${sign} double: double`, handler);
  }
  made.registerOperator('double % double: double', (a: number, b: number) => a % b);
  dropOldest(environments, MAX_ENVIRONMENTS);
  environments.set(names, made);
  return made;
}

function dropOldest<T>(cache: Map<string, T>, limit: number): void {
  const oldest = cache.size >= limit ? cache.keys().next() : undefined;
  if (oldest?.done === false) cache.delete(oldest.value);
}

/** The library's errors: `summary` is without the drawing of the place. */
function problemText(text: string, error: unknown): string {
  const { summary, range } = error as { summary?: string; range?: { start: number } };
  const what = summary ?? (error instanceof Error ? error.message : String(error));
  const at = range === undefined || text.length < 40 ? '' : ` (at character ${range.start + 1})`;
  return `${what.charAt(0).toLowerCase()}${what.slice(1)}${at}`;
}

function runtimeProblem(
  text: string,
  variables: Readonly<Record<string, Json>>,
  error: unknown,
): string {
  const { code, node } = error as { code?: string; node?: ASTNode };
  if (code === 'no_such_overload' && node?.op === '+')
    return `${problemText(text, error)}; use string(…) to put a number into a text`;
  if (code !== 'no_such_key' || node === undefined) return problemText(text, error);
  const missing = firstMissing(node, variables);
  if (missing === undefined) return problemText(text, error);
  const { path, key, fields } = missing;
  const there =
    fields.length === 0
      ? `${path} has no fields`
      : `${path} has ${fields.slice(0, FIELDS_SHOWN).join(', ')}${fields.length > FIELDS_SHOWN ? `, and ${fields.length - FIELDS_SHOWN} more` : ''}`;
  return `there is no \`${key}\` in ${path}: ${there}; use has(${path}.${key}) where it may be missing`;
}

interface Missing {
  path: string;
  key: string;
  fields: string[];
}

/** Follows a path like input.a.b to the field that is not there. Undefined when it is no plain path. */
function firstMissing(
  node: ASTNode,
  variables: Readonly<Record<string, Json>>,
): Missing | undefined {
  const keys: string[] = [];
  let at = node;
  while (at.op === '.' || at.op === '[]') {
    const [of, key] = at.args;
    if (typeof key === 'string') keys.unshift(key);
    else if (key.op === 'value' && typeof key.args === 'string') keys.unshift(key.args);
    else return undefined;
    at = of;
  }
  if (at.op !== 'id' || !Object.hasOwn(variables, at.args)) return undefined;
  let path = at.args;
  let value = variables[at.args];
  for (const key of keys) {
    const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
    const record = isRecord ? (value as Readonly<Record<string, Json>>) : {};
    if (!Object.hasOwn(record, key)) return { path, key, fields: Object.keys(record) };
    value = record[key];
    path = `${path}.${key}`;
  }
  return undefined;
}

interface Spent {
  values: number;
  chars: number;
}

/** What CEL computes with -> JSON. Throws a plain Error that says why it cannot be one. */
function toJson(value: unknown, spent: Spent, depth: number): Json {
  spend(spent, { values: 1, depth });
  switch (typeof value) {
    case 'string':
      spend(spent, { chars: value.length, depth });
      return value;
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new Error(`the result is ${value}, which JSON cannot hold`);
    case 'bigint':
      if (Number.isSafeInteger(Number(value))) return Number(value);
      throw new Error(`the result ${value} is too large for a JSON number; use string(…)`);
    case 'object':
      return objectToJson(value, spent, depth);
    case 'undefined':
    case 'function':
    case 'symbol':
    default:
      throw new Error(`the result is a ${typeof value}, which is not JSON`);
  }
}

function objectToJson(value: object | null, spent: Spent, depth: number): Json {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((each) => toJson(each, spent, depth + 1));
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Map || isPlain(value)) {
    const entries = value instanceof Map ? [...value] : Object.entries(value);
    return Object.fromEntries(
      entries.map(([key, each]): [string, Json] => {
        spend(spent, { chars: String(key).length, depth });
        return [String(key), toJson(each, spent, depth + 1)];
      }),
    );
  }
  const kind = value.constructor.name;
  if (kind === 'UnsignedInteger' || kind === 'UnsignedInt') return Number(value.valueOf());
  throw new Error(`the result is of type ${kind}, which is not JSON; use string(…) or size(…)`);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function spend(spent: Spent, more: { values?: number; chars?: number; depth: number }): void {
  spent.values += more.values ?? 0;
  spent.chars += more.chars ?? 0;
  if (spent.values > RESULT_VALUES || spent.chars > RESULT_CHARS || more.depth > RESULT_DEPTH)
    throw new Error(
      `the result is over ${RESULT_VALUES} values, ${RESULT_CHARS} characters or ${RESULT_DEPTH} levels`,
    );
}
