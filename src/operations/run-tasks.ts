/** Lists the tasks of one run, in the order of their making. */
import { listTasks } from './list-tasks.ts';
import { defineOperation } from './operation.ts';
import { locateRun } from './run-reads.ts';

export const runTasks = defineOperation('run.tasks', {
  summary: 'List the tasks of a run',
  permission: 'run:read',
  handler: async (context, { id, limit, cursor, state }) =>
    listTasks(context, { limit, cursor, state, target: await locateRun(context, id) }),
});
