/**
 * Every operation's name, route, input and output, as data: the API serves this table, the client speaks it, the
 * command line calls it. The handlers are in operations. A route's `:name` parts and, for GET, the query string
 * fill the input; else the JSON body does. Paths are below /api/v1.
 */
import { z } from 'zod';
import { capability } from './graph.ts';
import { retryPresetNames } from './retry-policy.ts';
import { runStates, taskStates } from './states.ts';
import {
  doctorCheck,
  eventView,
  hiveStatus,
  jsonView,
  runSummary,
  runView,
  taskSummary,
  taskView,
  whyView,
} from './views.ts';
import type { RetryPreset } from './retry-policy.ts';
import type { RunState, TaskState } from './states.ts';

export const operationLimits = {
  pageSize: 500, // rows of one answer: about 250 KB, under the size that a browser or terminal shows at once
  watchMs: 25_000, // one long poll: under the 30 s after which proxies call a request lost
  pathChars: 4_096, // PATH_MAX of Linux
} as const;

const page = {
  limit: z.coerce.number<number>().int().min(1).max(operationLimits.pageSize).default(50),
  /** From the answer before; opaque. */
  cursor: z.string().max(200).optional(),
};
const idempotencyKey = z.string().min(1).max(200).optional();
const id = z.string().min(1).max(64);
const filePath = z.string().min(1).max(operationLimits.pathChars);
const next = z.string().nullable();
const byId = z.strictObject({ id });
const runStateFilter = z.enum(Object.keys(runStates) as [RunState, ...RunState[]]).optional();
const taskStateFilter = z.enum(Object.keys(taskStates) as [TaskState, ...TaskState[]]).optional();

const route = <
  Method extends 'GET' | 'POST',
  Input extends z.ZodObject,
  Output extends z.ZodType,
>(spec: {
  method: Method;
  path: `/${string}`;
  input: Input;
  output: Output;
}) => spec;

export const operationTable = {
  'inspect.start': route({
    method: 'POST',
    path: '/inspections',
    input: z.strictObject({ path: filePath, reportDirectory: filePath.optional(), idempotencyKey }),
    output: z.object({ runId: z.string(), resumed: z.boolean() }),
  }),
  'run.list': route({
    method: 'GET',
    path: '/runs',
    input: z.strictObject({ ...page, state: runStateFilter }),
    output: z.object({ runs: z.array(runSummary), next }),
  }),
  'run.show': route({ method: 'GET', path: '/runs/:id', input: byId, output: runView }),
  'run.tasks': route({
    method: 'GET',
    path: '/runs/:id/tasks',
    input: z.strictObject({ id, ...page, state: taskStateFilter }),
    output: z.object({ tasks: z.array(taskSummary), next }),
  }),
  'run.cancel': route({
    method: 'POST',
    path: '/runs/:id/cancel',
    input: byId,
    output: z.object({ id: z.string(), state: z.literal('cancelled') }),
  }),
  'run.watch': route({
    method: 'GET',
    path: '/runs/:id/watch',
    input: z.strictObject({
      id,
      /** Events after this one; 'head' = only what comes from now on; absent = from the start. */
      cursor: z.string().max(200).optional(),
      /** How long to wait for something new. */
      waitMs: z.coerce.number<number>().int().min(0).max(operationLimits.watchMs).default(20_000),
    }),
    output: z.object({
      run: runView,
      /** Durable events, oldest first. */
      events: z.array(eventView),
      /** Signals seen while waiting: at most once, without history. */
      signals: z.array(eventView),
      cursor: z.string().nullable(),
      /** True when the run is over and every event of it has been handed out. */
      isOver: z.boolean(),
    }),
  }),
  'task.create': route({
    method: 'POST',
    path: '/tasks',
    input: z.strictObject({
      name: z.string().trim().min(1).max(200),
      description: z.string().max(10_000).optional(),
      type: z.string().min(1).max(64).default('task'),
      capabilities: z.array(capability).min(1).max(16),
      input: jsonView.default(null),
      priority: z.number().int().min(-100).max(100).default(0),
      timeoutMs: z
        .number()
        .int()
        .min(1)
        .max(7 * 86_400_000)
        .default(600_000),
      retry: z.enum(retryPresetNames as [RetryPreset, ...RetryPreset[]]).default('default'),
      delayMs: z
        .number()
        .int()
        .min(0)
        .max(366 * 86_400_000)
        .default(0),
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
  'hive.status': route({
    method: 'GET',
    path: '/status',
    input: z.strictObject({}),
    output: hiveStatus,
  }),
  'hive.doctor': route({
    method: 'GET',
    path: '/doctor',
    input: z.strictObject({}),
    output: z.object({ checks: z.array(doctorCheck), isHealthy: z.boolean() }),
  }),
  'event.list': route({
    method: 'GET',
    path: '/events',
    input: z.strictObject({ ...page, runId: id.optional() }),
    output: z.object({ events: z.array(eventView), cursor: z.string().nullable() }),
  }),
  'metrics.snapshot': route({
    method: 'GET',
    path: '/metrics',
    input: z.strictObject({}),
    output: z.object({ atMs: z.number().int(), metrics: jsonView }),
  }),
} as const;

export type OperationName = keyof typeof operationTable;
/** What a caller sends; defaults may be left out. */
export type OperationRequest<Name extends OperationName> = z.input<
  (typeof operationTable)[Name]['input']
>;
/** What a handler gets: checked, with defaults. */
export type OperationInput<Name extends OperationName> = z.output<
  (typeof operationTable)[Name]['input']
>;
export type OperationOutput<Name extends OperationName> = z.output<
  (typeof operationTable)[Name]['output']
>;
export const operationNames = Object.keys(operationTable) as OperationName[];
