import { beforeEach, expect, test } from 'vitest';
import { postgresChaos } from '../chaos/chaos-store.ts';
import { flowHosts } from '../chaos/flow-hosts.ts';
import { flowCrashChain } from '../chaos/flow-rounds.ts';
import { missingPostgres, sharedPostgres } from '../harness/postgres.ts';

const missing = await missingPostgres();

beforeEach((context) => {
  if (missing !== null) context.skip(missing);
});

test(
  'postgres: killed around effects, timers, answers, cancels and compensations in turn, every workflow ends as planned',
  { timeout: 120_000 },
  async () => {
    const { problems, report } = await flowCrashChain(postgresChaos(await sharedPostgres()));
    expect(problems).toEqual([]);
    expect(report?.counts.tasks).toBeGreaterThan(200);
  },
);

test(
  'three hosts of one database run the same workflows, each is killed once, and every workflow ends as planned',
  { timeout: 120_000 },
  async () => {
    const store = postgresChaos(await sharedPostgres());
    const { problems, kills } = await flowHosts(store, { jobs: 16, kills: 3, seed: 3 });
    expect(problems).toEqual([]);
    expect(kills).toBe(3);
  },
);
