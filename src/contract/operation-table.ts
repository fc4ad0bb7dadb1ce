/**
 * Every operation's name, route, input and output, as data: the API serves this table, the client speaks it, the
 * command line calls it. The handlers are in operations. A route's `:name` parts and, for GET, the query string
 * fill the input; else the JSON body does. Paths are below /api/v1.
 */
import { z } from 'zod';
import { approvalOperations } from './approval-operations.ts';
import { filePath, id, idempotencyKey, page, route } from './operation-fields.ts';
import { runOperations, workflowSource } from './run-operations.ts';
import { taskOperations } from './task-operations.ts';
import {
  doctorCheck,
  eventView,
  hiveStatus,
  jsonView,
  retentionView,
  workflowUse,
} from './views.ts';

export const operationTable = {
  'inspect.start': route({
    method: 'POST',
    path: '/inspections',
    input: z.strictObject({ path: filePath, reportDirectory: filePath.optional(), idempotencyKey }),
    output: z.object({ runId: z.string(), resumed: z.boolean() }),
  }),
  ...runOperations,
  ...taskOperations,
  ...approvalOperations,
  'workflow.validate': route({
    method: 'POST',
    path: '/workflows/validate',
    input: z.strictObject({ workflow: workflowSource }),
    output: z.object({
      name: z.string(),
      version: z.string(),
      nodes: z.number().int(),
      /** Capabilities that no agent of the hive has now: a run would be refused. */
      missing: z.array(z.string()),
      /** Kinds of nodes that this version cannot run. */
      cannotRun: z.array(z.string()),
    }),
  }),
  'workflow.list': route({
    method: 'GET',
    path: '/workflows',
    input: z.strictObject({}),
    /** Of the newest 100,000 runs. */
    output: z.object({ workflows: z.array(workflowUse) }),
  }),
  'retention.show': route({
    method: 'GET',
    path: '/retention',
    input: z.strictObject({}),
    output: retentionView,
  }),
  'retention.set': route({
    method: 'POST',
    path: '/retention',
    /** null: the hive's own number; absent: as it is. */
    input: z.strictObject({
      days: z.number().int().min(0).max(36_500).nullable().optional(),
      runs: z.number().int().min(1).max(100_000_000).nullable().optional(),
    }),
    output: retentionView,
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
