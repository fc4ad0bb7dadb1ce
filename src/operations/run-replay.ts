/** Executes a run's recorded tasks again from their journals alone: nothing outside is called and nothing is written. */
import { parseId } from '../contract/index.ts';
import { defineOperation } from './operation.ts';
import { locateRun } from './run-reads.ts';

export const runReplay = defineOperation('run.replay', {
  summary: 'Check that the code still does what a run recorded, without doing it',
  permission: 'run:read',
  handler: async (context, { id }) => {
    await locateRun(context, id);
    const { name, tenant } = context.principal;
    const report = await context.hive.replayRun(parseId('run', id), { actor: name, tenant });
    return {
      ...report,
      tasks: report.tasks.map(({ error, ...task }) => ({
        ...task,
        error: error === null ? null : { ...error },
      })),
    };
  },
});
