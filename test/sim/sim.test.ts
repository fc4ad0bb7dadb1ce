import { expect, test } from 'vitest';
import { simulate } from './simulate.ts';

const SEEDS = 300;

test(
  `${SEEDS} seeds of crashes, zombies, clock jumps and lost answers: nothing lost, nothing done twice, no run stuck`,
  { timeout: 120_000 },
  async () => {
    const total = {
      tasks: 0,
      succeeded: 0,
      crashes: 0,
      pauses: 0,
      jumps: 0,
      boots: 0,
      stale: 0,
      lostAnswers: 0,
    };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const first = await simulate(seed);
      expect(first.problems, `seed ${seed}: node test/sim/main.ts --seed ${seed}`).toEqual([]);
      expect((await simulate(seed)).hash, `seed ${seed} is not repeatable`).toBe(first.hash);
      for (const key of Object.keys(total) as (keyof typeof total)[])
        total[key] += first.counts[key];
    }
    // I10: the faults did strike, and most of the work succeeded all the same.
    expect(
      Math.min(
        total.crashes,
        total.pauses,
        total.jumps,
        total.boots,
        total.stale,
        total.lostAnswers,
      ),
    ).toBeGreaterThan(SEEDS / 2);
    expect(total.succeeded / total.tasks).toBeGreaterThan(0.7);
  },
);
