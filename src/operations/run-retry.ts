/** Retries a run that did not end well: as a new run, because what has ended never changes. A single task is put in again. */
import { formatId, idBytes, parseId } from '../contract/index.ts';
import { defineOperation } from './operation.ts';
import { locateRun } from './run-reads.ts';

export const runRetry = defineOperation('run.retry', {
  summary: 'Do again what failed, was cancelled or skipped in a run, as a new run',
  permission: 'run:write',
  startsWork: true,
  handler: async (context, { id, fresh }) => {
    const { kind } = await locateRun(context, id);
    const { name, tenant } = context.principal;
    const by = { actor: name, tenant, fresh };
    if (kind === 'graph') return context.hive.retryRun(parseId('run', id), by);
    const { taskId } = await context.hive.requeueTask(formatId('task', idBytes('run', id)), by);
    return { runId: formatId('run', idBytes('task', taskId)) };
  },
});
