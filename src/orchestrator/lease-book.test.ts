import { expect, test } from 'vitest';
import type { ClaimedTask } from '../contract/index.ts';
import { LeaseBook } from './lease-book.ts';

const claimed = (key: number, fence: number): ClaimedTask => ({ key, fence }) as ClaimedTask; // what the book looks at

test('a renewal that finds an old lease does not stop the attempt that came after it', () => {
  const book = new LeaseBook();
  for (const key of [1, 2, 3]) book.add(claimed(key, 1), 'a');
  const sent = book.leases();
  const [slept, , ended] = book.all();
  if (slept === undefined || ended === undefined) throw new Error('not held');
  book.remove(slept);
  const again = book.add(claimed(1, 2), 'a');
  book.remove(ended);
  const stale = book.stillStale(sent, [1, 2, 3]);
  expect(stale).toEqual([2, 3]);
  book.revoke(stale);
  expect(again.isRevoked).toBe(false);
  expect(book.size).toBe(1);
});
