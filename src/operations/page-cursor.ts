/** Cursors of lists: the keys after which the next page goes on, as opaque text. */
import { hiveError } from '../contract/index.ts';

export function encodeCursor(parts: Readonly<Record<string, number>>): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** The key stored under `name`, or undefined without a cursor. Throws INPUT_INVALID for text of other origin. */
export function cursorPart(cursor: string | undefined, name: string): number | undefined {
  if (cursor === undefined) return undefined;
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const value = (parts as Record<string, unknown> | null)?.[name];
    if (Number.isSafeInteger(value)) return Number(value);
  } catch {
    // falls through: not one of ours
  }
  throw hiveError('INPUT_INVALID', {
    message: 'cursor: not a cursor of this list; leave it out to start at the first page',
  });
}
