// The rows of the operation table about runs: start, read, steer, compare, take out, delete.

import { z } from 'zod';
import { graphLimits, nodeId } from './graph.ts';
import {
  byId,
  endWaitMs,
  flag,
  id,
  idempotencyKey,
  next,
  operationLimits,
  page,
  route,
  runStateFilter,
  taskStateFilter,
} from './operation-fields.ts';
import { exportedRun, pruneReport, replayView, runDiff } from './run-documents.ts';
import { eventView, jsonView, runSummary, runView, taskSummary } from './views.ts';

/** A workflow as it was written (checked by the hive), or as a graph made by a program. */
export const workflowSource = z.union([
  z.strictObject({
    text: z.string().min(1).max(operationLimits.workflowChars),
    /** Where it came from, for the places in error messages. */
    file: z.string().min(1).max(operationLimits.pathChars),
  }),
  z.strictObject({ graph: jsonView }),
]);

export const strategies = ['sequential', 'parallel', 'adaptive'] as const;

export const runOperations = {
  'run.start': route({
    method: 'POST',
    path: '/runs',
    input: z.strictObject({
      /** Absent: a workflow is made of task, agents and strategy. */
      workflow: workflowSource.optional(),
      task: z.string().trim().min(1).max(10_000).optional(),
      agents: z.array(z.string().min(1).max(64)).min(1).max(50).optional(),
      strategy: z.enum(strategies).default('sequential'),
      input: jsonView.default(null),
      title: z.string().trim().min(1).max(200).optional(),
      /** Deadline of the run, instead of the workflow's own. */
      timeoutMs: z.number().int().min(1).max(graphLimits.runMs).optional(),
      waitMs: endWaitMs,
      idempotencyKey,
    }),
    output: z.object({
      runId: z.string(),
      duplicate: z.boolean(),
      /** With waitMs: the run at its end. Not ended by then: the error TIMEOUT, and the run goes on. */
      run: runView.nullable(),
    }),
  }),
  'run.list': route({
    method: 'GET',
    path: '/runs',
    input: z.strictObject({
      ...page,
      state: runStateFilter,
      /** Also child runs, of which one run may have thousands. */
      children: flag,
    }),
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
      /** `heard` of the answer before: signals after it are told, also those between the two calls. Absent: what comes from now on. */
      heard: z.coerce.number<number>().int().min(0).optional(),
      /** `mark` of the answer before: what the run waits for is news too, wherever it was asked for. */
      mark: z.string().max(100).optional(),
      /** How long to wait for something new. */
      waitMs: z.coerce.number<number>().int().min(0).max(operationLimits.watchMs).default(20_000),
    }),
    output: z.object({
      run: runView,
      /** Durable events, oldest first. */
      events: z.array(eventView),
      /** Signals, live: at most once, without history. */
      signals: z.array(eventView),
      heard: z.number().int(),
      /** Differs when the run waits for something else than before. */
      mark: z.string(),
      cursor: z.string().nullable(),
      /** True when the run is over and every event of it has been handed out. */
      isOver: z.boolean(),
    }),
  }),
  'run.pause': route({
    method: 'POST',
    path: '/runs/:id/pause',
    input: byId,
    output: z.object({ id: z.string(), state: z.literal('paused') }),
  }),
  'run.resume': route({
    method: 'POST',
    path: '/runs/:id/resume',
    input: byId,
    output: z.object({ id: z.string(), state: z.literal('running') }),
  }),
  'run.retry': route({
    method: 'POST',
    path: '/runs/:id/retry',
    input: z.strictObject({
      id,
      /** Without the journals of what is done again; effects are kept in any case. */
      fresh: z.boolean().default(false),
    }),
    output: z.object({ runId: z.string() }),
  }),
  'run.fork': route({
    method: 'POST',
    path: '/runs/:id/fork',
    input: z.strictObject({
      id,
      /** This and all that depends on it is done anew; absent: everything. */
      from: z
        .strictObject({
          node: nodeId.optional(),
          item: z.number().int().min(0).optional(),
          /** The task keeps its journal before this step. */
          step: z.string().min(1).max(200).optional(),
          occurrence: z.number().int().min(0).optional(),
        })
        .default({}),
      input: jsonView.optional(),
      nodeInput: jsonView.optional(),
    }),
    output: z.object({ runId: z.string() }),
  }),
  'run.signal': route({
    method: 'POST',
    path: '/runs/:id/events',
    input: z.strictObject({
      id,
      name: z.string().min(1).max(200),
      data: jsonView.default(null),
      idempotencyKey,
    }),
    /** delivered: something waited for it; else the run's inbox keeps it. */
    output: z.object({ id: z.string(), name: z.string(), delivered: z.boolean() }),
  }),
  'run.replay': route({
    method: 'POST',
    path: '/runs/:id/replay',
    input: byId,
    output: replayView,
  }),
  'run.diff': route({
    method: 'GET',
    path: '/runs/:id/diff/:other',
    input: z.strictObject({ id, other: id }),
    output: runDiff,
  }),
  'run.export': route({
    method: 'GET',
    path: '/runs/:id/export',
    input: byId,
    output: exportedRun,
  }),
  'run.prune': route({
    method: 'POST',
    path: '/runs/prune',
    input: z.strictObject({
      /** Runs that ended longer ago than this go. */
      olderThanMs: z.number().int().min(0),
      /** The newest ended runs that stay in any case. */
      keep: z.number().int().min(0).max(1_000_000).optional(),
      /** Only count. */
      dryRun: z.boolean().default(false),
    }),
    output: pruneReport,
  }),
} as const;
