import fc from 'fast-check';
import { expect, test } from 'vitest';
import { retryPresets } from '../contract/index.ts';
import type { RetryPolicy } from '../contract/index.ts';
import { backoffMs } from './backoff.ts';
import { seededRandom } from './random.ts';

const policy: RetryPolicy = { maxAttempts: 5, waitsMs: [100, 200], jitter: 'none' };

test('the waits in order, the last one repeats, null when the attempts are used up', () => {
  expect([1, 2, 3, 4, 5, 6].map((failures) => backoffMs(policy, failures, () => 0.5))).toEqual([
    100,
    200,
    200,
    200,
    null,
    null,
  ]);
});

test('full jitter lies between nothing and the bound', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(retryPresets)),
      fc.integer({ min: 1, max: 10 }),
      fc.integer(),
      (preset, failures, seed) => {
        const wait = backoffMs(preset, failures, seededRandom(seed));
        if (failures >= preset.maxAttempts) expect(wait).toBeNull();
        else {
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(wait).toBeLessThanOrEqual(Math.max(0, ...preset.waitsMs));
          expect(Number.isInteger(wait)).toBe(true);
        }
      },
    ),
  );
});

test('the extremes of the randomness give the extremes of the wait', () => {
  const jittered: RetryPolicy = { ...policy, jitter: 'full' };
  expect(backoffMs(jittered, 2, () => 0)).toBe(0);
  expect(backoffMs(jittered, 2, () => 0.999_999)).toBe(200);
});

test('one attempt means no retry', () => {
  expect(backoffMs(retryPresets.none, 1, () => 0.5)).toBeNull();
});
