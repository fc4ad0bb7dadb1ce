import { beforeEach, describe, expect, test } from 'vitest';
import { postgresChaos } from '../chaos/chaos-store.ts';
import { crashChain } from '../chaos/crash-rounds.ts';
import { restarts, takeover, zombie } from '../chaos/postgres-suites.ts';
import { missingPostgres, sharedPostgres, startPostgres } from '../harness/postgres.ts';

const missing = await missingPostgres();

describe('faults on postgres', { timeout: 120_000 }, () => {
  beforeEach((context) => {
    if (missing !== null) context.skip(missing);
  });

  test('killed at each crash point in turn, and nothing is lost or done twice', async () => {
    const { problems, report } = await crashChain(postgresChaos(await sharedPostgres()));
    expect(problems).toEqual([]);
    expect(report?.counts.jobs).toBeGreaterThan(60);
  });

  test('kill -9 of one of three hives: its tasks are taken over by its free lock, before its leases run out', async () => {
    const { problems, figures } = await takeover(await sharedPostgres(), {
      jobs: 24,
      leaseMs: 15_000,
    });
    expect(problems).toEqual([]);
    expect(figures['tasksTakenOver']).toBeGreaterThanOrEqual(2);
  });

  test('SIGSTOP for two leases, then SIGCONT: the zombie is out-fenced', async () => {
    const { problems, figures } = await zombie(await sharedPostgres(), {
      jobs: 24,
      leaseMs: 1_200,
    });
    expect(problems).toEqual([]);
    expect(figures['takenOver']).toBeGreaterThan(0);
  });

  test('PostgreSQL crashes twice under load: nothing is lost', async () => {
    await using server = await startPostgres(); // its own: others share the common one
    const { problems, figures } = await restarts(server, {
      jobs: 150,
      workMs: 60,
      restarts: 2,
      everyMs: [300, 600],
      downMs: [0, 400],
      seed: 5,
    });
    expect(problems).toEqual([]);
    expect(figures['restarts']).toBe(2);
  });
});
