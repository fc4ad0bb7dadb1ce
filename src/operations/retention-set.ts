/** Sets how long ended runs of the project are kept, instead of the hive's own numbers. */
import { defineOperation } from './operation.ts';
import { readRetention } from './retention-show.ts';

export const retentionSet = defineOperation('retention.set', {
  summary: 'Set how long ended runs of the project are kept',
  permission: 'run:write',
  handler: async (context, { days, runs }) => {
    const { own } = await readRetention(context);
    const { tenant, project, name } = context.principal;
    await context.hive.setRetention({
      tenant,
      project,
      actor: name,
      days: days === undefined ? own.days : days,
      runs: runs === undefined ? own.runs : runs,
    });
    return readRetention(context);
  },
});
