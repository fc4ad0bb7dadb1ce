// What is written through the store port: rows of runs, tasks, journals and events as data, and the units that are accepted or refused as a whole.
// The promises (S1 to S12) stand in store.ts.

import type { ErrorRecord } from './errors.ts';
import type { EventType } from './events.ts';
import type { RunId, TaskId } from './ids.ts';
import type { RetryPreset } from './retry-policy.ts';
import type { RunState, TaskReason, TaskState } from './states.ts';

/** Surrogate keys. Tenant 1 and project 1 exist from the first migration ('default'). */
export type TenantKey = number;
export type ProjectKey = number;
export type TaskKey = number;
export type RunKey = number;
export type RouteKey = number;
export type LaneKey = number;
export type HostKey = number;

export interface Lease {
  host: HostKey;
  /** Name of the agent that got it, as in its manifest, and why (reason code of matching). */
  agent: string;
  assignment: string;
  untilMs: number;
}

export interface NewTask {
  id: TaskId;
  tenant: TenantKey;
  project: ProjectKey;
  /** Set for tasks of a graph run; absent for a single task, which is its own run of one node (its run id has the same bytes). */
  run?: RunId;
  node?: string;
  /** Index of the element for tasks of a map node. */
  item?: number;
  name: string;
  description?: string;
  type: string;
  priority: number;
  route: RouteKey;
  /** Tasks with the same cap key share one limit (concurrency per key). */
  capKey?: string;
  /** JSON text. */
  input: string;
  /** Idempotency key, unique per tenant, and the hash of the body it was used with. */
  idempotencyKey?: string;
  bodyHash?: string;
  /** Paused: created by a run that is paused. */
  state: Extract<TaskState, 'ready' | 'blocked' | 'waiting' | 'paused'>;
  reason: TaskReason;
  /** For waiting: when it becomes ready. */
  dueMs?: number;
  timeoutMs: number;
  retry: RetryPreset;
  createdMs: number;
  /**
   * Local dispatch: inserted already leased (fence 1). Only with state 'ready'. When a cap of its lane is full it is inserted
   * as ready instead, and the verdict names it in `unleased`: it must not be started.
   */
  lease?: Lease;
}

export interface NewRun {
  id: RunId;
  tenant: TenantKey;
  project: ProjectKey;
  workflow: string;
  title: string;
  /** JSON text of the pinned graph, and of advance()'s state. */
  graph: string;
  /** See RunChange.token. */
  token: number;
  state: RunState;
  progress: string;
  input: string;
  idempotencyKey?: string;
  bodyHash?: string;
  createdMs: number;
  /** The run fails when it has not ended by then. */
  deadlineMs?: number;
  /** A child run: whom its end answers. */
  parent?: RunParent;
  /** A run that was over when it began (every list of it is empty, or a fork that has nothing left to do): `state` is its end. */
  ended?: { atMs: number; output?: string; error?: ErrorRecord };
  /** How the run came about when not by a plain start, as JSON text: {kind: 'fork' | 'retry', run, from}. */
  origin?: string;
}

export interface RunParent {
  /** The task that waits, and its journal row. */
  task: TaskKey;
  name: string;
  occurrence: number;
  /** Key of the topmost run, or null when the parent is a single task (then its task is the root). */
  root: RunKey | null;
  /** 1 for a child of a run that has no parent. */
  depth: number;
}

/** A task made from one that exists: for forks, retries of runs and requeued tasks. Its row's settings, lane, name and node are kept. */
export interface TaskCopy {
  from: TaskKey;
  id: TaskId;
  /** Ended: with state, result, error and times of the original. Else a fresh task in this state that keeps what `steps` names. */
  as: 'ended' | 'ready' | 'paused';
  /** JSON text instead of the original's input. */
  input?: string;
  /**
   * Rows of its journal that are copied; effects keep their idempotency key (subject). Open waits are never copied, and into a task that is tried again
   * with all its rows no wait that failed or timed out and was followed by no step or effect: that is what is tried again.
   */
  steps: 'none' | 'effects' | 'all' | { before: { name: string; occurrence: number } };
}

export interface NewEvent {
  type: EventType;
  tenant: TenantKey;
  atMs: number;
  run?: RunId;
  task?: TaskId;
  /** Given by the writer for events of a run row; the version check makes it exact. */
  seq?: number;
  data: Readonly<Record<string, unknown>>;
}

export interface NewAudit {
  tenant: TenantKey;
  atMs: number;
  actor: string;
  action: string;
  subject: string;
  data: Readonly<Record<string, unknown>>;
}

export interface EnqueueUnit {
  run?: NewRun;
  tasks: readonly NewTask[];
  /** Written after `tasks`, into the same run (without run: single tasks). */
  copies?: readonly TaskCopy[];
  events?: readonly NewEvent[];
  audit?: NewAudit;
}
export type EnqueueVerdict =
  /** Keys in the order of `tasks`, then of `copies`. */
  | { status: 'ok'; taskKeys: TaskKey[]; runKey: RunKey | null; unleased?: readonly TaskKey[] }
  /** The same idempotency key (run's or the first task's) and the same body: the ids that exist. */
  | { status: 'duplicate'; id: TaskId | RunId }
  | { status: 'conflict'; id: TaskId | RunId }
  | { status: 'invalid'; error: ErrorRecord };

/** One row of the attempts table: tries that did not end the task well (the task row itself carries the last try). */
export interface NewAttempt {
  attempt: number;
  fence: number;
  agent: string;
  host: HostKey;
  startedMs: number | null;
  endedMs: number;
  outcome: 'error' | 'timeout' | 'crash' | 'lost' | 'cancelled';
  error?: ErrorRecord;
}

/**
 * One row of a journal. step: a memoised result. sleep: a timer. effect: result null = intent written, outcome unknown. approval, event, child:
 * open waits, whose result is the JSON text of a WaitResult. A row is known by (task, name, occurrence); writing one that exists updates it, but
 * never a result that is there (S9; an append with `reset` excepted).
 */
export interface JournalStep {
  name: string;
  occurrence: number;
  kind: 'step' | 'sleep' | 'effect' | 'approval' | 'event' | 'child';
  /** JSON text; null while open or unknown. Above BLOB_BYTES it is kept once per content and tenant (blobs). */
  result: string | null;
  dueMs?: number;
  /** effect: its idempotency key. approval: its ApprovalId. event: `<run id>/<name>`. child: its RunId. Looked up by index. */
  subject?: string;
  /** JSON text of what is needed to show or go on: of an approval its ApprovalForm; of an effect {"repeat":true} when a person said to try again. */
  payload?: string;
  /** On the first row of a journal: version and hash of the code that writes it, as text. */
  code?: string;
  atMs: number;
}
/** Results of steps from this size on are stored content-addressed. */
export const BLOB_BYTES = 8 * 1_024;

/** Answers an open wait. The first answer wins; the task becomes ready if it waits, and keeps its state if it is leased or paused. */
export interface WaitAnswer {
  task: TaskKey;
  name: string;
  occurrence: number;
  /** Of a child run: its id. A row that has another subject (the task began afresh, and waits for another child) is not answered. */
  subject?: string;
  /** JSON text of a WaitResult. */
  result: string;
  atMs: number;
}

/** An event for a run: goes to the oldest open wait of that name in the run (or single task), else into the run's inbox. */
export interface NewDelivery {
  tenant: TenantKey;
  /** Of the run, or of the single task that is its own run. */
  run: RunId;
  runKey: RunKey | null;
  /** Of a single task. */
  taskKey: TaskKey | null;
  name: string;
  /** JSON text. */
  data: string;
  by: string;
  atMs: number;
  /** The same key again for the same run and name is not delivered twice. */
  idempotencyKey?: string;
}

/** Changes all tasks of a run that are in one of these states, in one statement: cancel at an early end, pause, resume. Raises their fences. */
export interface RunSweep {
  run: RunKey;
  from: readonly TaskState[];
  to: 'cancelled' | 'paused' | 'ready';
  reason: TaskReason;
  endedMs?: number;
  /** Left alone: the task whose end causes it. */
  except?: TaskKey;
  /** Only tasks that have this reason. */
  onlyReason?: TaskReason;
  /** Sets or clears the hold mark of the run's leased tasks: they are paused at their next step out of `leased` (S11). */
  hold?: 0 | 1;
}

/** The new state of one task, guarded. */
export interface TaskChange {
  key: TaskKey;
  id: TaskId;
  /** A live attempt writes under its fence; a person or advance() writes from given states (the fence is then raised: the owner is out-fenced). */
  guard: { fence: number } | { states: readonly TaskState[] };
  to: Exclude<TaskState, 'leased'>;
  reason: TaskReason;
  result?: string;
  error?: ErrorRecord;
  dueMs?: number;
  startedMs?: number | null;
  endedMs?: number;
  /** Added to the counters. */
  addErrors?: 0 | 1;
  addCrashes?: 0 | 1;
  agent?: string;
  attempt?: NewAttempt;
  journal?: readonly JournalStep[];
  /** With to 'waiting': every wait that the attempt knows as open. One that has an answer by now makes the task ready (S10). */
  openWaits?: readonly { name: string; occurrence: number }[];
}

export interface RunChange {
  key: RunKey;
  id: RunId;
  /** Version this was computed from; the store writes version + 1, or answers stale_version. */
  expectVersion: number;
  /**
   * Which change made that version, and which this one is: random whole numbers below 2^48. A version alone is not enough: of two changes that were
   * sent one after the other, the first may lose against another host, and the second would then fit a version that it does not know.
   */
  expectToken: number;
  token: number;
  state: RunState;
  progress: string;
  /** Last seq after this change; the unit's events carry the numbers up to it. */
  seq: number;
  output?: string;
  error?: ErrorRecord;
  startedMs?: number;
  endedMs?: number;
}

/** What advance() decided, applied atomically: {outcome, fence, runVersion, commands, events}. */
export interface SettleUnit {
  /** Order lane: units of one run must carry the same number (see flushLaneOf). */
  flushLane: number;
  /** The outcome that caused it; absent when only the run changes. */
  change?: TaskChange;
  run?: RunChange;
  /** New tasks of the run. */
  insert?: readonly NewTask[];
  /** Further changes by state guard (release, skip, cancel). One that does not match its guard is left out, not an error. */
  also?: readonly TaskChange[];
  /** Applied after `change` and before `insert`. */
  sweep?: RunSweep;
  /** Applied after `change`. Without change and run: a first answer that is not open any more refuses the unit (stale_fence); else it is left out. */
  answers?: readonly WaitAnswer[];
  deliver?: NewDelivery;
  /** Child runs that begin with this change (each with its first tasks and events). */
  children?: readonly EnqueueUnit[];
  /** The run whose row is locked while this unit is applied though it does not change: for suspensions that wait for events. */
  lockRun?: RunKey;
  events: readonly NewEvent[];
  audit?: NewAudit;
}
export type SettleVerdict =
  /** delivered: whether `deliver` found an open wait (false: it is in the inbox). */
  | { status: 'ok'; taskKeys: TaskKey[]; unleased?: readonly TaskKey[]; delivered?: boolean }
  | { status: 'stale_fence' }
  | { status: 'stale_version' }
  | { status: 'invalid'; error: ErrorRecord };
