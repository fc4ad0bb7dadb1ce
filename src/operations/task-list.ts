/** Lists tasks, newest first. */
import { listTasks } from './list-tasks.ts';
import { defineOperation } from './operation.ts';

export const taskList = defineOperation('task.list', {
  summary: 'List tasks, newest first',
  permission: 'task:read',
  handler: (context, { limit, cursor, state }) => listTasks(context, { limit, cursor, state }),
});
