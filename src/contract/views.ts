/**
 * Views: what the API answers, the client returns and the command line prints. They are shapes of their own,
 * so that a column can move without changing what users' scripts read. Times are milliseconds since 1970.
 */
import { z } from 'zod';
import type { Json } from './json.ts';
import { runStates, taskStates } from './states.ts';
import { tones } from './labels.ts';
import type { RunState, TaskState } from './states.ts';

const runState = z.enum(Object.keys(runStates) as [RunState, ...RunState[]]);
const taskState = z.enum(Object.keys(taskStates) as [TaskState, ...TaskState[]]);
/** Read-only, as stored values are. */
export const jsonView: z.ZodType<Json> = z.json();
const ms = z.number().int().nullable();

/** How a state looks: one dictionary (labels.ts) for every surface. */
export const labelView = z.object({
  text: z.string(),
  tone: z.enum(tones),
  icon: z.string(),
  isHatched: z.boolean(),
});

export const errorView = z.object({
  code: z.string(),
  kind: z.string(),
  message: z.string(),
  advice: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type ErrorView = z.infer<typeof errorView>;

export const taskCounts = z.object({
  total: z.number().int(),
  /** Blocked, ready, waiting, paused or uncertain. */
  waiting: z.number().int(),
  running: z.number().int(),
  succeeded: z.number().int(),
  failed: z.number().int(),
  cancelled: z.number().int(),
  skipped: z.number().int(),
});
export type TaskCounts = z.infer<typeof taskCounts>;

export const runSummary = z.object({
  id: z.string(),
  workflow: z.string(),
  title: z.string(),
  state: runState,
  label: labelView,
  /** A run of one node: its task has the same 26 characters in its id. */
  isSingleTask: z.boolean(),
  createdMs: z.number().int(),
  startedMs: ms,
  endedMs: ms,
  /** The run fails when it has not ended by then. */
  deadlineMs: ms,
  /** Of a child run: the task that waits for it, and the topmost run where that is not this one. */
  parent: z
    .object({ taskId: z.string(), runId: z.string(), rootId: z.string().nullable() })
    .nullable(),
  /** How it came about when not by a plain start. */
  origin: z.object({ kind: z.string(), runId: z.string(), from: z.string().nullable() }).nullable(),
});
export type RunSummary = z.infer<typeof runSummary>;

export const taskSummary = z.object({
  id: z.string(),
  runId: z.string(),
  node: z.string().nullable(),
  item: z.number().int().nullable(),
  name: z.string(),
  type: z.string(),
  priority: z.number().int(),
  state: taskState,
  reason: z.string(),
  label: labelView,
  agent: z.string().nullable(),
  createdMs: z.number().int(),
  startedMs: ms,
  endedMs: ms,
  error: errorView.nullable(),
});
export type TaskSummary = z.infer<typeof taskSummary>;

/** Something that a task waits for: an open row of its journal. */
export const waitView = z.object({
  kind: z.enum(['sleep', 'event', 'approval', 'child', 'effect']),
  name: z.string(),
  occurrence: z.number().int(),
  sinceMs: z.number().int(),
  /** When it ends by itself: the timer of a sleep, the deadline of the others. */
  dueMs: ms,
  /** Id of the approval or of the child run, name of the event, key of the effect. */
  subject: z.string().nullable(),
  /** What is asked, of an approval. */
  message: z.string().nullable(),
});
export type WaitView = z.infer<typeof waitView>;

export const approvalView = z.object({
  id: z.string(),
  state: z.enum(['open', 'approved', 'rejected', 'expired', 'closed']),
  title: z.string(),
  message: z.string(),
  taskId: z.string(),
  runId: z.string(),
  runTitle: z.string(),
  /** What the approver sees beside the message. */
  show: jsonView,
  /** JSON Schema of the answer. */
  form: jsonView,
  assignee: z.string().nullable(),
  /** Who is asked after the deadline. */
  escalateTo: z.string().nullable(),
  askedMs: z.number().int(),
  deadlineMs: ms,
  answer: jsonView,
  by: z.string().nullable(),
  comment: z.string().nullable(),
});
export type ApprovalView = z.infer<typeof approvalView>;

export const workflowUse = z.object({
  name: z.string(),
  /** Of the newest run. */
  version: z.string(),
  runs: z.number().int(),
  lastRunId: z.string(),
  lastMs: z.number().int(),
  lastState: runState,
});
export type WorkflowUse = z.infer<typeof workflowUse>;

const retention = z.object({
  days: z.number().int().nullable(),
  runs: z.number().int().nullable(),
});
/** How long ended runs are kept. days 0: for ever; runs null: any number. */
export const retentionView = z.object({
  days: z.number().int(),
  runs: z.number().int().nullable(),
  /** Of the project; null where it has none. */
  own: retention,
  hive: retention,
});

export const attemptView = z.object({
  attempt: z.number().int(),
  fence: z.number().int(),
  agent: z.string(),
  outcome: z.string(),
  startedMs: ms,
  endedMs: z.number().int(),
  error: errorView.nullable(),
});

export const taskView = taskSummary.extend({
  description: z.string().nullable(),
  capabilities: z.array(z.string()),
  input: jsonView,
  result: jsonView,
  /** Reason code of the assignment to its agent. */
  assignment: z.string().nullable(),
  errors: z.number().int(),
  crashes: z.number().int(),
  fence: z.number().int(),
  retry: z.string(),
  timeoutMs: z.number().int(),
  dueMs: ms,
  journalSteps: z.number().int(),
  /** Its run is paused: it becomes paused at its next wait or try. */
  isHeld: z.boolean(),
  /** What it waits for now. */
  waits: z.array(waitView),
  /** Tries that did not end the task well, oldest first; the fields above tell of the last try. */
  attempts: z.array(attemptView),
});
export type TaskView = z.infer<typeof taskView>;

export const nodeView = z.object({
  id: z.string(),
  title: z.string(),
  kind: z.string(),
  /** pending: not reached yet; waiting: its tasks wait for an agent, a time or an answer. */
  state: z.enum(['pending', 'waiting', 'running', 'completed', 'failed', 'cancelled', 'skipped']),
  counts: taskCounts,
});
export type NodeView = z.infer<typeof nodeView>;

export const runView = runSummary.extend({
  version: z.number().int(),
  counts: taskCounts,
  /** In the order of the graph. */
  nodes: z.array(nodeView),
  /** Tasks that are being worked on, at most 50; `counts.running` has the true number. */
  active: z.array(taskSummary),
  /** Tasks that failed, at most 20; `counts.failed` has the true number. */
  failures: z.array(taskSummary),
  /** Tasks that wait for something other than an agent, at most 20, with what that is. */
  waiting: z.array(z.object({ task: taskSummary, waits: z.array(waitView) })),
  /** Approvals that are open in this run (child runs have their own), at most 20. */
  approvals: z.array(approvalView),
  /** Child runs, at most 50, oldest first. */
  children: z.array(runSummary),
  input: jsonView,
  output: jsonView,
  error: errorView.nullable(),
});
export type RunView = z.infer<typeof runView>;

export const eventView = z.object({
  type: z.string(),
  cursor: z.string().nullable(),
  atMs: z.number().int(),
  runId: z.string().nullable(),
  taskId: z.string().nullable(),
  seq: z.number().int().nullable(),
  data: z.record(z.string(), z.unknown()),
});
export type EventView = z.infer<typeof eventView>;

export const whyView = z.object({
  taskId: z.string(),
  state: taskState,
  /** Machine word for the answer, `state.why`, e.g. 'ready.no_agent'. */
  code: z.string(),
  /** One sentence, with the command that helps where there is one. */
  answer: z.string(),
  links: z.array(z.object({ kind: z.string(), id: z.string() })),
});
export type WhyView = z.infer<typeof whyView>;

export const agentView = z.object({
  name: z.string(),
  type: z.string(),
  version: z.string(),
  capabilities: z.array(z.string()),
  /** Lifecycle: registered, online, busy, idle, offline, error, … */
  status: z.string(),
  /** Id of the host that runs it. */
  host: z.string(),
  slots: z.number().int(),
  busy: z.number().int(),
});
export type AgentView = z.infer<typeof agentView>;

export const hiveStatus = z.object({
  version: z.string(),
  startedMs: z.number().int(),
  store: z.object({
    dialect: z.string(),
    durability: z.string(),
    schemaVersion: z.number().int(),
    freeBytes: z.number().nullable(),
    accepting: z.boolean(),
  }),
  /** By state, of the newest 100,000. */
  runs: z.record(z.string(), z.number().int()),
  /** Of the newest 100,000. */
  tasks: taskCounts,
  agents: z.array(agentView),
});
export type HiveStatus = z.infer<typeof hiveStatus>;

export const doctorCheck = z.object({
  name: z.string(),
  status: z.enum(['ok', 'warn', 'fail']),
  message: z.string(),
  fix: z.string().nullable(),
});
export type DoctorCheck = z.infer<typeof doctorCheck>;
