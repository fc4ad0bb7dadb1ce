// The rows that the oracle judges, read without the store: SQLite's file by its own reader, PostgreSQL by a plain connection.

import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';

export interface TaskRow {
  key: number;
  id: Uint8Array;
  tenant: number;
  run: number | null;
  node: string | null;
  item: number | null;
  state: number;
  reason: string;
  result: string | null;
  error: string | null;
  fence: number;
  lease_until_ms: number | null;
  idem: string | null;
  created_ms: number;
  ended_ms: number | null;
}
export interface RunRow {
  key: number;
  id: Uint8Array;
  tenant: number;
  state: number;
  version: number;
  seq: number;
  progress: string;
  idem: string | null;
  /** Key of the task that waits for this run. */
  parent_task: number | null;
}
export interface JournalRow {
  task: number;
  name: string;
  kind: string;
  result: string | null;
  subject: string | null;
}
export interface Rows {
  tasks: TaskRow[];
  runs: RunRow[];
  attempts: { task: number; tenant: number; fence: number; outcome: string }[];
  events: {
    tenant: number;
    type: number;
    run: Uint8Array | null;
    task: Uint8Array | null;
    seq: number | null;
  }[];
  caps: { subject: string; running: number }[];
  journal: JournalRow[];
}

const queries = {
  tasks:
    'select key, id, tenant, run, node, item, state, reason, result, error, fence, lease_until_ms, idem, created_ms, ended_ms from tasks order by key',
  runs: 'select key, id, tenant, state, version, seq, progress, idem, parent_task from runs order by key',
  attempts: 'select task, tenant, fence, outcome from attempts order by key',
  events: 'select tenant, type, run, task, seq from events order by key',
  journal:
    'select j.task, j.name, j.kind, j.subject, coalesce(j.result, b.data) as result from journal j left join blobs b on b.tenant = j.tenant and b.hash = j.blob order by j.task, j.position',
  caps: 'select subject, running from caps',
} as const;

export async function openRows(source: { sqlite?: string; postgresUrl?: string }): Promise<Rows> {
  return source.postgresUrl === undefined
    ? sqliteRows(source.sqlite ?? '')
    : await postgresRows(source.postgresUrl);
}

function sqliteRows(file: string): Rows {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const check = db.prepare('pragma integrity_check').all();
    if (JSON.stringify(check) !== '[{"integrity_check":"ok"}]')
      throw new Error(`integrity check: ${JSON.stringify(check)}`);
    const all = (name: keyof typeof queries): unknown[] => db.prepare(queries[name]).all();
    return Object.fromEntries(
      Object.keys(queries).map((name) => [name, all(name as keyof typeof queries)]),
    ) as unknown as Rows;
  } finally {
    db.close();
  }
}

async function postgresRows(url: string): Promise<Rows> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const rows: Record<string, unknown[]> = {};
    for (const [name, sql] of Object.entries(queries))
      rows[name] = (await client.query<Record<string, unknown>>(sql)).rows.map(asNumbers);
    return rows as unknown as Rows;
  } finally {
    await client.end();
  }
}

/** bigint columns come as text. */
function asNumbers(row: Record<string, unknown>): Record<string, unknown> {
  const bigints = [
    'key',
    'tenant',
    'run',
    'item',
    'state',
    'fence',
    'lease_until_ms',
    'version',
    'seq',
    'task',
    'type',
    'running',
    'created_ms',
    'ended_ms',
    'parent_task',
  ];
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'string' && bigints.includes(name) ? Number(value) : value,
    ]),
  );
}
