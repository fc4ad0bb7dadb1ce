// Tasks made from tasks that exist, with their journals. The columns that a copy keeps are those of the SQLite driver.

import { idBytes, taskStates } from '../../contract/index.ts';
import type { RunKey, TaskCopy, TaskKey, TenantKey } from '../../contract/index.ts';
import { bytes, columnSet, int, text } from './column-set.ts';

export interface CopyRow {
  copy: TaskCopy;
  run: RunKey | null;
  /** Of the run; null: that of the original. */
  tenant: TenantKey | null;
  /** Creation of a copy that begins anew; null: as the original. */
  atMs: number | null;
}

const before = ({ copy }: CopyRow): { name: string; occurrence: number } | undefined =>
  typeof copy.steps === 'string' ? undefined : copy.steps.before;

const originColumns = columnSet<CopyRow>([
  int('original', ({ copy }) => copy.from),
  text('before_name', (row) => before(row)?.name),
  int('before_occurrence', (row) => before(row)?.occurrence),
]);

export interface Original {
  ord: number;
  key: TaskKey;
  tenant: TenantKey;
  state: number;
  lane: number;
  /** Position of the step that the copy's journal ends before. */
  until: number | null;
}

export const originals = {
  name: 'originals',
  text: `select i.ord::int as ord, t.key, t.tenant, t.state, t.lane, (select j.position from journal j
      where j.task = t.key and j.name = i.before_name and j.occurrence = i.before_occurrence) as until
    from ${originColumns.rows} as i join tasks t on t.key = i.original`,
  encode: originColumns.encode,
};

const copyColumns = columnSet<CopyRow>([
  bytes('id', ({ copy }) => idBytes('task', copy.id)),
  int('original', ({ copy }) => copy.from),
  int('run', ({ run }) => run),
  int('at_ms', ({ atMs }) => atMs),
  int('state', ({ copy }) =>
    copy.as === 'ended' ? null : copy.as === 'paused' ? taskStates.paused : taskStates.ready,
  ),
  text('input', ({ copy }) => copy.input),
]);

const KEPT =
  'tenant, project, node, item, name, description, type, priority, lane, route, retry, timeout_ms';
const kept = (list: string): string =>
  list
    .split(', ')
    .map((name) => `t.${name}`)
    .join(', ');
const ENDED = ['result', 'error', 'agent', 'assignment', 'host', 'started_ms', 'ended_ms'];

/** Keys by id; ids that exist are left out. */
export const insertCopies = {
  name: 'insert_copies',
  text: `insert into tasks (id, run, input, created_ms, state, reason, errors, crashes, ${KEPT}, ${ENDED.join(', ')})
    select i.id, i.run, coalesce(i.input, t.input), case when i.state is null then t.created_ms else coalesce(i.at_ms, t.created_ms) end,
      coalesce(i.state, t.state), case i.state when ${taskStates.paused} then 'run' when ${taskStates.ready} then 'none' else t.reason end,
      case when i.state is null then t.errors else 0 end, case when i.state is null then t.crashes else 0 end, ${kept(KEPT)},
      ${ENDED.map((name) => `case when i.state is null then t.${name} end`).join(', ')}
    from ${copyColumns.rows} as i join tasks t on t.key = i.original
    on conflict do nothing returning key, id`,
  encode: copyColumns.encode,
};

/**
 * $1 copies, $2 originals, $3 only effects (1), $4 before this position (null: all), $5 (1) with waits that failed though no work followed them.
 * Open waits stay behind.
 */
export const copyJournals = {
  name: 'copy_journals',
  text: `insert into journal (tenant, task, position, name, occurrence, kind, result, due_ms, at_ms, subject, payload, code, blob)
    select j.tenant, i.copy, row_number() over w - 1, j.name, j.occurrence, j.kind, j.result, j.due_ms, j.at_ms,
      case j.kind when 'approval' then null else j.subject end, j.payload,
      case when i.effects = 0 and row_number() over w = 1
        then (select c.code from journal c where c.task = i.original and c.code is not null order by c.position limit 1) end, j.blob
    from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) as i(copy, original, effects, until, failed)
    join journal j on j.task = i.original and (i.effects = 0 or j.kind = 'effect') and (i.until is null or j.position < i.until)
      and (j.kind not in ('approval', 'event', 'child') or j.result is not null or j.blob is not null)
      and (i.failed = 1 or j.kind not in ('approval', 'event', 'child') or j.blob is not null or j.result like '{"status":"ok"%' or exists (
        select 1 from journal l where l.task = j.task and l.position > j.position and l.kind in ('step', 'effect')))
    window w as (partition by i.copy order by j.position)`,
};

/** $1 copies. */
export const countJournals = {
  name: 'count_journals',
  text: `update tasks t set journal_steps = (select count(*) from journal j where j.task = t.key) where t.key = any($1::bigint[])`,
};

/** $1 copies: locks the blobs that they use, and answers how many are used and how many are there. */
export const shareBlobs = {
  name: 'share_blobs',
  text: `with used as materialized (select distinct j.tenant, j.blob from journal j where j.task = any($1::bigint[]) and j.blob is not null),
    held as materialized (
      select b.hash from used u join blobs b on b.tenant = u.tenant and b.hash = u.blob order by u.tenant, u.blob for key share of b)
    select (select count(*) from used) as used, (select count(*) from held) as held`,
};

/** $1 ids. */
export const copiesById = {
  name: 'copies_by_id',
  text: 'select key, id from tasks where id = any($1::bytea[])',
};
