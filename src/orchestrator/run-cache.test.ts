import { expect, test } from 'vitest';
import type { Store } from '../contract/index.ts';
import { RunCache } from './run-cache.ts';
import type { CachedRun } from './run-cache.ts';

const cache = () => new RunCache({} as Store, () => Promise.resolve([])); // nothing is read here
const copy = (key: number, input: string, inFlight = 0): CachedRun =>
  ({ key, input, inFlight }) as CachedRun; // what eviction looks at

test('copies with large inputs push the oldest out, never one with a change on its way', () => {
  const runs = cache();
  const input = 'x'.repeat(1_048_576);
  runs.put(copy(0, '{}'));
  runs.put(copy(1, '{}', 1));
  for (let key = 2; key < 102; key++) runs.put(copy(key, input));
  const kept = Array.from({ length: 102 }, (_, key) => key).filter((key) => runs.peek(key));
  expect(kept[0]).toBe(1);
  expect(kept.at(-1)).toBe(101);
  expect(kept.length).toBeLessThan(66);
});

test('a copy that is put again or dropped counts once', () => {
  const runs = cache();
  const input = 'x'.repeat(10 * 1_048_576);
  for (let n = 0; n < 100; n++) {
    runs.put(copy(1, input));
    const other = copy(2, input);
    runs.put(other);
    runs.drop(other);
  }
  runs.put(copy(3, '{}'));
  expect([1, 2, 3].filter((key) => runs.peek(key))).toEqual([1, 3]);
});
