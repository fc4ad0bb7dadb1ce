// What people do to runs, tasks and approvals after they were started: requests and answers of the orchestrator's verbs.

import type { ApprovalId, ErrorRecord, Json, RunId, TaskId } from '../contract/index.ts';

/** Who asks, for the tenant check, the audit row and the event. */
export interface By {
  actor: string;
  tenant: number;
}

/** Where a fork begins: this node and all that depends on it run anew. With `step`, its task keeps the journal before that step. Absent node: everything. */
export interface ForkPoint {
  node?: string;
  /** Item of a map node. */
  item?: number;
  step?: string;
  /** Which use of the step's name, from 0. */
  occurrence?: number;
}

export interface ForkRequest {
  run: RunId;
  from: ForkPoint;
  /** JSON text: the new run's input instead of the old one. */
  inputJson?: string;
  /** JSON text: input of the node that the fork begins at. */
  nodeInputJson?: string;
}

export interface SignalRequest {
  /** A run, or a single task by the run id that it has. */
  run: RunId;
  name: string;
  /** JSON text. */
  dataJson: string;
  idempotencyKey?: string;
}

export interface DecideRequest {
  approval: ApprovalId;
  /** edited = approved with an answer that the approver changed. */
  decision: 'approved' | 'rejected';
  answer: Json;
  comment: string | null;
}

export interface ResolveRequest {
  task: TaskId;
  /** done: it happened (with this result); retry: it did not, do it again; fail: give the task up. */
  resolution: 'done' | 'retry' | 'fail';
  /** JSON text, with done. */
  resultJson?: string;
}

export interface ReplayedTask {
  taskId: TaskId;
  node: string | null;
  item: number | null;
  /** same: the same end as recorded. diverged: see error. skipped: it never ran, or its agent is not on this host. */
  verdict: 'same' | 'diverged' | 'skipped';
  /** Steps answered from the journal. */
  steps: number;
  error: ErrorRecord | null;
}
export interface ReplayReport {
  runId: RunId;
  tasks: readonly ReplayedTask[];
  same: number;
  diverged: number;
  skipped: number;
  durationMs: number;
}

/** The verbs; Orchestrator implements them. All are durable when they resolve and leave an audit row (replay writes nothing). */
export interface RunVerbs {
  /** Nothing new of the run starts; what runs goes on to its end, its next wait or its next try. Its child runs are paused with it, and resumed. Throws NOT_FOUND, ILLEGAL_TRANSITION. */
  pauseRun(run: RunId, by: By): Promise<void>;
  resumeRun(run: RunId, by: By): Promise<void>;
  /** A new run in which everything that succeeded is kept and what failed, was cancelled or skipped is done again; journals are kept unless fresh (effects always). Throws ILLEGAL_TRANSITION unless the run failed or was cancelled. */
  retryRun(run: RunId, options: By & { fresh: boolean }): Promise<{ runId: RunId }>;
  forkRun(request: ForkRequest, by: By): Promise<{ runId: RunId }>;
  signalRun(request: SignalRequest, by: By): Promise<{ delivered: boolean }>;
  /** Executes the run's recorded tasks again from their journals alone: no step, effect or model call is made and nothing is written. */
  replayRun(run: RunId, by: By): Promise<ReplayReport>;
  /** Throws APPROVAL_CLOSED, NOT_FOUND, INPUT_INVALID (the answer does not match the form). */
  decideApproval(request: DecideRequest, by: By): Promise<void>;
  /** A paused task becomes ready. One that failed for good becomes a new task with its journal (fresh: with its effects only). Throws ILLEGAL_TRANSITION. */
  requeueTask(task: TaskId, options: By & { fresh: boolean }): Promise<{ taskId: TaskId }>;
  /** Throws ILLEGAL_TRANSITION unless the task is uncertain. */
  resolveTask(request: ResolveRequest, by: By): Promise<void>;
}
