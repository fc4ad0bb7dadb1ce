// Deleting what ended long ago. Cold: planned by the statistics, run under the bounds of a cold session.

const TOP_RUN = `tenant = $1::bigint and state >= 3 and parent_task is null and ($2::bigint is null or project = $2::bigint)`;
const SINGLE = `tenant = $1::bigint and run is null and state >= 6 and ($2::bigint is null or project = $2::bigint)`;
const openTasks = (run: string): string =>
  `exists (select from tasks o where o.run = ${run} and o.state < 6)`;
/** Something in this run or below it has not ended. */
const openTree = (run: string): string => `(${openTasks(run)}
  or exists (select from runs d where d.root = ${run} and (d.state < 3 or ${openTasks('d.key')})))`;

/** $3 how many are kept: when the last of them ended. */
export const cut = `select ended_ms from (
    (select ended_ms from runs where ${TOP_RUN} order by ended_ms desc limit $3::bigint)
    union all (select ended_ms from tasks where ${SINGLE} order by ended_ms desc limit $3::bigint)) as newest
  order by ended_ms desc limit 1 offset $3::bigint - 1`;

/** $3 ended before, $4 at most: whole trees that have ended, the oldest first. */
export const candidates = `select * from (
    (select 'run' as kind, key, ended_ms from runs r where ${TOP_RUN} and ended_ms < $3::bigint and not ${openTree('r.key')}
      order by ended_ms limit $4::bigint)
    union all
    (select 'task', key, ended_ms from tasks t where ${SINGLE} and ended_ms < $3::bigint
      and not exists (select from runs c where c.parent_task = t.key and (c.state < 3 or ${openTree('c.key')}))
      order by ended_ms limit $4::bigint)) as found
  order by ended_ms limit $4::bigint`;

/** $1 topmost runs, $2 single tasks, $3 at most: the runs below them, the deepest first, and their own rows last. */
export const runsOfTrees = `with tops as (
    select unnest($1::bigint[]) as key union select c.key from runs c where c.parent_task = any($2::bigint[])),
  found as (
    select * from (
      select r.key, r.depth from tops join runs r on r.key = tops.key
      union select d.key, d.depth from tops join runs d on d.root = tops.key) as tree
    order by depth desc, key limit $3::bigint)
  select r.key, r.id from runs r where r.key in (select key from found) order by r.key for update`;

/** $1 runs, $2 at most. */
export const tasksOfRuns =
  'select key, id from tasks where run = any($1::bigint[]) order by key limit $2::bigint for update';

/** $1 keys of single tasks below which no run is left. */
export const singles = `select key, id, least(created_ms, ended_ms) as from_ms, greatest(created_ms, ended_ms) as until_ms from tasks t
  where key = any($1::bigint[]) and not exists (select from runs c where c.parent_task = t.key) order by key for update`;

/** $1 keys of tasks. Answers the blobs that they used. */
export const deleteJournals = `with gone as (delete from journal where task = any($1::bigint[]) returning tenant, blob)
  select distinct tenant, blob from gone where blob is not null`;

/** $1 keys of tasks. */
export const deleteByTask = [
  'delete from attempts where task = any($1::bigint[])',
  'delete from tasks where key = any($1::bigint[])',
];

/** $1 ids of tasks. */
export const deleteLogsOfTasks = 'delete from execution_logs where task = any($1::bytea[])';

/** $1 keys of runs: those that nothing is left of. */
export const emptyRuns = `select key, id from runs r where key = any($1::bigint[]) and not exists (select from tasks t where t.run = r.key)
  and not exists (select from runs d where d.root = r.key
    and (not d.key = any($1::bigint[]) or exists (select from tasks t where t.run = d.key)))`;

/** $1 ids of runs. */
export const deleteByRunId = [
  'delete from events where run = any($1::bytea[]) and seq is not null',
  'delete from execution_logs where run = any($1::bytea[]) and task is null',
];
/** $1 keys of runs. */
export const deleteRuns = [
  'delete from run_pins where run = any($1::bigint[])',
  'delete from runs where key = any($1::bigint[])',
];

/** $1 tenant, $2 ids of runs and single tasks. */
export const deleteInbox = 'delete from inbox where tenant = $1::bigint and run = any($2::bytea[])';

/** $1 ids of single tasks, $2 and $3 the time that they lived in: found by block ranges of time. */
export const deleteEventsOfSingles = `delete from events where at_ms between $2::bigint and $3::bigint and seq is null
  and (task = any($1::bytea[]) or run = any($1::bytea[]))`;

export const size = `select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint as used, pg_database_size(current_database()) as disk
  from pg_class c where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace`;
