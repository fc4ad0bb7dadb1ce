import { afterAll, beforeAll, describe } from 'vitest';
import { graphAgents, graphCases } from './graph-cases.ts';
import { openRunHive } from './run-hive.ts';
import type { RunHive } from './run-hive.ts';
import { steerAgents, steerCases } from './steer-cases.ts';
import { waitAgents, waitCases } from './wait-cases.ts';

describe('runs on SQLite', () => {
  let hive: RunHive;
  beforeAll(async () => {
    hive = await openRunHive({ agents: [...graphAgents, ...waitAgents, ...steerAgents] });
  });
  afterAll(() => hive[Symbol.asyncDispose]());
  describe('graphs', () => graphCases(() => hive));
  describe('waits', () => waitCases(() => hive));
  describe('steering', () => steerCases(() => hive));
});
