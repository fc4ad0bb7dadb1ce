// The store port (design 5.1). Two drivers, sqlite and postgres, one conformance suite.
//
// Words: a *unit* is the smallest atomic piece of a write; a *flush* is a list of independent units committed together, each with
// its own verdict; a *lane* here is (tenant, project, route, cap key), the thing that fairness chooses between; a *route* is a sorted
// capability set; a *fence* is a number per task that rises with each claim.
//
// S1 Nothing is acknowledged before its commit. S2 A rejected unit writes nothing and releases nothing, and never harms its neighbours:
// a flush that fails on data is bisected until the bad unit stands alone. S3 Every write by an attempt is guarded by its fence.
// S4 A run changes only with its expected version; its event sequence has no gap. S5 All units of one run from one host keep their
// order (flush lane = hash of run). S6 A unit is repeatable after an unknown commit: re-applying it gives the same verdict and no second row.
// S7 No callback runs inside a transaction. S8 Keys are surrogate integers below 2^53; ids are public.

import type { ErrorRecord } from './errors.ts';
import type { EventType, HiveEvent } from './events.ts';
import type { RunId, TaskId } from './ids.ts';
import type { RetryPreset } from './retry-policy.ts';
import type { RunState, TaskReason, TaskState } from './states.ts';

export type StoreDialect = 'sqlite' | 'postgres';
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
  state: Extract<TaskState, 'ready' | 'blocked' | 'waiting'>;
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
  events?: readonly NewEvent[];
  audit?: NewAudit;
}
export type EnqueueVerdict =
  /** Keys in the order of `tasks`. */
  | { status: 'ok'; taskKeys: TaskKey[]; runKey: RunKey | null; unleased?: readonly TaskKey[] }
  /** The same idempotency key (run's or the first task's) and the same body: the ids that exist. */
  | { status: 'duplicate'; id: TaskId | RunId }
  | { status: 'conflict'; id: TaskId | RunId }
  | { status: 'invalid'; error: ErrorRecord };

export interface ClaimRequest {
  host: HostKey;
  nowMs: number;
  untilMs: number;
  /** One group per pool of equal slots: at most `slots` tasks of any of these routes, ranked by agent and assignment of the lease. */
  groups: readonly {
    routes: readonly RouteKey[];
    slots: number;
    agent: string;
    assignment: string;
  }[];
}
export interface ClaimedTask {
  key: TaskKey;
  id: TaskId;
  tenant: TenantKey;
  project: ProjectKey;
  runKey: RunKey | null;
  runId: RunId | null;
  node: string | null;
  item: number | null;
  name: string;
  type: string;
  priority: number;
  route: RouteKey;
  lane: LaneKey;
  input: string;
  fence: number;
  /** Try number from 1: errors so far plus one. */
  attempt: number;
  crashes: number;
  /** True after an owner was lost: start it with `start` before running, so that a second loss counts as a crash. */
  suspect: boolean;
  /** Journal rows that exist; 0 = nothing to load. */
  journalSteps: number;
  timeoutMs: number;
  retry: RetryPreset;
  createdMs: number;
  /** Index of the group in the request. */
  group: number;
}

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

export interface JournalStep {
  name: string;
  occurrence: number;
  kind: 'step' | 'sleep';
  /** JSON text; null while a sleep is not over. */
  result: string | null;
  dueMs?: number;
  atMs: number;
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
  events: readonly NewEvent[];
  audit?: NewAudit;
}
export type SettleVerdict =
  | { status: 'ok'; taskKeys: TaskKey[]; unleased?: readonly TaskKey[] }
  | { status: 'stale_fence' }
  | { status: 'stale_version' }
  | { status: 'invalid'; error: ErrorRecord };

export interface LostTask {
  task: ClaimedTask;
  host: HostKey;
  startedMs: number | null;
}
export interface ReapResult {
  /** Made ready again, with the attempt row 'lost' or 'crash' written. */
  released: number;
  /** Leases that reached MAX_CRASHES: still leased, the caller settles them as dead through advance (guard: fence). */
  exhausted: LostTask[];
  /** Hosts found dead. */
  hosts: HostKey[];
}

export interface TaskCore {
  /** One unit per element; resolves when committed. */
  enqueue(units: readonly EnqueueUnit[]): Promise<EnqueueVerdict[]>;
  /** Leases ready tasks: fair between lanes (stride, tenant weights), priority inside a lane, caps obeyed. */
  claim(request: ClaimRequest): Promise<ClaimedTask[]>;
  settle(units: readonly SettleUnit[]): Promise<SettleVerdict[]>;
  /** Durable start marks for suspects and long tasks. Returns the keys that are stale. */
  start(marks: readonly { key: TaskKey; fence: number; startedMs: number }[]): Promise<TaskKey[]>;
  /** Extends leases (and marks startedMs where given). Returns the keys that are stale: their attempts must stop. */
  renew(
    leases: readonly { key: TaskKey; fence: number; startedMs: number | null }[],
    untilMs: number,
  ): Promise<TaskKey[]>;
  /** Frees leases that expired or whose host is dead (sqlite: every boot but `host`; postgres: hosts whose advisory lock is free). */
  reap(request: { host: HostKey; nowMs: number }): Promise<ReapResult>;
  /** Makes due timers ready, at most `limit`. Returns how many, and when the next one is due. */
  promote(request: {
    nowMs: number;
    limit: number;
  }): Promise<{ promoted: number; nextDueMs: number | null }>;
  /** Appends journal steps under the fence. False when stale. */
  journal(append: {
    key: TaskKey;
    tenant: TenantKey;
    fence: number;
    flushLane: number;
    steps: readonly JournalStep[];
  }): Promise<boolean>;
  loadJournal(key: TaskKey): Promise<JournalStep[]>;
}

/** A compiled read-only query of Kysely (structural, so that contract does not import the library). */
export interface ReadQuery<Row> {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly __row?: Row;
}
export interface Statement {
  sql: string;
  parameters: readonly unknown[];
}

export interface EventReader {
  /** Durable events after the cursor (null = from the start), oldest first; never passes a transaction that is still open. */
  after(request: {
    cursor: string | null;
    tenant?: TenantKey;
    run?: RunId;
    limit: number;
  }): Promise<HiveEvent[]>;
  /** The cursor of the newest visible event. */
  head(): Promise<string | null>;
}

/** What changed, told to this process after its commit: hints only, polling is the truth. */
export interface StoreHints {
  /** Routes that may have ready tasks. */
  onReady(listener: (routes: readonly RouteKey[]) => void): () => void;
  /** Durable events were committed (here or, with PostgreSQL, elsewhere). */
  onEvents(listener: () => void): () => void;
  /** Tasks whose owner was out-fenced by a change of state: stop their attempts. */
  onRevoked(listener: (tasks: readonly TaskKey[]) => void): () => void;
}

export interface RunRow {
  key: RunKey;
  id: RunId;
  tenant: TenantKey;
  project: ProjectKey;
  workflow: string;
  title: string;
  graph: string;
  progress: string;
  state: RunState;
  version: number;
  token: number;
  seq: number;
  input: string;
  output: string | null;
  error: string | null;
  createdMs: number;
  startedMs: number | null;
  endedMs: number | null;
}

export interface StoreHealth {
  dialect: StoreDialect;
  durability: 'power-safe';
  schemaVersion: number;
  freeBytes: number | null;
  /** False below the free-space watermark: enqueue answers STORAGE_LOW, settle goes on. */
  accepting: boolean;
}

export interface Store {
  readonly dialect: StoreDialect;
  /** Newest schema version that this program writes. */
  readonly expectedSchemaVersion: number;
  readonly core: TaskCore;
  readonly events: EventReader;
  readonly hints: StoreHints;
  /** Registers this process (a host and its boot) and holds what proves it alive. */
  registerHost(host: { id: string; boot: string; startedMs: number }): Promise<HostKey>;
  /** The key of a capability set (created when new). */
  routes(sets: readonly (readonly string[])[]): Promise<RouteKey[]>;
  /** All routes known: key and sorted capabilities. */
  knownRoutes(): Promise<{ key: RouteKey; capabilities: string[] }[]>;
  loadRuns(ids: readonly (RunId | RunKey)[]): Promise<RunRow[]>;
  /** Read-only query inside one tenant (on PostgreSQL under hive_tenant and row level security); 'system' for operators' views. */
  read<Row>(scope: TenantKey | 'system', query: ReadQuery<Row>): Promise<Row[]>;
  /** One atomic unit of cold writes (logs, instances, settings) through the batcher. */
  write(statements: readonly Statement[]): Promise<void>;
  /** Applies migrations up (default: to the newest) or down to a version. */
  health(): Promise<StoreHealth>;
  close(): Promise<void>;
}
