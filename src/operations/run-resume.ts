/** Lets a paused run go on where it was. */
import { parseId } from '../contract/index.ts';
import { defineOperation } from './operation.ts';
import { locateRun } from './run-reads.ts';

export const runResume = defineOperation('run.resume', {
  summary: 'Let a paused run go on',
  permission: 'run:write',
  handler: async (context, { id }) => {
    await locateRun(context, id);
    const { name, tenant } = context.principal;
    await context.hive.resumeRun(parseId('run', id), { actor: name, tenant });
    return { id, state: 'running' as const };
  },
});
