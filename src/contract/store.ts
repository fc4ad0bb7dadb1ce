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
// S9 A step's result is written once: an answer to a row that has one is left out. S10 An answer is never lost: a task that goes to `waiting`
// while one of its open waits has an answer becomes `ready` instead, and an event that comes before its wait is kept in the inbox until one asks.
// S11 A held task (its run is paused) becomes `paused` where a change would make it ready or waiting. S12 The state of a run's tasks after a sweep
// is that of all its tasks committed before it: no task of the run slips through, because every unit that inserts some changes the run's version.
// S7 No callback runs inside a transaction. S8 Keys are surrogate integers below 2^53; ids are public.

import type { HiveEvent } from './events.ts';
import type { RunId, TaskId } from './ids.ts';
import type { RetryPreset } from './retry-policy.ts';
import type { RunState } from './states.ts';
import type {
  EnqueueUnit,
  EnqueueVerdict,
  HostKey,
  JournalStep,
  LaneKey,
  ProjectKey,
  RouteKey,
  RunKey,
  RunParent,
  SettleUnit,
  SettleVerdict,
  TaskKey,
  TenantKey,
} from './store-units.ts';

export type StoreDialect = 'sqlite' | 'postgres';

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
    /** Deletes every row but effects before: the code changed and its policy is to start afresh. */
    reset?: boolean;
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
  deadlineMs: number | null;
  parent: RunParent | null;
  origin: string | null;
}

export interface PruneRequest {
  tenant: TenantKey;
  /** Absent: all of the tenant. */
  project?: ProjectKey;
  /** Runs and single tasks that ended before. */
  beforeMs: number;
  /** The newest ended runs and single tasks that are kept in any case. */
  keep?: number;
  /** Runs and single tasks of one call at most, so that a large prune never holds the writer for long. */
  limit: number;
}
export interface PruneResult {
  runs: number;
  tasks: number;
  /** False: call again. */
  done: boolean;
}
export interface StoreSize {
  /** Bytes that hold data. */
  usedBytes: number;
  /** Bytes on disk (SQLite: file and WAL; free pages inside are used again). */
  diskBytes: number;
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
  /**
   * Deletes what ended long ago with everything that belongs to it (tasks, attempts, journal, inbox, events, logs, child runs); audit stays. A run whose parent
   * is kept is kept. Blobs that nothing refers to any more go too.
   */
  prune(request: PruneRequest): Promise<PruneResult>;
  size(): Promise<StoreSize>;
  /** The hive is stopping: from now on a database that is away is not waited for, and what needed it fails with STORE_UNAVAILABLE. */
  hurry(): void;
  close(): Promise<void>;
}
