// The SQLite schema, by numbered steps up and down. Each step is a list of statements; `C20` may strike between two of them.
// Row widths matter here: integer keys and one event row per task give three times the speed of text keys (design 5.1).

import { outlive } from './migration-outlive.ts';

export interface Migration {
  version: number;
  name: string;
  up: readonly string[];
  down: readonly string[];
}

const dictionaries = [
  `create table tenants (
    key integer primary key, id blob not null unique, name text not null, weight real not null default 1, created_ms integer not null) strict`,
  `create table projects (
    key integer primary key, id blob not null, tenant integer not null references tenants(key) on delete cascade, name text not null,
    created_ms integer not null, unique (tenant, id)) strict`,
  `create table routes (key integer primary key, capabilities text not null unique) strict`,
  `create table lanes (
    key integer primary key, tenant integer not null references tenants(key) on delete cascade,
    project integer not null references projects(key) on delete cascade, route integer not null references routes(key),
    cap_key text not null default '', unique (tenant, project, route, cap_key)) strict`,
  `create table caps (
    key integer primary key, tenant integer not null, subject text not null, max_running integer not null check (max_running >= 0),
    running integer not null default 0 check (running >= 0), unique (tenant, subject)) strict`,
  `create table hosts (key integer primary key, id text not null, boot text not null, started_ms integer not null, ended_ms integer) strict`,
];

const work = [
  `create table runs (
    key integer primary key, id blob not null, tenant integer not null, project integer not null, workflow text not null, title text not null,
    graph text not null, progress text not null, state integer not null, version integer not null default 0, token integer not null, seq integer not null default 0,
    input text not null, output text, error text, idem text, body_hash text, created_ms integer not null, started_ms integer, ended_ms integer,
    unique (tenant, id)) strict`,
  `create unique index runs_idem on runs (tenant, idem) where idem is not null`,
  `create index runs_open on runs (key) where state < 3`,
  `create table tasks (
    key integer primary key, id blob not null, tenant integer not null, project integer not null, run integer, node text, item integer,
    name text not null, description text, type text not null, priority integer not null, state integer not null, reason text not null,
    lane integer not null, route integer not null, input text not null, result text, error text, fence integer not null default 0,
    lease_until_ms integer, host integer, agent text, assignment text, errors integer not null default 0, crashes integer not null default 0,
    suspect integer not null default 0, capped integer not null default 0, journal_steps integer not null default 0, retry text not null,
    timeout_ms integer not null, due_ms integer, idem text, body_hash text, created_ms integer not null, started_ms integer, ended_ms integer
  ) strict`,
  `create unique index tasks_id on tasks (tenant, id)`,
  `create index tasks_ready on tasks (lane, priority desc, key) where state = 2`,
  `create index tasks_leased on tasks (host) where state = 3`,
  `create index tasks_due on tasks (due_ms) where state = 1 and due_ms is not null`,
  `create index tasks_run on tasks (run, node) where run is not null`,
  `create unique index tasks_idem on tasks (tenant, idem) where idem is not null`,
  `create index tasks_dead on tasks (tenant, key) where state = 8`,
  `create table attempts (
    key integer primary key, tenant integer not null, task integer not null, attempt integer not null, fence integer not null, agent text not null,
    host integer not null, outcome text not null, error text, started_ms integer, ended_ms integer not null) strict`,
  `create index attempts_task on attempts (task)`,
  `create table journal (
    tenant integer not null, task integer not null, position integer not null, name text not null, occurrence integer not null, kind text not null,
    result text, due_ms integer, at_ms integer not null, primary key (task, position), unique (task, name, occurrence)) strict, without rowid`,
  `create table events (
    key integer primary key, tenant integer not null, type integer not null, at_ms integer not null, run blob, task blob, seq integer,
    data text not null) strict`,
  `create index events_run on events (run, seq) where seq is not null`,
];

const records = [
  `create table execution_logs (
    key integer primary key, id blob not null, tenant integer not null, run blob, task blob, agent text, log_level text not null,
    message text not null, metadata text, created_ms integer not null) strict`,
  `create index execution_logs_task on execution_logs (task) where task is not null`,
  `create table agents (
    key integer primary key, id blob not null, tenant integer not null, name text not null, type text not null, version text not null,
    capabilities text not null, status text not null, current_task blob, metrics text not null default '{}', memory text not null default '{}',
    created_ms integer not null, last_heartbeat_ms integer, unique (tenant, name, version)) strict`,
  `create table instances (
    key integer primary key, id blob not null, tenant integer not null, agent integer not null references agents(key) on delete cascade,
    host integer not null, status text not null, slots integer not null, busy integer not null default 0, started_ms integer not null,
    last_heartbeat_ms integer not null, ended_ms integer) strict`,
  `create table audit (
    key integer primary key, tenant integer not null, at_ms integer not null, actor text not null, action text not null, subject text not null,
    data text not null) strict`,
  `create trigger audit_no_update before update on audit begin select raise(abort, 'audit is append-only'); end`,
  `create trigger audit_no_delete before delete on audit begin select raise(abort, 'audit is append-only'); end`,
];

const seed = [
  `insert into tenants (key, id, name, created_ms) values (1, zeroblob(16), 'default', 0)`,
  `insert into projects (key, id, tenant, name, created_ms) values (1, zeroblob(16), 1, 'default', 0)`,
];

const tables = [
  'audit',
  'instances',
  'agents',
  'execution_logs',
  'events',
  'journal',
  'attempts',
  'tasks',
  'runs',
  'hosts',
  'caps',
  'lanes',
  'routes',
  'projects',
  'tenants',
];

export const migrations: readonly Migration[] = [
  {
    version: 1,
    name: 'first light',
    up: [...dictionaries, ...work, ...records, ...seed],
    down: tables.map((table) => `drop table ${table}`),
  },
  outlive,
];
