// What a schema found wrong, in the words of this product: the same as those of schema-mismatches.ts, for values that a program or a person wrote.
// Given to `safeParse` as `{ error: schemaWords }`; a message that stands at the schema itself wins over these.

import type { z } from 'zod';
import { describe, typeWords } from './schema-mismatches.ts';
import type { Json } from './json.ts';

const MAX_CHOICES_CHARS = 300;

const words: Readonly<Record<string, string>> = {
  ...typeWords,
  int: 'a whole number',
  record: 'an object',
  tuple: 'a list',
};
const parts: Readonly<Record<string, string>> = {
  string: 'character',
  array: 'item',
  record: 'field',
  object: 'field',
};

/** Undefined: the schema library's own words are good enough. */
export function schemaWords(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') {
    if (issue.input === undefined) return 'is missing';
    const wanted = words[issue.expected];
    return wanted === undefined ? undefined : `must be ${wanted}, not ${shown(issue.input)}`;
  }
  if (issue.code === 'too_small')
    return bound(issue.origin, { limit: issue.minimum, word: 'at least' });
  if (issue.code === 'too_big')
    return bound(issue.origin, { limit: issue.maximum, word: 'at most' });
  if (issue.code === 'invalid_value') {
    const choices = issue.values.map((each) => JSON.stringify(each)).join(', ');
    if (issue.input === undefined) return `is missing; it is one of ${choices}`;
    return `must be ${issue.values.length === 1 ? '' : 'one of '}${choices.slice(0, MAX_CHOICES_CHARS)}`;
  }
  if (issue.code === 'unrecognized_keys')
    return `unknown ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}; remove it or correct its name`;
  return undefined;
}

/** A value of a program may be anything, also what JSON cannot say. */
function shown(value: unknown): string {
  const isJson = ['object', 'string', 'boolean'].includes(typeof value);
  if (isJson) return describe(value as Json);
  return typeof value === 'number' ? String(value) : `a ${typeof value}`;
}

function bound(
  origin: string,
  { limit, word }: { limit: number | bigint; word: string },
): string | undefined {
  if (origin === 'number' || origin === 'int') return `must be ${word} ${limit}`;
  const part = parts[origin];
  return part === undefined
    ? undefined
    : `must have ${word} ${limit} ${part}${Number(limit) === 1 ? '' : 's'}`;
}
