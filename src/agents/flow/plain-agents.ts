/** Small agents that every hive has: to try it out, and to join what others made. */
import { z } from 'zod';
import { defineAgent } from '../authoring/define-agent.ts';

const base = { version: '1.0.0', placement: 'inline', concurrency: 200 } as const;

export const echoAgent = defineAgent({
  ...base,
  name: 'echo',
  type: 'workflow',
  description: 'Returns its input.',
  capabilities: ['echo'],
  execute: ({ input }) => input,
});

export const aggregateAgent = defineAgent({
  ...base,
  name: 'aggregate',
  type: 'workflow',
  description:
    'Joins the results of the nodes before it into one; what failed or was skipped is left out.',
  capabilities: ['aggregate'],
  input: z.object({ from: z.record(z.string(), z.json()) }),
  execute: ({ input }) => ({
    results: Object.fromEntries(Object.entries(input.from).filter(([, result]) => result !== null)),
  }),
});
