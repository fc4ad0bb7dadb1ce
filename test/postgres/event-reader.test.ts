import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { missingPostgres } from '../harness/postgres.ts';
import { migratedDatabase, openStore } from '../harness/postgres-store.ts';

const missing = await missingPostgres();

describe.skipIf(missing !== null)(
  `events of PostgreSQL${missing === null ? '' : ` (skipped: ${missing})`}`,
  () => {
    test('I1: two transactions that commit out of order: the reader waits for the older one and skips nothing', async () => {
      await using database = await migratedDatabase();
      await using open = await openStore(database.url);
      const add = async (client: Client, name: string): Promise<void> => {
        await client.query(`insert into events (tenant, type, at_ms, data) values (1, 4, 1, $1)`, [
          JSON.stringify({ name }),
        ]);
      };
      const read = async (
        cursor: string | null,
      ): Promise<{ names: unknown[]; cursor: string | null }> => {
        const events = await open.store.events.after({ cursor, limit: 10 });
        return {
          names: events.map((event) => event.data['name']),
          cursor: events.at(-1)?.cursor ?? cursor,
        };
      };
      const older = new Client({ connectionString: database.url });
      const newer = new Client({ connectionString: database.url });
      await Promise.all([older.connect(), newer.connect()]);
      try {
        await add(newer, 'before');
        await older.query('begin');
        await older.query('select pg_current_xact_id()'); // has its place in the order, and no event yet
        await newer.query('begin');
        await add(newer, 'newer');
        await add(older, 'older');
        await newer.query('commit');
        const first = await read(null);
        expect(first.names).toEqual(['before']); // 'newer' is committed and visible, but may not be passed on
        expect(await open.store.events.head()).toBe(first.cursor);
        let told = 0;
        open.store.hints.onEvents(() => told++);
        await older.query('commit');
        const second = await read(first.cursor);
        expect(second.names).toEqual(['older', 'newer']);
        await expect.poll(() => told).toBeGreaterThan(0); // I2: held-back events were announced again
        expect((await read(second.cursor)).names).toEqual([]);
      } finally {
        await Promise.all([older.end(), newer.end()]);
      }
    });

    test('a cursor of another store is refused', async () => {
      await using database = await migratedDatabase();
      await using open = await openStore(database.url);
      await expect(
        open.store.events.after({ cursor: `1'; drop table events`, limit: 1 }),
      ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    });
  },
);
