import { afterAll, beforeAll, describe, test } from 'vitest';
import { databaseFrom, missingPostgres } from '../harness/postgres.ts';
import { graphAgents, graphCases } from './graph-cases.ts';
import { openRunHive } from './run-hive.ts';
import type { RunHive } from './run-hive.ts';
import { steerAgents, steerCases } from './steer-cases.ts';
import { waitAgents, waitCases } from './wait-cases.ts';

const missing = await missingPostgres();

describe('runs on PostgreSQL', () => {
  if (missing !== null) {
    test('every case', (context) => context.skip(missing));
    return;
  }
  let hive: RunHive;
  let drop: () => Promise<void>;
  beforeAll(async () => {
    const database = await databaseFrom('runs', () => Promise.resolve());
    drop = () => database.drop();
    hive = await openRunHive({
      agents: [...graphAgents, ...waitAgents, ...steerAgents],
      url: database.url,
    });
  });
  afterAll(async () => {
    await hive[Symbol.asyncDispose]();
    await drop();
  });
  describe('graphs', () => graphCases(() => hive));
  describe('waits', () => waitCases(() => hive));
  describe('steering', () => steerCases(() => hive));
});
