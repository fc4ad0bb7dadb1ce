import { expect, test } from 'vitest';
import { sqliteChaos } from '../chaos/chaos-store.ts';
import { flowCrashChain, flowKillLoop } from '../chaos/flow-rounds.ts';

const TIMEOUT = { timeout: 120_000 };

test(
  'sqlite: killed around effects, timers, answers, cancels and compensations in turn, every workflow ends as planned',
  TIMEOUT,
  async () => {
    const { problems, report } = await flowCrashChain(sqliteChaos);
    expect(problems).toEqual([]);
    expect(report?.counts.tasks).toBeGreaterThan(200);
  },
);

test(
  '10 kills of workflows at any moment: no effect twice, no step changed, all undone in reverse',
  TIMEOUT,
  async () => {
    const result = await flowKillLoop(sqliteChaos, { jobs: 16, kills: 10, seed: 11 });
    expect(result.problems).toEqual([]);
    expect(result.kills).toBeGreaterThanOrEqual(9);
  },
);
