/** Puts a task back in line: a paused one as it is, one that failed for good as a new task with its journal. */
import { parseId } from '../contract/index.ts';
import { defineOperation } from './operation.ts';

export const taskRequeue = defineOperation('task.requeue', {
  summary: 'Put a paused or dead task back in line',
  permission: 'task:write',
  startsWork: true,
  handler: async ({ hive, principal }, { id, fresh }) => {
    const { name: actor, tenant } = principal;
    return hive.requeueTask(parseId('task', id), { actor, tenant, fresh });
  },
});
