/** Pauses a run: nothing new of it starts; what runs goes on to its end, its next wait or its next try. */
import { parseId } from '../contract/index.ts';
import { defineOperation } from './operation.ts';
import { locateRun } from './run-reads.ts';

export const runPause = defineOperation('run.pause', {
  summary: 'Pause a run',
  permission: 'run:write',
  handler: async (context, { id }) => {
    await locateRun(context, id);
    const { name, tenant } = context.principal;
    await context.hive.pauseRun(parseId('run', id), { actor: name, tenant });
    return { id, state: 'paused' as const };
  },
});
