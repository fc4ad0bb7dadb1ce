import { expect, test } from 'vitest';
import { simulateFlows } from './simulate-flows.ts';

const SEEDS = 300;

test(
  `${SEEDS} seeds of workflows on three hosts: no join lost, no answer changed, windows kept, undone in exact reverse order`,
  { timeout: 240_000 },
  async () => {
    const total: Record<string, number> = {};
    for (let seed = 1; seed <= SEEDS; seed++) {
      const first = await simulateFlows(seed);
      expect(first.problems, `seed ${seed}: node test/sim/main.ts --flows --seed ${seed}`).toEqual(
        [],
      );
      expect((await simulateFlows(seed)).hash, `seed ${seed} is not repeatable`).toBe(first.hash);
      for (const [name, count] of Object.entries(first.counts))
        total[name] = (total[name] ?? 0) + count;
    }
    // I10: the faults did strike, and every kind of end was met often.
    const struck = ['crashes', 'pauses', 'jumps', 'boots', 'stale', 'lostAnswers', 'undone'];
    expect(Math.min(...struck.map((name) => total[name] ?? 0))).toBeGreaterThan(SEEDS / 2);
    expect(total['completed']).toBeGreaterThan(SEEDS);
    expect(Math.min(total['failed'] ?? 0, total['cancelled'] ?? 0)).toBeGreaterThan(SEEDS / 10);
  },
);
