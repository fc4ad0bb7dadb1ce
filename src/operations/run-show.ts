/** Shows one run: its nodes, counts, what is being worked on and what failed. */
import { defineOperation } from './operation.ts';
import { locateRun, readRun } from './run-reads.ts';

export const runShow = defineOperation('run.show', {
  summary: 'Show one run with the progress of its nodes',
  permission: 'run:read',
  handler: async (context, { id }) => readRun(context, await locateRun(context, id)),
});
