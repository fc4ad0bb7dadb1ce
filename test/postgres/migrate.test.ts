import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BLOB_BYTES, installCrashPlan } from '../../src/contract/index.ts';
import { missingPostgres, sharedPostgres } from '../harness/postgres.ts';
import { openStore } from '../harness/postgres-store.ts';
import { migratePostgres, NEWEST_SCHEMA } from '../../src/store/postgres/migrate.ts';
import { migrations } from '../../src/store/postgres/migrations/all.ts';

const missing = await missingPostgres();

async function query<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

const tables = async (url: string): Promise<string[]> =>
  (
    await query<{ name: string }>(
      url,
      `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
    )
  ).map((row) => row.name);

describe.skipIf(missing !== null)(
  `migrations of PostgreSQL${missing === null ? '' : ` (skipped: ${missing})`}`,
  () => {
    let url: string;
    beforeEach(async () => {
      url = await (await sharedPostgres()).createDatabase();
    });
    afterEach(async () => {
      installCrashPlan(undefined);
      await (await sharedPostgres()).dropDatabase(url);
    });

    test('I1: three at once apply each statement once', async () => {
      const reached = await Promise.all([
        migratePostgres(url),
        migratePostgres(url),
        migratePostgres(url),
      ]);
      expect(reached).toEqual([NEWEST_SCHEMA, NEWEST_SCHEMA, NEWEST_SCHEMA]);
      const book = await query<{ version: string; statements: string; finished: boolean }>(
        url,
        'select version, statements, finished from schema_migrations order by version',
      );
      expect(book).toEqual(
        migrations.map((each) => ({
          version: String(each.version),
          statements: String(each.up.length),
          finished: true,
        })),
      );
      expect(await query(url, 'select key from tenants')).toHaveLength(1);
    });

    test('down to nothing and up again', async () => {
      await migratePostgres(url);
      const full = await tables(url);
      expect(full).toContain('tasks');
      expect(await migratePostgres(url, { to: 0 })).toBe(0);
      expect(await tables(url)).toEqual(['schema_migrations']);
      expect(await query(url, 'select * from schema_migrations')).toEqual([]);
      await migratePostgres(url);
      expect(await tables(url)).toEqual(full);
    });

    test('down to the version before blobs, large results are back in their rows', async () => {
      await migratePostgres(url);
      const open = await openStore(url);
      await open.store.core.enqueue([{ tasks: [open.task()] }]);
      const [task] = await open.claim(1);
      if (task === undefined) throw new Error('nothing claimed');
      const { key, fence } = task;
      const result = JSON.stringify('x'.repeat(BLOB_BYTES));
      const step = { name: 'a', occurrence: 0, kind: 'step', result, atMs: 1 } as const;
      await open.store.core.journal({ key, tenant: 1, fence, flushLane: key, steps: [step] });
      await open.store.close();
      expect(await query(url, 'select result from journal')).toEqual([{ result: null }]);
      expect(await migratePostgres(url, { to: 2 })).toBe(2);
      expect(await query(url, 'select result from journal')).toEqual([{ result }]);
      expect(await tables(url)).not.toContain('blobs');
    });

    test('I2, C20: a crash between any two statements resumes there, up and down', async () => {
      class Crash extends Error {}
      const total = migrations.reduce((sum, each) => sum + each.up.length, 0);
      const crashAt = async (pass: number, to: number): Promise<void> => {
        let seen = 0;
        installCrashPlan((point) => {
          if (point === 'C20' && ++seen === pass) throw new Crash();
        });
        await expect(migratePostgres(url, { to })).rejects.toBeInstanceOf(Crash);
        installCrashPlan(undefined);
      };
      await crashAt(3, NEWEST_SCHEMA);
      await crashAt(1, NEWEST_SCHEMA);
      await crashAt(Math.floor(total / 2), NEWEST_SCHEMA);
      await migratePostgres(url);
      const full = await tables(url);
      await crashAt(5, 0);
      await migratePostgres(url); // finishes the way down, then goes up
      expect(await tables(url)).toEqual(full);
    });

    test('I3: a database from the future is refused and not touched', async () => {
      await migratePostgres(url);
      await query(
        url,
        `insert into schema_migrations (version, name, direction, statements, finished) values (${NEWEST_SCHEMA + 5}, 'later', 'up', 1, true)`,
      );
      await expect(migratePostgres(url)).rejects.toMatchObject({ code: 'SCHEMA_FUTURE' });
      await expect(migratePostgres(url, { to: 0 })).rejects.toMatchObject({
        code: 'SCHEMA_FUTURE',
      });
      expect(await tables(url)).toContain('tasks');
    });

    test('a login that may not create roles is told what to grant', async () => {
      const server = await sharedPostgres();
      const name = new URL(url).pathname.slice(1);
      // The roles may exist already on this server: then membership is what is missing.
      await query(
        url,
        `do $$ begin if not exists (select from pg_roles where rolname = 'plain_login') then create role plain_login login; end if; end $$`,
      );
      await query(url, `alter database ${name} owner to plain_login`);
      const plain = `postgres://plain_login@127.0.0.1:${server.port}/${name}`;
      await expect(migratePostgres(plain)).rejects.toMatchObject({
        code: 'SCHEMA_FAILED',
        message: expect.stringContaining('grant hive_core, hive_tenant to'),
      });
      await query(
        url,
        `do $$ begin
      if not exists (select from pg_roles where rolname = 'hive_core') then create role hive_core nologin noinherit; end if;
      if not exists (select from pg_roles where rolname = 'hive_tenant') then create role hive_tenant nologin noinherit; end if; end $$`,
      );
      await query(url, 'grant hive_core, hive_tenant to plain_login');
      expect(await migratePostgres(plain)).toBe(NEWEST_SCHEMA);
      // Row level security binds the owner too; the hot path and its foreign keys work all the same.
      const open = await openStore(plain);
      const [verdict] = await open.store.core.enqueue([{ tasks: [open.task()] }]);
      expect(verdict?.status).toBe('ok');
      expect(await open.claim(1)).toHaveLength(1);
      expect(
        await open.store.read(1, { sql: 'select key from tasks', parameters: [] }),
      ).toHaveLength(1);
      const run = open.run({ graph: '{"pinned":1}', input: '{"a":2}' });
      await open.store.core.enqueue([{ run, tasks: [open.task()] }]);
      await open.store.close();
      // Rows are moved both ways too.
      expect(await migratePostgres(plain, { to: 2 })).toBe(2);
      const pinned = { graph: '{"pinned":1}', input: '{"a":2}' };
      expect(await query(url, 'select graph, input from runs')).toEqual([pinned]);
      expect(await migratePostgres(plain)).toBe(NEWEST_SCHEMA);
      expect(await query(url, 'select graph, input from run_pins')).toEqual([pinned]);
      await query(url, 'revoke hive_core, hive_tenant from plain_login');
    });

    test('a server that is not there is named', async () => {
      await expect(migratePostgres('postgres://nobody@127.0.0.1:1/none')).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      });
    });
  },
);
