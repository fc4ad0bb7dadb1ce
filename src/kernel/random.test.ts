import { expect, test } from 'vitest';
import { parseCrashPlan } from './crash-plan.ts';
import { seededRandom } from './random.ts';

test('seeded: the same seed the same numbers, evenly spread', () => {
  const [a, b] = [seededRandom(42), seededRandom(42)];
  const buckets = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 100_000; i++) {
    const value = a();
    expect(value).toBe(b());
    const bucket = Math.floor(value * 10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  expect(seededRandom(43)()).not.toBe(seededRandom(42)());
});

test('a crash plan names a known point; a pass before its number is harmless', () => {
  expect(() => parseCrashPlan('C99:1')).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  );
  expect(() => parseCrashPlan('toString')).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  );
  const plan = parseCrashPlan('C2:3');
  plan('C2');
  plan('C2');
  plan('C9');
});
