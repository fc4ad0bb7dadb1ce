// The rows of the operation table about single tasks and batches of them.

import { z } from 'zod';
import { capability, graphLimits } from './graph.ts';
import {
  byId,
  endWaitMs,
  id,
  idempotencyKey,
  next,
  operationLimits,
  page,
  priority,
  retryPreset,
  route,
  taskStateFilter,
} from './operation-fields.ts';
import { jsonView, taskSummary, taskView, whyView } from './views.ts';

const capabilities = z.array(capability).min(1).max(16);
const timeoutMs = z.number().int().min(1).max(graphLimits.taskMs).default(600_000);

export const taskOperations = {
  'task.create': route({
    method: 'POST',
    path: '/tasks',
    input: z.strictObject({
      name: z.string().trim().min(1).max(200),
      description: z.string().max(10_000).optional(),
      type: z.string().min(1).max(64).default('task'),
      capabilities,
      input: jsonView.default(null),
      priority,
      timeoutMs,
      retry: retryPreset,
      delayMs: z.number().int().min(0).max(graphLimits.waitMs).default(0),
      concurrencyKey: z.string().min(1).max(200).optional(),
      idempotencyKey,
    }),
    output: z.object({ taskId: z.string(), runId: z.string(), duplicate: z.boolean() }),
  }),
  'task.list': route({
    method: 'GET',
    path: '/tasks',
    input: z.strictObject({ ...page, state: taskStateFilter }),
    output: z.object({ tasks: z.array(taskSummary), next }),
  }),
  'task.show': route({ method: 'GET', path: '/tasks/:id', input: byId, output: taskView }),
  'task.why': route({ method: 'GET', path: '/tasks/:id/why', input: byId, output: whyView }),
  'task.cancel': route({
    method: 'POST',
    path: '/tasks/:id/cancel',
    input: byId,
    output: z.object({ id: z.string(), state: z.literal('cancelled') }),
  }),
  'task.batch': route({
    method: 'POST',
    path: '/tasks/batch',
    input: z.strictObject({
      title: z.string().trim().min(1).max(200).optional(),
      tasks: z
        .array(
          z.strictObject({
            capabilities,
            /** The agent gets exactly this object. */
            input: z.record(z.string().min(1).max(100), jsonView).default({}),
            priority,
            timeoutMs,
            retry: retryPreset,
          }),
        )
        .min(1)
        .max(operationLimits.batchTasks),
      /** Of each group of equal tasks, how many are open at once. */
      concurrency: z.number().int().min(1).max(graphLimits.mapItems).optional(),
      waitMs: endWaitMs,
      idempotencyKey,
    }),
    output: z.object({
      runId: z.string(),
      duplicate: z.boolean(),
      tasks: z.number().int(),
      /** With waitMs: the counts at the end. */
      summary: z
        .object({
          state: z.string(),
          succeeded: z.number().int(),
          failed: z.number().int(),
          cancelled: z.number().int(),
          durationMs: z.number().int(),
        })
        .nullable(),
    }),
  }),
  'task.requeue': route({
    method: 'POST',
    path: '/tasks/:id/requeue',
    input: z.strictObject({ id, fresh: z.boolean().default(false) }),
    /** Another id than before when the task had failed for good: what has ended never changes. */
    output: z.object({ taskId: z.string() }),
  }),
  'task.resolve': route({
    method: 'POST',
    path: '/tasks/:id/resolve',
    input: z.strictObject({
      id,
      resolution: z.enum(['done', 'retry', 'fail']),
      /** Of the effect, with done. */
      result: jsonView.optional(),
    }),
    output: z.object({ id: z.string(), resolution: z.enum(['done', 'retry', 'fail']) }),
  }),
} as const;
