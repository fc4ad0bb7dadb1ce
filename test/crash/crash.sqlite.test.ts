import { expect, test } from 'vitest';
import { sqliteChaos } from '../chaos/chaos-store.ts';
import { crashChain } from '../chaos/crash-rounds.ts';

test(
  'sqlite: killed at each crash point in turn, and nothing is lost or done twice',
  { timeout: 120_000 },
  async () => {
    const { problems, report } = await crashChain(sqliteChaos);
    expect(problems).toEqual([]);
    expect(report?.counts.jobs).toBeGreaterThan(60);
  },
);
