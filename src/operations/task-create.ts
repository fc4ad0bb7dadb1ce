/** Creates a single task: durable when this answers. A task that no agent can take is refused, not kept. */
import { encodeJson, formatId, idBytes } from '../contract/index.ts';
import type { OperationInput } from '../contract/index.ts';
import { canonicalHash } from './canonical-hash.ts';
import { defineOperation } from './operation.ts';

export const taskCreate = defineOperation('task.create', {
  summary: 'Create a single task',
  permission: 'task:write',
  startsWork: true,
  handler: async ({ hive, principal }, input) => {
    const { taskId, isDuplicate } = await hive.enqueueTask({
      tenant: principal.tenant,
      project: principal.project,
      name: input.name,
      ...(input.description === undefined ? {} : { description: input.description }),
      type: input.type,
      capabilities: [...new Set(input.capabilities)].toSorted(),
      inputJson: encodeJson(input.input, 'the input of the task', hive.maxPayloadBytes),
      priority: input.priority,
      timeoutMs: input.timeoutMs,
      retry: input.retry,
      delayMs: input.delayMs,
      ...(input.concurrencyKey === undefined ? {} : { capKey: input.concurrencyKey }),
      ...(input.idempotencyKey === undefined
        ? {}
        : { idempotencyKey: input.idempotencyKey, bodyHash: hashOf(input) }),
      audit: { actor: principal.name, action: 'task.create', data: { name: input.name } },
    });
    return { taskId, runId: formatId('run', idBytes('task', taskId)), duplicate: isDuplicate };
  },
});

/** Of everything that was asked for, with defaults filled in. */
function hashOf({ idempotencyKey: _, ...body }: OperationInput<'task.create'>): string {
  return canonicalHash(body);
}
