import { expect, test } from 'vitest';
import { sqliteChaos } from '../chaos/chaos-store.ts';
import { killLoop } from '../chaos/kill-loop.ts';

test(
  '10 kills at any moment: nothing lost, nothing settled twice, no settled task run again',
  { timeout: 120_000 },
  async () => {
    const result = await killLoop(sqliteChaos, { jobs: 40, kills: 10, seed: 11, workMs: 3 });
    expect(result.problems).toEqual([]);
    expect(result.kills).toBeGreaterThanOrEqual(9);
  },
);
