// Row level security and roles: what a reader inside one tenant can see, whatever its SQL says.

import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { missingPostgres } from '../harness/postgres.ts';
import { migratedDatabase, openStore } from '../harness/postgres-store.ts';

const missing = await missingPostgres();

describe.skipIf(missing !== null)(
  `tenants of PostgreSQL${missing === null ? '' : ` (skipped: ${missing})`}`,
  () => {
    async function twoTenants(url: string): ReturnType<typeof openStore> {
      const open = await openStore(url);
      await open.store.write([
        {
          sql: `insert into tenants (key, id, name, created_ms) values (2, '\\x01', 'two', 0)`,
          parameters: [],
        },
      ]);
      await open.store.write([
        {
          sql: `insert into projects (key, id, tenant, name, created_ms) values (2, '\\x01', 2, 'two', 0)`,
          parameters: [],
        },
      ]);
      await open.store.core.enqueue([
        { tasks: [open.task()] },
        { tasks: [open.task({ tenant: 2, project: 2, name: 'secret' })] },
      ]);
      return open;
    }

    test('a query without WHERE finds its tenant only, in every table', async () => {
      await using database = await migratedDatabase();
      await using open = await twoTenants(database.url);
      for (const [tenant, names] of [
        [1, ['work']],
        [2, ['secret']],
      ] as const) {
        const rows = await open.store.read<{ name: string }>(tenant, {
          sql: 'select name from tasks',
          parameters: [],
        });
        expect(rows.map((row) => row.name)).toEqual(names);
      }
      expect(await open.store.read(1, { sql: 'select key from tenants', parameters: [] })).toEqual([
        { key: 1 },
      ]);
      expect(
        await open.store.read(1, {
          sql: 'select tenant from lanes union all select tenant from projects',
          parameters: [],
        }),
      ).toEqual([{ tenant: 1 }, { tenant: 1 }]);
      expect(
        await open.store.read('system', { sql: 'select key from tasks', parameters: [] }),
      ).toHaveLength(2);
    });

    const escapes = [
      'reset role',
      'set role hive_core',
      `set hive.tenant = '2'`,
      'reset session authorization',
      `select set_config('hive.tenant', '2', true), name from tasks`,
      `with x as materialized (select SET_CONFIG('role', 'hive_core', true)) select name from x, tasks`,
      `select u&"set\\005fconfig"('hive.tenant', '2', true), name from tasks`,
      `do $$ begin perform set_config('role', 'none', true); end $$`,
      'commit',
      'select 1; reset role',
      `select name from tasks; select name from tasks`,
      `update tasks set name = 'x' returning name`,
      `with x as (delete from tasks returning name) select name from x`,
    ];
    for (const sql of escapes) {
      test(`no way out: ${sql.slice(0, 60)}`, async () => {
        await using database = await migratedDatabase();
        await using open = await twoTenants(database.url);
        const outcome = await open.store
          .read<{ name?: string }>(1, { sql, parameters: [] })
          .catch((error: unknown) => error);
        expect(JSON.stringify(outcome)).not.toContain('secret');
        for (let i = 0; i < 4; i++) {
          // Every pooled session is tried: none kept another role or tenant.
          expect(
            await open.store.read(1, {
              sql: 'select name, current_user::text as role from tasks',
              parameters: [],
            }),
          ).toEqual([{ name: 'work', role: 'hive_tenant' }]);
        }
        expect(
          await open.store.read('system', { sql: 'select key from tasks', parameters: [] }),
        ).toHaveLength(2);
      });
    }

    test('as hive_tenant without a tenant nothing is seen; it may write nothing and cannot bypass policies', async () => {
      await using database = await migratedDatabase();
      await using open = await twoTenants(database.url);
      const client = new Client({ connectionString: database.url });
      await client.connect();
      try {
        await client.query('set role hive_tenant');
        await expect(client.query('select * from tasks')).rejects.toThrow(/hive.tenant/);
        await client.query(`set hive.tenant = '1'`);
        await expect(client.query('delete from tasks')).rejects.toThrow(/permission denied/);
        await expect(client.query('alter table tasks disable row level security')).rejects.toThrow(
          /owner/,
        );
        await client.query('reset role');
        const { rows } = await client.query<{ flag: boolean }>(
          `select bool_and(relrowsecurity and relforcerowsecurity) as flag from pg_class c join pg_attribute a on a.attrelid = c.oid
         where a.attname = 'tenant' and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace`,
        );
        expect(rows[0]?.flag).toBe(true);
        const roles = await client.query(
          `select rolname, rolbypassrls, rolcanlogin, rolsuper from pg_roles where rolname like 'hive\\_%' order by 1`,
        );
        expect(roles.rows).toEqual([
          { rolname: 'hive_core', rolbypassrls: false, rolcanlogin: false, rolsuper: false },
          { rolname: 'hive_tenant', rolbypassrls: false, rolcanlogin: false, rolsuper: false },
        ]);
        void open;
      } finally {
        await client.end();
      }
    });

    test('audit rows cannot be changed, removed or truncated, not even by the owner', async () => {
      await using database = await migratedDatabase();
      await using open = await twoTenants(database.url);
      await open.store.core.enqueue([
        {
          tasks: [open.task()],
          audit: { tenant: 1, atMs: 1, actor: 'a', action: 'b', subject: 'c', data: {} },
        },
      ]);
      const client = new Client({ connectionString: database.url });
      await client.connect();
      try {
        for (const sql of [`update audit set actor = 'x'`, 'delete from audit', 'truncate audit'])
          await expect(client.query(sql)).rejects.toThrow(/append-only/);
        expect((await client.query('select * from audit')).rows).toHaveLength(1);
      } finally {
        await client.end();
      }
    });
  },
);
