// The one character that no text of the store may hold.

import { hiveError } from '../../contract/plain.ts';

/** PostgreSQL cannot hold NUL in text; both stores refuse it alike. */
export function refuseNul(...texts: readonly (string | null | undefined)[]): void {
  for (const text of texts) {
    if (text?.includes('\u0000') === true)
      throw hiveError('INPUT_NUL', { message: 'a text of the unit contains \\u0000' });
  }
}
