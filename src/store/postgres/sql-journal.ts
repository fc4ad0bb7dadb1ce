// Rows of journals: appended, answered, read, reset; and the blobs that hold large results.
// I1: a result that is there is never overwritten (S9). I2: a row keeps its place when it is updated. I3: tasks.journal_steps is the number of rows
// and the next place.

import { taskStates } from '../../contract/index.ts';
import { columnSet, bytes, int, text } from './column-set.ts';

/** The fields of one row as they travel in JSON text (see encodeSteps). */
const STEP = `name text, occurrence bigint, kind text, result text, "dueMs" bigint, subject text, payload text, code text, "atMs" bigint, blob text`;
const NAMES = `name, occurrence, kind, result, "dueMs", subject, payload, code, "atMs", blob`;

const SPREAD = (from: string): string =>
  `${from} o cross join lateral rows from (json_to_recordset(o.steps::json) as (${STEP})) with ordinality as s(${NAMES}, ord)`;
const FIELDS = `s.name, s.occurrence, s.kind, s.result, s."dueMs", s.subject, s.payload, s.code, s."atMs", decode(s.blob, 'hex')`;
const INTO = `insert into journal (tenant, task, position, name, occurrence, kind, result, due_ms, subject, payload, code, at_ms, blob)`;

/**
 * The first rows of journals, from rows (tenant, key, base, steps). The steps of one task travel as JSON text, so that the lateral join needs no index.
 */
export const insertNewSteps = (from: string): string => `${INTO}
      select o.tenant, o.key, o.base + s.ord - 1, ${FIELDS} from ${SPREAD(from)}`;

/** The same where some of the rows may be there: `… returning task, added`. New rows take the next places, without a gap. */
const mergeSteps = (from: string): string => `${INTO}
      select o.tenant, o.key, o.base + row_number() over (partition by o.key order by ${EXISTS}, s.ord) - 1, ${FIELDS} from ${SPREAD(from)}
      on conflict (task, name, occurrence) do update set result = excluded.result, blob = excluded.blob,
        due_ms = coalesce(excluded.due_ms, journal.due_ms), subject = coalesce(journal.subject, excluded.subject),
        payload = coalesce(excluded.payload, journal.payload), code = coalesce(journal.code, excluded.code), at_ms = excluded.at_ms
        where journal.result is null and journal.blob is null
      returning task, (xmax = 0)::int as added`;
const EXISTS = `case when o.base = 0 then false
        else exists (select from journal e where e.task = o.key and e.name = s.name and e.occurrence = s.occurrence) end`;

export interface JournalRow {
  key: number;
  /** Null: the row is locked and judged. */
  fence: number | null;
  /** JSON text of the steps. */
  steps: string;
}

const journalColumns = columnSet<JournalRow>([
  int('key', (row) => row.key),
  int('fence', (row) => row.fence),
  text('steps', (row) => row.steps),
]);

/** Appends steps under the fence, or without one. Answers which rows (ord) had their fence. */
export const appendJournal = {
  name: 'append_journal',
  text: `with owned as (
      select t.key, t.tenant, t.journal_steps as base, i.ord, i.steps
      from ${journalColumns.rows} as i join tasks t on t.key = i.key
      where i.fence is null or (t.fence = i.fence and t.state = ${taskStates.leased}) for update of t),
    written as (${mergeSteps('owned')}),
    counted as (
      update tasks t set journal_steps = t.journal_steps + w.added
      from (select task, sum(added)::bigint as added from written group by task) w where t.key = w.task)
    select array_agg(ord)::text as ords from owned`,
  encode: journalColumns.encode,
};

/** $1 keys, $2 fences: forgets all rows but effects, where the fence is good. Answers the blobs that went. */
export const resetJournal = {
  name: 'reset_journal',
  text: `with owned as (
      select t.key from unnest($1::bigint[], $2::bigint[]) as i(key, fence) join tasks t on t.key = i.key and t.fence = i.fence
      where t.state + 0 = ${taskStates.leased}),
    gone as (delete from journal j using owned o where j.task = o.key and j.kind <> 'effect' returning j.tenant, j.task, j.blob),
    counted as (update tasks t set journal_steps = t.journal_steps - g.n
      from (select task, count(*) as n from gone group by task) g where t.key = g.task)
    select tenant, task, blob from gone`,
};

/** $1 tasks: the effects that are left close ranks and lose the mark of the old code. Below zero first, so that no two share a place. */
export const closeRanks = [
  {
    name: 'close_ranks',
    text: `update journal j set position = -r.place, code = null from (
        select task, name, occurrence, row_number() over (partition by task order by position) as place from journal where task = any($1::bigint[])) r
      where j.task = r.task and j.name = r.name and j.occurrence = r.occurrence`,
  },
  {
    name: 'ranks_closed',
    text: 'update journal set position = -position - 1 where task = any($1::bigint[]) and position < 0',
  },
];

export interface AnswerRow {
  task: number;
  name: string;
  occurrence: number;
  result: string;
  atMs: number;
}
const answerColumns = columnSet<AnswerRow>([
  int('task', (row) => row.task),
  text('name', (row) => row.name),
  int('occurrence', (row) => row.occurrence),
  text('result', (row) => row.result),
  int('at_ms', (row) => row.atMs),
]);

export const answerRows = {
  name: 'answer_rows',
  text: `update journal j set result = i.result, at_ms = i.at_ms from ${answerColumns.rows} as i
    where j.task = i.task and j.name = i.name and j.occurrence = i.occurrence and j.result is null and j.blob is null`,
  encode: answerColumns.encode,
};

export interface BlobRow {
  tenant: number;
  hash: Uint8Array;
  data: string;
  atMs: number;
}
const blobColumns = columnSet<BlobRow>([
  bytes('hash', (row) => row.hash),
  int('tenant', (row) => row.tenant),
  text('data', (row) => row.data),
  int('at_ms', (row) => row.atMs),
]);

/**
 * One row per content. The row is locked to the end of the transaction, also when it exists: prune locks it before it looks for journals that
 * use it, so a blob that is being used again stays.
 */
export const insertBlobs = {
  name: 'insert_blobs',
  text: `insert into blobs (tenant, hash, bytes, data, at_ms)
    select tenant, hash, octet_length(data), data, at_ms from ${blobColumns.rows} as i
    on conflict (tenant, hash) do update set at_ms = greatest(blobs.at_ms, excluded.at_ms)`,
  encode: blobColumns.encode,
};

/** $1 tenants, $2 hashes: locks them in the order of those who write them. */
export const lockBlobs = {
  name: 'lock_blobs',
  text: `select from blobs b join unnest($1::bigint[], $2::bytea[]) as i(tenant, hash)
    on b.tenant = i.tenant and b.hash = i.hash order by b.tenant, b.hash for update of b`,
};

/** The same: those that no journal uses. Sent behind the lock, so that it sees the rows of whoever used one meanwhile. */
export const deleteBlobs = {
  name: 'delete_blobs',
  text: `delete from blobs b using unnest($1::bigint[], $2::bytea[]) as i(tenant, hash)
    where b.tenant = i.tenant and b.hash = i.hash and not exists (select from journal j where j.tenant = b.tenant and j.blob = b.hash)`,
};

export const loadJournal = `select j.name, j.occurrence, j.kind, coalesce(j.result, b.data) as result, j.due_ms, j.subject, j.payload, j.code, j.at_ms
  from journal j left join blobs b on b.tenant = j.tenant and b.hash = j.blob where j.task = $1 order by j.position`;
