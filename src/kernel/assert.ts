// Assertions stay on in production: a broken invariant must stop the work it would corrupt.

import { hiveError } from '../contract/plain.ts';

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw hiveError('INTERNAL', { message: `assertion failed: ${message}` });
}

/** For the default of an exhaustive switch. */
export function unreachable(value: never): never {
  throw hiveError('INTERNAL', { message: `unexpected value ${JSON.stringify(value)}` });
}
