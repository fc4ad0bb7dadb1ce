// Migration 2: what lets a run outlive the processes that work on it: what a run pins apart from its row (which every end of a task rewrites), waits and
// their subjects in the journal, content-addressed results, an inbox for
// events, parents of runs, deadlines, held tasks, and retention.
// I1: a normal step row of the journal belongs to none of the new indexes, and neither does a plain task until it ends.
// I2: down keeps every result: what lies in blobs goes back into its rows.
// The journal is made anew with one tree instead of two (its key is the step, and its order a plain column): half the cost of each step.

import type { Migration } from './migrations.ts';

const runColumns = [
  'deadline_ms integer',
  'parent_task integer',
  'parent_name text',
  'parent_occurrence integer',
  'root integer',
  'depth integer not null default 0',
  'origin text',
];
const journalStart = `tenant integer not null, task integer not null, position integer not null, name text not null, occurrence integer not null,
  kind text not null, result text, due_ms integer, at_ms integer not null`;
const journalColumns = 'tenant, task, position, name, occurrence, kind, result, due_ms, at_ms';
const projectColumns = ['retention_days integer', 'retention_runs integer'];

/** Index by name: an index goes before the columns that it uses. */
const indexes: Readonly<Record<string, string>> = {
  runs_deadline: 'runs (deadline_ms) where state < 3 and deadline_ms is not null',
  runs_children: 'runs (parent_task) where parent_task is not null',
  runs_root: 'runs (root) where root is not null',
  // Only what can be pruned by itself: a child goes with its root.
  runs_ended: 'runs (tenant, ended_ms) where state >= 3 and parent_task is null',
  tasks_ended: 'tasks (tenant, ended_ms) where run is null and state >= 6',
  // Found by its id also when it is decided; and the open ones of a tenant, oldest first.
  journal_approval: `journal (subject) where kind = 'approval' and subject is not null`,
  journal_undecided: `journal (tenant, at_ms) where kind = 'approval' and result is null and blob is null`,
  journal_open: `journal (tenant, subject) where kind in ('event', 'child') and result is null and blob is null and subject is not null`,
  // Whether a blob is still used.
  journal_blob: 'journal (tenant, blob) where blob is not null',
  // Logs of a run as a whole, for pruning.
  execution_logs_run: 'execution_logs (run) where task is null and run is not null',
};

const add = (table: string, columns: readonly string[]): string[] =>
  columns.map((column) => `alter table ${table} add column ${column}`);
const drop = (table: string, columns: readonly string[]): string[] =>
  columns.map((column) => `alter table ${table} drop column ${column.split(' ')[0]}`).toReversed();

export const outlive: Migration = {
  version: 2,
  name: 'runs that outlive anything',
  up: [
    ...add('runs', runColumns),
    'create table run_pins (run integer primary key, tenant integer not null, graph text not null, input text not null) strict',
    'insert into run_pins (run, tenant, graph, input) select key, tenant, graph, input from runs',
    'alter table runs drop column graph',
    'alter table runs drop column input',
    'alter table tasks add column hold integer not null default 0',
    `create table journal_next (${journalStart}, subject text, payload text, code text, blob blob,
      primary key (task, name, occurrence)) strict, without rowid`,
    `insert into journal_next (${journalColumns}) select ${journalColumns} from journal`,
    'drop table journal',
    'alter table journal_next rename to journal',
    ...add('projects', projectColumns),
    `create table blobs (
      tenant integer not null, hash blob not null, bytes integer not null, data text not null, at_ms integer not null,
      primary key (tenant, hash)) strict`,
    `create table inbox (
      key integer primary key, tenant integer not null, run blob not null, name text not null, data text not null, sent_by text not null,
      at_ms integer not null, idem text, taken integer not null default 0) strict`,
    'create unique index inbox_idem on inbox (tenant, run, name, idem) where idem is not null',
    'create index inbox_run on inbox (tenant, run, name, taken, key)',
    ...Object.entries(indexes).map(([name, on]) => `create index ${name} on ${on}`),
  ],
  down: [
    ...Object.keys(indexes).map((name) => `drop index ${name}`),
    `create table journal_before (${journalStart}, primary key (task, position), unique (task, name, occurrence)) strict, without rowid`,
    `insert into journal_before (${journalColumns})
      select j.tenant, task, row_number() over (partition by task order by position) - 1, name, occurrence, kind, coalesce(result, data), due_ms, j.at_ms
      from journal j left join blobs b on b.tenant = j.tenant and b.hash = j.blob`,
    'drop table journal',
    'alter table journal_before rename to journal',
    'drop table inbox',
    'drop table blobs',
    ...drop('projects', projectColumns),
    'alter table tasks drop column hold',
    `alter table runs add column graph text not null default '{}'`,
    `alter table runs add column input text not null default 'null'`,
    'update runs set (graph, input) = (select p.graph, p.input from run_pins p where p.run = runs.key)',
    'drop table run_pins',
    ...drop('runs', runColumns),
  ],
};
