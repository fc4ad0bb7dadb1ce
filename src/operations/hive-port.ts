/**
 * What operations need of a hive: the narrow port that app implements over store, orchestrator and agents.
 * Reads are compiled queries inside one tenant; every write goes through the orchestrator's doors below.
 */
import type {
  Graph,
  GraphInput,
  HiveEvent,
  HostKey,
  Json,
  ProjectKey,
  PruneRequest,
  PruneResult,
  RunId,
  Store,
  StoreSize,
  TaskId,
  TenantKey,
} from '../contract/index.ts';
import type {
  CancelTaskRequest,
  RunRequest,
  RunVerbs,
  TaskRequest,
} from '../orchestrator/index.ts';
import type { QueryBuilder } from '../store/index.ts';

export interface StartRun extends RunRequest {
  /** Chosen by the caller, so that the report's folder can carry it. */
  id: RunId;
}

export interface InspectGraphOptions {
  /** Absolute and canonical. */
  root: string;
  reportDirectory: string;
  workDirectory: string;
}

/** What a doctor looks at that only the process itself knows. */
export interface HostFacts {
  nodeVersion: string;
  dataDirectory: string;
  /** Null where no lock is needed (PostgreSQL). */
  lock: { path: string; isHeld: boolean } | null;
  threads: { configured: number; live: number };
  /** Schema version that this program writes. */
  expectedSchemaVersion: number;
  minFreeBytes: number;
  /** Configuration that has no effect, and the like; each a sentence. */
  notices: readonly string[];
}

/** A workflow without a file: agents by name, one shape, one task in words. */
export interface StrategyRequest {
  task: string;
  agents: readonly string[];
  strategy: 'sequential' | 'parallel' | 'adaptive';
}

/** How long ended runs of a project are kept; null: the hive's own number. */
export interface ProjectRetentionChange {
  tenant: TenantKey;
  project: ProjectKey;
  actor: string;
  days: number | null;
  runs: number | null;
}

/** Besides what is said here, the verbs of RunVerbs: pause, resume, retry, fork, signal, replay, decide, requeue, resolve. */
export interface HivePort extends RunVerbs {
  readonly version: string;
  readonly startedMs: number;
  /** This process in the table of hosts, and the name that it registered under. */
  readonly host: { key: HostKey; id: string };
  /** Reports go into a folder per run below it when the caller names no directory. */
  readonly reportsDirectory: string;
  /** Intermediate files of inspections, a folder per run. */
  readonly workDirectory: string;
  readonly maxPayloadBytes: number;
  /** The store's queryBuilder(dialect): compiles queries, runs none. */
  readonly sql: QueryBuilder;
  readonly store: Pick<Store, 'dialect' | 'read' | 'events' | 'hints' | 'health'>;

  /** Live signals of this host (task.started, task.progress, …). Returns how to stop listening. */
  onSignal(listener: (signal: HiveEvent) => void): () => void;

  /** Durable when it resolves. Throws IDEMPOTENCY_CONFLICT, GRAPH_INVALID, CAPABILITY_UNKNOWN, STORAGE_LOW, QUEUE_FULL. */
  startRun(request: StartRun): Promise<{ runId: RunId; isDuplicate: boolean }>;
  enqueueTask(request: TaskRequest): Promise<{ taskId: TaskId; isDuplicate: boolean }>;
  /** Throws ILLEGAL_TRANSITION when it has ended. */
  cancelTask(task: CancelTaskRequest): Promise<void>;
  cancelRun(id: RunId, by: { actor: string; tenant: TenantKey }): Promise<void>;
  /** Resolves when the run (or single task, by its run id) has ended, or the signal aborts. */
  whenEnded(run: RunId, of: { tenant: TenantKey; signal: AbortSignal }): Promise<void>;
  /** The result of the run's output node, where the run's row does not carry it. */
  runOutput(id: RunId): Promise<Json>;

  /** Reads a workflow from YAML or JSON text. Throws GRAPH_INVALID with a line `file:line:column` for each problem. */
  readWorkflow(text: string, options: { file: string }): { graph: Graph };
  /** Checks a graph made by a program. Throws GRAPH_INVALID. */
  checkGraph(input: unknown): Graph;
  strategyGraph(request: StrategyRequest): GraphInput;
  /** One bounded batch; call again until it is done. */
  prune(request: PruneRequest): Promise<PruneResult>;
  size(): Promise<StoreSize>;
  /** The hive's own numbers; 0 days: for ever. */
  readonly retention: { days: number; runs: number | null };
  setRetention(change: ProjectRetentionChange): Promise<void>;

  /** The built-in inspection; the graph's name must be 'inspect'. */
  inspectGraph(options: InspectGraphOptions): GraphInput;
  isDraining(): boolean;
  metrics(): Json;
  facts(): HostFacts;
}
