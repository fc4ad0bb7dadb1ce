// The tables, once, for Kysely and for people. Columns are portable: integer (bigint on PostgreSQL), double, text, 16-byte ids (blob / bytea).
// Times are milliseconds since 1970. JSON is text. State, event and run codes are those of contract. The tenant is on every row.
// Dictionaries (tenants, projects, routes, lanes) are small and cached; hot rows point to them by integer.
//
// A single task is a run of one node: it has no row in `runs`; its run id carries the bytes of its task id.
// `attempts` holds tries that did not end the task well; the task row itself is the record of its last try (S1-071).

import type { Generated } from 'kysely';

export interface TenantsTable {
  key: Generated<number>;
  id: Uint8Array;
  name: string;
  /** Share of the fair queue against other tenants. */
  weight: Generated<number>;
  created_ms: number;
}

export interface ProjectsTable {
  key: Generated<number>;
  id: Uint8Array;
  tenant: number;
  name: string;
  created_ms: number;
  /** How long ended runs and single tasks are kept, and how many of the newest in any case; null = the hive's default. */
  retention_days: number | null;
  retention_runs: number | null;
}

export interface RoutesTable {
  key: Generated<number>;
  /** Sorted capabilities joined by a space; unique. */
  capabilities: string;
}

export interface LanesTable {
  key: Generated<number>;
  tenant: number;
  project: number;
  route: number;
  cap_key: string;
  /** Unique (tenant, project, route, cap_key). */
}

/** Concurrency caps: counters locked in the claiming transaction. A lane touches the rows of its subjects that exist; none = uncapped. */
export interface CapsTable {
  key: Generated<number>;
  tenant: number;
  /** 'tenant', 'project:<key>', 'agent:<name>' (lanes whose route has that capability), 'key:<cap_key>'. Unique with tenant. */
  subject: string;
  max_running: number;
  running: Generated<number>;
}

export interface HostsTable {
  key: Generated<number>;
  id: string;
  boot: string;
  started_ms: number;
  ended_ms: number | null;
}

export interface RunsTable {
  key: Generated<number>;
  id: Uint8Array;
  tenant: number;
  project: number;
  workflow: string;
  title: string;
  progress: string;
  state: number;
  version: Generated<number>;
  /** Of the change that made this version (RunChange.token). */
  token: number;
  seq: Generated<number>;
  output: string | null;
  error: string | null;
  idem: string | null;
  body_hash: string | null;
  created_ms: number;
  started_ms: number | null;
  ended_ms: number | null;
  /** It fails when it has not ended by then. */
  deadline_ms: number | null;
  /** Of a child run: the task that waits for it and the row of that task's journal. */
  parent_task: number | null;
  parent_name: string | null;
  parent_occurrence: number | null;
  /** Key of the topmost run; null when there is none above it, or when a single task is the top. */
  root: number | null;
  /** 0 without a parent. */
  depth: Generated<number>;
  /** JSON text: {kind: 'fork' | 'retry', run, from}. */
  origin: string | null;
}

/** What a run was started with and never changes: apart from its row, because that is written anew with every end of a task. */
export interface RunPinsTable {
  /** Key of the run. */
  run: number;
  tenant: number;
  graph: string;
  input: string;
}

/** TaskData (S0-112 to S0-125) and what execution needs. */
export interface TasksTable {
  key: Generated<number>;
  id: Uint8Array;
  tenant: number;
  project: number;
  run: number | null;
  node: string | null;
  item: number | null;
  name: string;
  description: string | null;
  type: string;
  priority: number;
  state: number;
  reason: string;
  lane: number;
  route: number;
  input: string;
  result: string | null;
  error: string | null;
  /** Rises with each claim and each change of state by a person. */
  fence: Generated<number>;
  lease_until_ms: number | null;
  host: number | null;
  /** Name of the agent that has or had it (assigned_agent), and the reason code of the assignment. */
  agent: string | null;
  assignment: string | null;
  errors: Generated<number>;
  crashes: Generated<number>;
  suspect: Generated<number>;
  /** 1 while it is counted in caps. */
  capped: Generated<number>;
  journal_steps: Generated<number>;
  /** 1 = its run is paused while it is leased or uncertain: it becomes paused instead of ready or waiting (S11). */
  hold: Generated<number>;
  retry: string;
  timeout_ms: number;
  due_ms: number | null;
  idem: string | null;
  body_hash: string | null;
  created_ms: number;
  started_ms: number | null;
  ended_ms: number | null;
}

export interface AttemptsTable {
  key: Generated<number>;
  tenant: number;
  task: number;
  attempt: number;
  fence: number;
  agent: string;
  host: number;
  outcome: string;
  error: string | null;
  started_ms: number | null;
  ended_ms: number;
}

export interface JournalTable {
  tenant: number;
  task: number;
  name: string;
  occurrence: number;
  kind: string;
  result: string | null;
  due_ms: number | null;
  at_ms: number;
  /** Order of writing inside the task. A row is known by (task, name, occurrence): a finished sleep updates its row and keeps its place. */
  position: number;
  /** effect: idempotency key. approval: its id. event: `<run id>/<name>`. child: its run id. */
  subject: string | null;
  /** JSON text: form of an approval; {"repeat":true} of an effect that a person wants repeated. */
  payload: string | null;
  /** Version and hash of the code, on the first row that this code wrote. */
  code: string | null;
  /** SHA-256 of a large result, which is in blobs then (result is null). A row is open while result and blob are null. */
  blob: Uint8Array | null;
}

/** Large results of steps, once per content and tenant. Primary key (tenant, hash). */
export interface BlobsTable {
  tenant: number;
  hash: Uint8Array;
  bytes: number;
  /** JSON text. */
  data: string;
  at_ms: number;
}

/** Events for runs that no wait had asked for when they came, oldest first; and those that had an idempotency key, so that none comes twice. */
export interface InboxTable {
  key: Generated<number>;
  tenant: number;
  /** Id of the run, or of the single task that is its own run. */
  run: Uint8Array;
  name: string;
  /** JSON text; empty once taken. */
  data: string;
  sent_by: string;
  at_ms: number;
  /** Unique with tenant, run and name. */
  idem: string | null;
  /** 0 waits for a wait of its name; 1 went to an open wait at once; 2 was taken by a wait that opened later. */
  taken: Generated<number>;
}

export interface EventsTable {
  key: Generated<number>;
  tenant: number;
  type: number;
  at_ms: number;
  run: Uint8Array | null;
  task: Uint8Array | null;
  seq: number | null;
  data: string;
}

/** S0-146 to S0-152. */
export interface ExecutionLogsTable {
  key: Generated<number>;
  id: Uint8Array;
  tenant: number;
  run: Uint8Array | null;
  task: Uint8Array | null;
  agent: string | null;
  log_level: string;
  message: string;
  metadata: string | null;
  created_ms: number;
}

/** AgentData (S0-103 to S0-111): one row per agent definition known to the hive. */
export interface AgentsTable {
  key: Generated<number>;
  id: Uint8Array;
  tenant: number;
  name: string;
  type: string;
  version: string;
  capabilities: string;
  status: string;
  current_task: Uint8Array | null;
  metrics: string;
  memory: string;
  created_ms: number;
  last_heartbeat_ms: number | null;
}

export interface InstancesTable {
  key: Generated<number>;
  id: Uint8Array;
  tenant: number;
  agent: number;
  host: number;
  status: string;
  slots: number;
  busy: number;
  started_ms: number;
  last_heartbeat_ms: number;
  ended_ms: number | null;
}

/** Append-only: update and delete are refused by the database itself. */
export interface AuditTable {
  key: Generated<number>;
  tenant: number;
  at_ms: number;
  actor: string;
  action: string;
  subject: string;
  data: string;
}

export interface Tables {
  tenants: TenantsTable;
  projects: ProjectsTable;
  routes: RoutesTable;
  lanes: LanesTable;
  caps: CapsTable;
  hosts: HostsTable;
  runs: RunsTable;
  run_pins: RunPinsTable;
  tasks: TasksTable;
  attempts: AttemptsTable;
  journal: JournalTable;
  blobs: BlobsTable;
  inbox: InboxTable;
  events: EventsTable;
  execution_logs: ExecutionLogsTable;
  agents: AgentsTable;
  instances: InstancesTable;
  audit: AuditTable;
}
