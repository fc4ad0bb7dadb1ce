/** Takes in many tasks with one call, as one run with one summary. All are durable when this answers, or none. */
import { encodeJson } from '../contract/index.ts';
import type { OperationInput, OperationOutput, RunView } from '../contract/index.ts';
import { batchGraph } from './batch-graph.ts';
import { canonicalHash } from './canonical-hash.ts';
import { defineOperation } from './operation.ts';
import { waitForEnd } from './wait-for-end.ts';

export const taskBatch = defineOperation('task.batch', {
  summary: 'Create many tasks as one run',
  permission: 'task:write',
  startsWork: true,
  handler: async (context, input) => {
    const { hive, principal } = context;
    const { graph, input: lists } = batchGraph(input.tasks, input.concurrency);
    const count = input.tasks.length;
    const { runId, isDuplicate } = await hive.startRun({
      id: context.ids.make('run'),
      tenant: principal.tenant,
      project: principal.project,
      graph,
      title: input.title ?? `Batch of ${count} ${count === 1 ? 'task' : 'tasks'}`,
      inputJson: encodeJson(lists, 'the inputs of the batch', hive.maxPayloadBytes),
      audit: { actor: principal.name, action: 'task.batch', data: { tasks: count } },
      ...(input.idempotencyKey === undefined
        ? {}
        : { idempotencyKey: input.idempotencyKey, bodyHash: bodyHash(input) }),
    });
    const run = input.waitMs === undefined ? null : await waitForEnd(context, runId, input.waitMs);
    return {
      runId,
      duplicate: isDuplicate,
      tasks: count,
      summary: run === null ? null : summaryOf(run),
    };
  },
});

function summaryOf(run: RunView): OperationOutput<'task.batch'>['summary'] {
  const { succeeded, failed, cancelled } = run.counts;
  const durationMs = (run.endedMs ?? run.createdMs) - run.createdMs;
  return { state: run.state, succeeded, failed, cancelled, durationMs };
}

function bodyHash({
  idempotencyKey: _,
  waitMs: __,
  ...body
}: OperationInput<'task.batch'>): string {
  return canonicalHash(body);
}
