// Brings the schema up or down to a version.
// Owns: schema_migrations. Who may call it: openPostgresStore at start, and operators' commands.
// I1: one process at a time (advisory lock); the others wait, then find nothing to do. I2: the number is claimed before its first statement
// runs, and each statement commits together with the count of statements done, so a crash between two of them resumes there. I3: a database
// from the future is refused and not touched. I4: DDL never waits longer than lock_timeout in one go, so it cannot stop a busy hive; it retries.
//
// A step is: absent > claimed (direction, statements done) > finished (up) | absent (down).

import type { Client } from 'pg';
import { DatabaseError } from 'pg';
import { crashPoint, hiveError, isHiveError } from '../../contract/index.ts';
import { systemClock } from '../../kernel/index.ts';
import { failureKind, storeError } from './failure.ts';
import { sleep } from './link.ts';
import { migrations } from './migrations/all.ts';
import type { Migration } from './migrations/migration.ts';
import { openSession } from './session.ts';

/** First key of every advisory lock of Hivewright ("HIVE" in ASCII); the second is 0 for migrations, the host key for hosts. */
export const LOCK_NAMESPACE = 0x48495645;
const MIGRATION_LOCK = 0;
/** Tries of a statement or of the lock that met lock_timeout (2 s each): two minutes of another process's migration. */
const MAX_TRIES = 60;
const RETRY_MS = 100;

const BOOK = `create table if not exists schema_migrations (version bigint primary key, name text not null, direction text not null,
  statements bigint not null, finished boolean not null, claimed_at timestamptz not null default now())`;

interface BookRow {
  version: number;
  direction: string;
  statements: number;
  finished: boolean;
}

export const NEWEST_SCHEMA = migrations.reduce((newest, each) => Math.max(newest, each.version), 0);

/** Migrates to version `to` (default: the newest this program knows; 0: nothing left). Returns the version reached. */
export async function migratePostgres(url: string, options: { to?: number } = {}): Promise<number> {
  const to = options.to ?? NEWEST_SCHEMA;
  let client: Client;
  try {
    client = await openSession(url, 'migrate');
  } catch (error) {
    throw hiveError('STORE_UNAVAILABLE', {
      message: `cannot connect to PostgreSQL: ${storeError(error).message}`,
      cause: error,
    });
  }
  try {
    if (await isCurrent(client, to)) return to;
    await withRetries(() =>
      client.query('select pg_advisory_lock($1, $2)', [LOCK_NAMESPACE, MIGRATION_LOCK]),
    );
    await withRetries(() => client.query(BOOK));
    await finishDowns(client);
    await climb(client, to);
    await descend(client, to);
    return to;
  } finally {
    await client.end().catch(() => undefined); // releases the lock
  }
}

/** The usual start: nothing to do, so nothing is locked and no right to create anything is needed. */
async function isCurrent(client: Client, to: number): Promise<boolean> {
  const found = await client.query<{ there: boolean }>(
    `select to_regclass('schema_migrations') is not null as there`,
  );
  if (found.rows[0]?.there !== true) return false;
  const rows = await readBook(client);
  refuseFuture(rows);
  return (
    to === NEWEST_SCHEMA && rows.length === migrations.length && rows.every((row) => row.finished)
  );
}

async function readBook(client: Client): Promise<BookRow[]> {
  return (
    await client.query<BookRow>(
      'select version, direction, statements, finished from schema_migrations order by version',
    )
  ).rows;
}

function refuseFuture(rows: readonly BookRow[]): void {
  const newest = rows.at(-1)?.version ?? 0;
  if (newest > NEWEST_SCHEMA) {
    throw hiveError('SCHEMA_FUTURE', {
      message: `the database has schema ${newest}; this Hivewright knows up to ${NEWEST_SCHEMA}`,
    });
  }
}

/** A step that was on its way down goes on down: half of its tables are gone. */
async function finishDowns(client: Client): Promise<void> {
  const rows = await readBook(client);
  refuseFuture(rows);
  for (const row of rows.toReversed())
    if (row.direction === 'down') await apply(client, step(row.version), 'down');
}

async function climb(client: Client, to: number): Promise<void> {
  for (const migration of migrations)
    if (migration.version <= to) await apply(client, migration, 'up');
}

async function descend(client: Client, to: number): Promise<void> {
  const rows = await readBook(client);
  for (const row of rows.toReversed())
    if (row.version > to) await apply(client, step(row.version), 'down');
}

function step(version: number): Migration {
  const found = migrations.find((each) => each.version === version);
  if (found === undefined)
    throw hiveError('SCHEMA_FAILED', {
      message: `schema_migrations names version ${version}, which does not exist`,
    });
  return found;
}

async function apply(
  client: Client,
  migration: Migration,
  direction: 'up' | 'down',
): Promise<void> {
  const { version } = migration;
  const statements = migration[direction];
  await client.query(
    `insert into schema_migrations (version, name, direction, statements, finished) values ($1, $2, 'up', 0, false) on conflict do nothing`,
    [version, migration.name],
  );
  if (direction === 'down') {
    await client.query(
      `update schema_migrations set direction = 'down', statements = 0, finished = false where version = $1 and direction = 'up'`,
      [version],
    );
  }
  const claimed = (await readBook(client)).find((row) => row.version === version);
  if (claimed === undefined || (direction === 'up' && claimed.finished)) return;
  for (let done = claimed.statements; done < statements.length; done++) {
    crashPoint('C20');
    await statement(client, { sql: statements[done] ?? '', version, done });
  }
  if (direction === 'up')
    await client.query('update schema_migrations set finished = true where version = $1', [
      version,
    ]);
  else await client.query('delete from schema_migrations where version = $1', [version]);
}

async function statement(
  client: Client,
  todo: { sql: string; version: number; done: number },
): Promise<void> {
  await withRetries(async () => {
    await client.query('begin');
    try {
      await client.query(todo.sql);
      await client.query('update schema_migrations set statements = $2 where version = $1', [
        todo.version,
        todo.done + 1,
      ]);
      await client.query('commit');
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw failureKind(error) === 'again' ? error : explain(error, todo);
    }
  });
}

function explain(error: unknown, todo: { sql: string; version: number }): unknown {
  if (error instanceof DatabaseError && error.code === '42501') {
    return hiveError('SCHEMA_FAILED', {
      message: `migration ${todo.version} needs a right that this login lacks (${error.message}). As an administrator run: create role hive_core nologin noinherit; create role hive_tenant nologin noinherit nobypassrls; grant hive_core, hive_tenant to <login>; grant create, usage on schema public to <login>; then start again`,
      cause: error,
    });
  }
  if (failureKind(error) === 'lost' || isHiveError(error)) return storeError(error);
  const message = error instanceof Error ? error.message : String(error);
  return hiveError('SCHEMA_FAILED', {
    message: `migration ${todo.version}: ${message} in: ${todo.sql.slice(0, 200)}`,
    cause: error,
  });
}

async function withRetries(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await work();
      return;
    } catch (error) {
      if (failureKind(error) !== 'again' || tries >= MAX_TRIES)
        throw isHiveError(error) ? error : storeError(error);
      await sleep(systemClock, RETRY_MS);
    }
  }
}
