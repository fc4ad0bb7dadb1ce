/** Cancels one task; an attempt that runs is out-fenced and stopped. */
import { cancelTaskById } from './cancel-task.ts';
import { defineOperation } from './operation.ts';

export const taskCancel = defineOperation('task.cancel', {
  summary: 'Cancel a task that has not ended',
  permission: 'task:write',
  handler: async (context, { id }) => {
    await cancelTaskById(context, id);
    return { id, state: 'cancelled' as const };
  },
});
