// Fields that several operations share, and the shape of one row of the operation table. No operation stands here.

import { z } from 'zod';
import { retryPresetNames } from './retry-policy.ts';
import type { RetryPreset } from './retry-policy.ts';
import { runStates, taskStates } from './states.ts';
import type { RunState, TaskState } from './states.ts';

export const operationLimits = {
  pageSize: 500, // rows of one answer: about 250 KB, under the size that a browser or terminal shows at once
  watchMs: 25_000, // one long poll: under the 30 s after which proxies call a request lost
  pathChars: 4_096, // PATH_MAX of Linux
  workflowChars: 512 * 1_024, // of a workflow file: a thousand nodes with comments
  batchTasks: 10_000, // as a map: one task row per line
  exportTasks: 20_000, // of one exported run: two full maps; more is read page by page
} as const;

export const page = {
  limit: z.coerce.number<number>().int().min(1).max(operationLimits.pageSize).default(50),
  /** From the answer before; opaque. */
  cursor: z.string().max(200).optional(),
};
export const idempotencyKey = z.string().min(1).max(200).optional();
export const id = z.string().min(1).max(64);
export const filePath = z.string().min(1).max(operationLimits.pathChars);
export const next = z.string().nullable();
export const byId = z.strictObject({ id });
export const comment = z.string().max(2_000).optional();
export const priority = z.number().int().min(-100).max(100).default(0);
export const retryPreset = z
  .enum(retryPresetNames as [RetryPreset, ...RetryPreset[]])
  .default('default');
export const runStateFilter = z
  .enum(Object.keys(runStates) as [RunState, ...RunState[]])
  .optional();
export const taskStateFilter = z
  .enum(Object.keys(taskStates) as [TaskState, ...TaskState[]])
  .optional();
/** Yes or no, also as text of a query string. */
export const flag = z.union([z.boolean(), z.stringbool()]).default(false);
/** How long a call waits for the end of what it starts; absent: not at all. */
export const endWaitMs = z.number().int().min(1).max(operationLimits.watchMs).optional();

export const route = <
  Method extends 'GET' | 'POST',
  Input extends z.ZodObject,
  Output extends z.ZodType,
>(spec: {
  method: Method;
  path: `/${string}`;
  input: Input;
  output: Output;
}) => spec;
