// The long answers about runs: a comparison, a replay, an export, a prune. Shapes of their own, as in views.ts.

import { z } from 'zod';
import { attemptView, errorView, eventView, jsonView, runSummary, waitView } from './views.ts';

const ms = z.number().int().nullable();

/** The outcome of a run's or node's one side. Cost stays null until models are there. */
const side = z.object({
  state: z.string(),
  /** Over all its tasks. */
  tries: z.number().int(),
  tasks: z.number().int(),
  durationMs: z.number().nullable(),
  costUsd: z.number().nullable(),
});
export type DiffSide = z.infer<typeof side>;

/** 'missing': only one of the two has it. */
const sameness = z.enum(['same', 'differs', 'missing']);
const valueDiff = z.object({
  result: sameness,
  /** The first places that differ, e.g. `items[2].name`; '' is the whole value. */
  paths: z.array(z.string()),
});
export type ValueDiff = z.infer<typeof valueDiff>;

export const runDiff = z.object({
  a: runSummary,
  b: runSummary,
  durationMs: z.object({ a: ms, b: ms }),
  costUsd: z.object({ a: z.number().nullable(), b: z.number().nullable() }),
  input: valueDiff,
  output: valueDiff,
  nodes: z.array(
    valueDiff.extend({
      node: z.string(),
      a: side.nullable(),
      b: side.nullable(),
      /** Journal rows by name and occurrence. */
      steps: z.object({
        same: z.number().int(),
        differs: z.number().int(),
        onlyA: z.number().int(),
        onlyB: z.number().int(),
      }),
    }),
  ),
});
export type RunDiff = z.infer<typeof runDiff>;

export const replayView = z.object({
  runId: z.string(),
  tasks: z.array(
    z.object({
      taskId: z.string(),
      node: z.string().nullable(),
      item: z.number().int().nullable(),
      verdict: z.enum(['same', 'diverged', 'skipped']),
      /** Steps answered from the journal. */
      steps: z.number().int(),
      error: errorView.nullable(),
    }),
  ),
  same: z.number().int(),
  diverged: z.number().int(),
  skipped: z.number().int(),
  durationMs: z.number(),
});

const size = z.object({ usedBytes: z.number(), diskBytes: z.number() });

export const pruneReport = z.object({
  /** Deleted, or with dryRun: what would be. */
  runs: z.number().int(),
  /** Single tasks; those of runs are not counted. */
  tasks: z.number().int(),
  dryRun: z.boolean(),
  /** False: there is more; call again. */
  done: z.boolean(),
  before: size,
  after: size,
});
export type PruneReport = z.infer<typeof pruneReport>;

export const journalRow = z.object({
  taskId: z.string(),
  name: z.string(),
  occurrence: z.number().int(),
  kind: z.string(),
  atMs: z.number().int(),
  dueMs: ms,
  subject: z.string().nullable(),
  payload: jsonView,
  result: jsonView,
  /** Open waits and effects without a known outcome. */
  isOpen: z.boolean(),
  code: z.string().nullable(),
});

/** Everything that the store holds of a run, as one document. */
export const exportedRun = z.object({
  format: z.literal('hivewright.run/1'),
  run: runSummary.extend({
    version: z.number().int(),
    input: jsonView,
    output: jsonView,
    error: errorView.nullable(),
  }),
  graph: jsonView,
  tasks: z.array(
    z.object({
      id: z.string(),
      node: z.string().nullable(),
      item: z.number().int().nullable(),
      name: z.string(),
      type: z.string(),
      capabilities: z.array(z.string()),
      state: z.string(),
      reason: z.string(),
      agent: z.string().nullable(),
      errors: z.number().int(),
      crashes: z.number().int(),
      fence: z.number().int(),
      createdMs: z.number().int(),
      startedMs: ms,
      endedMs: ms,
      input: jsonView,
      result: jsonView,
      error: errorView.nullable(),
    }),
  ),
  attempts: z.array(attemptView.extend({ taskId: z.string() })),
  journal: z.array(journalRow),
  events: z.array(eventView),
  approvals: z.array(waitView.extend({ taskId: z.string(), result: jsonView })),
  children: z.array(runSummary),
  /** False: the run has more tasks than one document holds. */
  isComplete: z.boolean(),
});
export type ExportedRun = z.infer<typeof exportedRun>;
