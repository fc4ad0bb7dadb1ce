// JSON that crosses a border: bounds checked once, where it enters. Sources: reliability.md 2.4 (depth 32; 15 MB of `{}` blocks 1.4 s).
// I1: what passes here can be stored on both stores and serialised again without an exception.

import { hiveError } from './errors.ts';

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

export const jsonLimits = {
  bytes: 1024 * 1024, // default of HIVE_MAX_PAYLOAD_BYTES: a row stays cheap to read and to log
  depth: 32, // far above real data, far below what breaks serialisers (10,000)
  nodes: 100_000, // bounds the time of validation to some milliseconds
} as const;

/** Serialises a value for storage. Throws INPUT_INVALID (not JSON), INPUT_TOO_LARGE, INPUT_TOO_DEEP or INPUT_NUL; `what` names it for people. */
export function encodeJson(
  value: unknown,
  what: string,
  maxBytes: number = jsonLimits.bytes,
): string {
  checkShape(value, what);
  const text = JSON.stringify(value);
  if (text === undefined)
    throw hiveError('INPUT_INVALID', { message: `${what} is not JSON (${typeof value})` });
  const tooLarge =
    text.length > maxBytes || (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes);
  if (tooLarge) {
    throw hiveError('INPUT_TOO_LARGE', {
      message: `${what} has ${Buffer.byteLength(text)} bytes; the limit is ${maxBytes}`,
    });
  }
  return text;
}

function checkShape(root: unknown, what: string): void {
  let nodes = 0;
  const visit = (value: unknown, depth: number): void => {
    if (++nodes > jsonLimits.nodes || depth > jsonLimits.depth) {
      throw hiveError('INPUT_TOO_DEEP', {
        message: `${what} is over ${jsonLimits.depth} levels or ${jsonLimits.nodes} values`,
      });
    }
    switch (typeof value) {
      case 'string':
        if (value.includes('\u0000'))
          throw hiveError('INPUT_NUL', { message: `${what} contains \\u0000` });
        return;
      case 'number':
        if (!Number.isFinite(value))
          throw hiveError('INPUT_INVALID', {
            message: `${what} contains ${value}, which JSON cannot hold`,
          });
        return;
      case 'boolean':
      case 'undefined': // dropped by JSON.stringify inside objects
        return;
      case 'object':
        if (value === null) return;
        if (Array.isArray(value)) {
          for (const item of value) visit(item, depth + 1);
          return;
        }
        if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return;
        for (const key in value) {
          if (!Object.hasOwn(value, key)) continue;
          if (key.includes('\u0000'))
            throw hiveError('INPUT_NUL', { message: `${what} contains \\u0000` });
          visit((value as Record<string, unknown>)[key], depth + 1);
        }
        return;
      case 'bigint':
      case 'function':
      case 'symbol':
        throw hiveError('INPUT_INVALID', {
          message: `${what} contains a ${typeof value}, which is not JSON`,
        });
    }
  };
  visit(root, 1);
}
