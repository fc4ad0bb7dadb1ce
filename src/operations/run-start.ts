/** Starts a run: durable when this answers. With waitMs it answers at the run's end, or TIMEOUT while the run goes on. */
import { encodeJson } from '../contract/index.ts';
import type { OperationInput } from '../contract/index.ts';
import { canonicalHash } from './canonical-hash.ts';
import { defineOperation } from './operation.ts';
import { waitForEnd } from './wait-for-end.ts';
import { graphToStart, runTitle } from './workflow-source.ts';

export const runStart = defineOperation('run.start', {
  summary: 'Start a run of a workflow, or of agents without one',
  permission: 'run:write',
  startsWork: true,
  handler: async (context, input) => {
    const { hive, principal } = context;
    const graph = await graphToStart(context, input);
    const { runId, isDuplicate } = await hive.startRun({
      id: context.ids.make('run'),
      tenant: principal.tenant,
      project: principal.project,
      graph,
      title: runTitle(input.title ?? input.task ?? graph.description ?? graph.name),
      inputJson: encodeJson(runInput(input), 'the input of the run', hive.maxPayloadBytes),
      audit: {
        actor: principal.name,
        action: 'run.start',
        data: { workflow: graph.name, version: graph.version ?? '1' },
      },
      ...(input.idempotencyKey === undefined
        ? {}
        : { idempotencyKey: input.idempotencyKey, bodyHash: bodyHash(input) }),
    });
    const run = input.waitMs === undefined ? null : await waitForEnd(context, runId, input.waitMs);
    return { runId, duplicate: isDuplicate, run };
  },
});

/** Without a workflow the task in words is the input, unless one is given. */
const runInput = ({ workflow, task, input }: OperationInput<'run.start'>) =>
  workflow === undefined && input === null ? { task: task ?? '' } : input;

function bodyHash({ idempotencyKey: _, waitMs: __, ...body }: OperationInput<'run.start'>): string {
  return canonicalHash(body);
}
