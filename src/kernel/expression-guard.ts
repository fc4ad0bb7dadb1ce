// What an expression may look like, and how much data it may work on: the bounds that the CEL library does not have. Only expressions.ts uses this.
//
// CEL always ends, but it may end late: loops inside loops, a regular expression, or texts and lists that double at each step would hold the event
// loop. E1 No loop inside a loop. E2 No regular expressions, no byte strings, no cel.bind. E3 What grows inside a loop grows once. E4 Loops work on a
// bounded amount of data, less when each turn reads data from outside of the loop.

import type { ASTNode } from '@marcbachmann/cel-js';
import { unreachable } from './assert.ts';

const LOOPS = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);
const REFUSED: Readonly<Record<string, string>> = {
  matches: 'matches() is not available here; use contains, startsWith or endsWith',
  bind: 'cel.bind() is not available here; write the value out',
  bytes: 'bytes are not available here; use strings',
  json: 'json() is not available here; pass the value as JSON',
};
const MAX_PLUS_IN_LOOP = 8; // a sum of a few fields; each may double a text
const WEIGHT_OF_LOOPS = 100_000; // values of one JSON document (jsonLimits.nodes)
const WEIGHT_WITH_OUTER = 20_000; // two lists of 10,000: some 10^8 comparisons at worst, below a second
const WEIGHT_WITH_GROWTH = 2_000; // two lists of 1,000, joined at each turn: some megabytes
const CHARS_PER_VALUE = 32; // texts count as so many values

/** Where an expression reads a variable: its name and, when the expression names it, the first field. */
export interface Reference {
  variable: string;
  field: string | undefined;
}

export interface ExpressionFacts {
  references: readonly Reference[];
  problems: readonly string[];
  /** How much data its loops may work on; undefined: it has no loop. */
  maxWeight: number | undefined;
  /** It cuts texts into characters: texts count by their length. */
  splits: boolean;
}

interface Scan {
  references: Reference[];
  problems: Set<string>;
  loops: number;
  growing: number;
  outer: number;
  splits: boolean;
}

/** Walks the tree once. The library bounds its size and depth before. */
export function scanExpression(root: ASTNode): ExpressionFacts {
  const scan: Scan = {
    references: [],
    problems: new Set(),
    loops: 0,
    growing: 0,
    outer: 0,
    splits: false,
  };
  visit(scan, root, { own: new Set(), loop: undefined });
  if (scan.growing > 1) scan.problems.add('only one of its loops may use +');
  return {
    references: scan.references,
    problems: [...scan.problems],
    maxWeight: scan.loops === 0 ? undefined : weightOf(scan),
    splits: scan.splits,
  };
}

function weightOf({ outer, growing }: Scan): number {
  if (outer === 0) return WEIGHT_OF_LOOPS;
  return Math.ceil((growing > 0 ? WEIGHT_WITH_GROWTH : WEIGHT_WITH_OUTER) / outer);
}

interface Scope {
  /** Names of loop variables. */
  own: ReadonlySet<string>;
  /** The loop whose body this is. */
  loop: { plus: number } | undefined;
}

function visit(scan: Scan, node: ASTNode, scope: Scope): void {
  const each = (nodes: readonly ASTNode[]): void => {
    for (const inner of nodes) visit(scan, inner, scope);
  };
  switch (node.op) {
    case 'value':
      if (node.args instanceof Uint8Array) scan.problems.add(REFUSED['bytes'] ?? '');
      return;
    case 'id':
      return refer(scan, { variable: node.args, field: undefined }, scope);
    case '.':
    case '.?':
      return visitField(scan, scope, { of: node.args[0], field: node.args[1] });
    case '[]':
    case '[?]': {
      const [of, key] = node.args;
      visitField(scan, scope, {
        of,
        field: key.op === 'value' && typeof key.args === 'string' ? key.args : undefined,
      });
      return visit(scan, key, scope);
    }
    case 'call':
      refuse(scan, node.args[0], scope);
      return each(node.args[1]);
    case 'rcall': {
      const [name, of, args] = node.args;
      if (LOOPS.has(name)) return visitLoop(scan, scope, { of, args });
      refuse(scan, name, scope);
      visit(scan, of, scope);
      return each(args);
    }
    case 'map':
      return each(node.args.flat());
    case 'list':
    case '?:':
    case '||':
    case '&&':
      return each(node.args);
    case '!_':
    case '-_':
      return visit(scan, node.args, scope);
    case '+':
      if (scope.loop !== undefined) scope.loop.plus++;
      return each(node.args);
    case '-':
    case '*':
    case '/':
    case '%':
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case 'in':
      return each(node.args);
    default:
      return unreachable(node);
  }
}

function visitField(
  scan: Scan,
  scope: Scope,
  access: { of: ASTNode; field: string | undefined },
): void {
  const { of, field } = access;
  if (of.op === 'id') refer(scan, { variable: of.args, field }, scope);
  else visit(scan, of, scope);
}

function visitLoop(
  scan: Scan,
  scope: Scope,
  loop: { of: ASTNode; args: readonly ASTNode[] },
): void {
  visit(scan, loop.of, scope);
  const [name, ...body] = loop.args;
  if (scope.loop !== undefined)
    scan.problems.add('a loop (map, filter, all, exists, exists_one) cannot stand inside another');
  scan.loops++;
  const inner: Scope = {
    own: name?.op === 'id' ? new Set([...scope.own, name.args]) : scope.own,
    loop: { plus: 0 },
  };
  for (const each of body) visit(scan, each, inner);
  const { plus } = inner.loop ?? { plus: 0 };
  if (plus > 0) scan.growing++;
  if (plus > MAX_PLUS_IN_LOOP)
    scan.problems.add(`a loop may use + at most ${MAX_PLUS_IN_LOOP} times`);
}

function refer(scan: Scan, reference: Reference, scope: Scope): void {
  if (scope.own.has(reference.variable)) return;
  scan.references.push(reference);
  if (scope.loop !== undefined) scan.outer++;
}

function refuse(scan: Scan, name: string, scope: Scope): void {
  if (Object.hasOwn(REFUSED, name)) scan.problems.add(REFUSED[name] ?? '');
  if (name !== 'split' && name !== 'join') return;
  scan.splits = true;
  if (scope.loop !== undefined) scan.problems.add(`${name}() cannot stand inside a loop`);
}

/** How much data a value is, at most `limit` + 1. */
export function weigh(value: unknown, limit: number, charsPerValue: number): number {
  let weight = 0;
  const open = [value];
  while (open.length > 0 && weight <= limit) {
    const next = open.pop();
    weight += typeof next === 'string' ? 1 + Math.floor(next.length / charsPerValue) : 1;
    if (typeof next !== 'object' || next === null) continue;
    const inner = Array.isArray(next) ? (next as unknown[]) : Object.values(next);
    if (inner.length > limit) return limit + 1;
    for (const each of inner) open.push(each);
  }
  return weight;
}

/** Whether the loops of an expression may work on this data; only what it refers to counts. */
export function isTooHeavy(
  facts: ExpressionFacts,
  variables: Readonly<Record<string, unknown>>,
): boolean {
  if (facts.maxWeight === undefined) return false;
  const seen = new Set<string>();
  let weight = 0;
  for (const { variable, field } of facts.references) {
    const key = JSON.stringify([variable, field]);
    if (seen.has(key)) continue;
    seen.add(key);
    const whole = variables[variable];
    const isRecord = typeof whole === 'object' && whole !== null && !Array.isArray(whole);
    const part =
      field !== undefined && isRecord ? (whole as Readonly<Record<string, unknown>>)[field] : whole;
    weight += weigh(part, facts.maxWeight, facts.splits ? 1 : CHARS_PER_VALUE);
    if (weight > facts.maxWeight) return true;
  }
  return false;
}
