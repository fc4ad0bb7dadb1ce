/** The hive at a glance: store, runs and tasks by state, agents. */
import { runStateName } from '../contract/index.ts';
import type { HiveStatus } from '../contract/index.ts';
import { windowStart } from './newest-window.ts';
import { defineOperation } from './operation.ts';
import type { OperationContext } from './operation.ts';
import { readAgents } from './read-agents.ts';
import { selectRows } from './select-rows.ts';
import { addToCounts, noTasks } from './task-reads.ts';

export const hiveStatus = defineOperation('hive.status', {
  summary: 'Show the hive: store, runs, tasks, agents',
  permission: 'hive:read',
  handler: async (context): Promise<HiveStatus> => {
    const { hive } = context;
    const { dialect, durability, schemaVersion, freeBytes, accepting } = await hive.store.health();
    const [runs, tasks, agents] = await Promise.all([
      countRuns(context),
      countTasks(context),
      readAgents(context),
    ]);
    return {
      version: hive.version,
      startedMs: hive.startedMs,
      store: { dialect, durability, schemaVersion, freeBytes, accepting },
      runs,
      tasks,
      agents,
    };
  },
});

async function countRuns(context: OperationContext): Promise<Record<string, number>> {
  const query = context.hive.sql
    .selectFrom('runs')
    .where('tenant', '=', context.principal.tenant)
    .where('key', '>', await windowStart(context, 'runs'))
    .groupBy('state')
    .select(({ fn }) => ['state', fn.countAll().as('count')]);
  const rows = await selectRows(context, query);
  return Object.fromEntries(rows.map(({ state, count }) => [runStateName(state), Number(count)]));
}

async function countTasks(context: OperationContext) {
  const query = context.hive.sql
    .selectFrom('tasks')
    .where('tenant', '=', context.principal.tenant)
    .where('key', '>', await windowStart(context, 'tasks'))
    .groupBy('state')
    .select(({ fn }) => ['state', fn.countAll().as('count')]);
  const rows = await selectRows(context, query);
  return rows.reduce((sum, { state, count }) => addToCounts(sum, state, Number(count)), noTasks);
}
