import { expect, test } from 'vitest';
import { idBytes } from '../contract/index.ts';
import { manualClock } from './clock.ts';
import { idSource } from './id-source.ts';
import { seededRandom } from './random.ts';

test('ids are UUIDv7: time, version and variant where RFC 9562 wants them', () => {
  const clock = manualClock(0x01_89_0a_5d_ac_96);
  const bytes = idBytes('task', idSource(clock).make('task'));
  expect([...bytes.subarray(0, 6)]).toEqual([0x01, 0x89, 0x0a, 0x5d, 0xac, 0x96]);
  expect((bytes[6] ?? 0) >> 4).toBe(7);
  expect((bytes[8] ?? 0) >> 6).toBe(2);
});

test('100,000 ids of one millisecond are all different', () => {
  const source = idSource(manualClock());
  const seen = new Set<string>();
  for (let i = 0; i < 100_000; i++) seen.add(source.make('run'));
  expect(seen.size).toBe(100_000);
});

test('the same time and randomness give the same ids', () => {
  const make = (): string[] => {
    const random = seededRandom(7);
    const source = idSource(manualClock(), (bytes) => {
      for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(random() * 256);
    });
    return Array.from({ length: 1_000 }, () => source.make('task'));
  };
  expect(make()).toEqual(make());
});
