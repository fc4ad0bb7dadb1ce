/** Where two JSON values differ. Pure. */
import type { Json, ValueDiff } from '../contract/index.ts';

/** Places that are named; the values themselves are one command away. */
const MAX_PATHS = 5;

/** The first places, depth first, in the order of the first value's keys. */
export function diffValues(a: Json, b: Json): ValueDiff {
  const paths: string[] = [];
  collect({ a, b }, '', paths);
  return { result: paths.length === 0 ? 'same' : 'differs', paths };
}

function collect({ a, b }: { a: Json; b: Json }, path: string, paths: string[]): void {
  if (paths.length >= MAX_PATHS || a === b) return;
  if (isList(a) && isList(b)) {
    for (let at = 0; at < Math.max(a.length, b.length); at++) {
      step({ a: a[at], b: b[at] }, `${path}[${at}]`, paths);
    }
    return;
  }
  if (isFields(a) && isFields(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      step({ a: a[key], b: b[key] }, path === '' ? key : `${path}.${key}`, paths);
    }
    return;
  }
  paths.push(path);
}

function step(
  { a, b }: { a: Json | undefined; b: Json | undefined },
  path: string,
  paths: string[],
): void {
  if (a !== undefined && b !== undefined) collect({ a, b }, path, paths);
  else if (a !== b && paths.length < MAX_PATHS) paths.push(path);
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
const isFields = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
