/** Cancels a run: its unfinished tasks stop, their attempts are out-fenced. */
import { formatId, idBytes, parseId } from '../contract/index.ts';
import { cancelTaskById } from './cancel-task.ts';
import { defineOperation } from './operation.ts';
import { locateRun } from './run-reads.ts';

export const runCancel = defineOperation('run.cancel', {
  summary: 'Cancel a run that has not ended',
  permission: 'run:write',
  handler: async (context, { id }) => {
    const { kind } = await locateRun(context, id);
    if (kind === 'single') await cancelTaskById(context, formatId('task', idBytes('run', id)));
    else {
      const { name, tenant } = context.principal;
      await context.hive.cancelRun(parseId('run', id), { actor: name, tenant });
    }
    return { id, state: 'cancelled' as const };
  },
});
