import { beforeEach, describe, expect, test } from 'vitest';
import { postgresChaos, sqliteChaos } from '../chaos/chaos-store.ts';
import { flowCrashChain, flowKillLoop } from '../chaos/flow-rounds.ts';
import { missingPostgres, sharedPostgres } from '../harness/postgres.ts';

const missing = await missingPostgres();
const WHAT =
  'killed around effects, timers, answers, cancels and compensations in turn: every workflow ends as planned';

describe('crashes of workflows on sqlite', { timeout: 120_000 }, () => {
  test(WHAT, async () => {
    const { problems, report } = await flowCrashChain(sqliteChaos);
    expect(problems).toEqual([]);
    expect(report?.counts.tasks).toBeGreaterThan(200);
  });

  test('10 kills at any moment: no effect twice, no step changed, all undone in reverse', async () => {
    const result = await flowKillLoop(sqliteChaos, { jobs: 16, kills: 10, seed: 11 });
    expect(result.problems).toEqual([]);
    expect(result.kills).toBeGreaterThanOrEqual(9);
  });
});

describe('crashes of workflows on postgres', { timeout: 120_000 }, () => {
  beforeEach((context) => {
    if (missing !== null) context.skip(missing);
  });

  test(WHAT, async () => {
    const { problems, report } = await flowCrashChain(postgresChaos(await sharedPostgres()));
    expect(problems).toEqual([]);
    expect(report?.counts.tasks).toBeGreaterThan(200);
  });
});
