// Which errors mean that the store, not the work, is to blame: such work is given back or sent again, never ended.

import { isHiveError } from '../contract/index.ts';
import type { ErrorCode } from '../contract/index.ts';

const storeTrouble: ReadonlySet<string> = new Set([
  'STORE_UNAVAILABLE',
  'STORE_FULL',
  'QUEUE_FULL',
] satisfies ErrorCode[]);

/** Whether the store, not the work, is to blame. */
export function isStoreTrouble(error: unknown): boolean {
  return isHiveError(error) && storeTrouble.has(error.code);
}
