// Connections that break, servers that restart, hosts that die.

import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import type { EnqueueVerdict } from '../../src/contract/index.ts';
import { systemClock } from '../../src/kernel/index.ts';
import { missingPostgres, startPostgres } from '../harness/postgres.ts';
import { migratedDatabase, openStore } from '../harness/postgres-store.ts';
import { tcpProxy } from '../harness/tcp-proxy.ts';
import { openRunHive } from '../runs/run-hive.ts';
import { openPostgresStore } from '../../src/store/postgres/store.ts';

const missing = await missingPostgres();

describe.skipIf(missing !== null)(
  `faults of PostgreSQL${missing === null ? '' : ` (skipped: ${missing})`}`,
  () => {
    async function proxied(
      url: string,
    ): Promise<{ proxy: Awaited<ReturnType<typeof tcpProxy>>; url: string }> {
      const target = new URL(url);
      const proxy = await tcpProxy({ host: target.hostname, port: Number(target.port) });
      target.port = String(proxy.port);
      return { proxy, url: target.href };
    }
    const keysOf = (verdicts: readonly EnqueueVerdict[]): number[] =>
      verdicts.flatMap((verdict) => (verdict.status === 'ok' ? verdict.taskKeys : []));

    test('S6: the answer of a committed enqueue is lost: the repeat finds the same rows', async () => {
      await using database = await migratedDatabase();
      const through = await proxied(database.url);
      await using _proxy = through.proxy;
      await using open = await openStore(through.url);
      await open.store.core.enqueue([{ tasks: [open.task()] }]); // statement prepared, lane known
      const dropped = through.proxy.dropAnswerTo('insert_tasks');
      const tasks = Array.from({ length: 50 }, () => open.task());
      const verdicts = await open.store.core.enqueue(tasks.map((task) => ({ tasks: [task] })));
      await dropped;
      expect(new Set(keysOf(verdicts)).size).toBe(50);
      expect(
        await open.store.read('system', { sql: 'select key from tasks', parameters: [] }),
      ).toHaveLength(51);
    });

    test('S6: the answer of a committed settle is lost: ok, one event, no second row', async () => {
      await using database = await migratedDatabase();
      const through = await proxied(database.url);
      await using _proxy = through.proxy;
      await using open = await openStore(through.url);
      await open.store.core.enqueue(Array.from({ length: 12 }, () => ({ tasks: [open.task()] })));
      const claimed = await open.claim(12);
      await open.store.core.settle(claimed.slice(0, 1).map(open.done));
      const dropped = through.proxy.dropAnswerTo('settle_fast');
      const units = claimed.slice(1, 11).map(open.done);
      const retried = claimed.slice(11).map((task) => ({
        ...open.done(task),
        change: {
          key: task.key,
          id: task.id,
          guard: { fence: task.fence },
          to: 'ready' as const,
          reason: 'retry' as const,
          addErrors: 1 as const,
          attempt: {
            attempt: 1,
            fence: task.fence,
            agent: 'a',
            host: open.host,
            startedMs: null,
            endedMs: 7,
            outcome: 'error' as const,
          },
        },
        events: [],
      }));
      const verdicts = await open.store.core.settle([...units, ...retried]);
      await dropped;
      expect(verdicts.map((verdict) => verdict.status)).toEqual(verdicts.map(() => 'ok'));
      expect(
        await open.store.read('system', { sql: 'select key from events', parameters: [] }),
      ).toHaveLength(11);
      expect(
        await open.store.read('system', { sql: 'select attempt from attempts', parameters: [] }),
      ).toHaveLength(1);
      expect(
        await open.store.read('system', {
          sql: 'select errors, state from tasks where errors > 0',
          parameters: [],
        }),
      ).toEqual([{ errors: 1, state: 2 }]);
    });

    test('S4, S6: the answer to a committed run change is lost: one version, no second event, the same keys', async () => {
      await using database = await migratedDatabase();
      const through = await proxied(database.url);
      await using _proxy = through.proxy;
      await using open = await openStore(through.url, { lanes: 1 });
      const run = open.run();
      await open.store.core.enqueue([{ run, tasks: [open.task({ run: run.id, node: 'a' })] }]);
      const [task] = await open.claim(1);
      const [row] = await open.store.loadRuns([run.id]);
      if (task === undefined || row === undefined) throw new Error('setup');
      const dropped = through.proxy.dropAnswerTo('settle_run_ends');
      const unit = {
        ...open.done(task),
        run: {
          key: row.key,
          id: run.id,
          expectVersion: 0,
          expectToken: row.token,
          token: 5,
          state: 'running' as const,
          progress: '{"n":1}',
          seq: 1,
        },
        insert: [open.task({ run: run.id, node: 'b' })],
        events: [
          {
            type: 'task.completed' as const,
            tenant: 1,
            atMs: 1,
            run: run.id,
            task: task.id,
            seq: 1,
            data: {},
          },
        ],
      };
      const [verdict] = await open.store.core.settle([unit]);
      await dropped;
      expect(verdict).toMatchObject({ status: 'ok' });
      expect(verdict?.status === 'ok' && verdict.taskKeys).toHaveLength(1);
      expect(await open.store.core.settle([unit])).toEqual([verdict]);
      expect((await open.store.loadRuns([run.id]))[0]).toMatchObject({ version: 1, seq: 1 });
      expect(
        await open.store.read('system', { sql: 'select key from events', parameters: [] }),
      ).toHaveLength(1);
      expect(
        await open.store.read('system', { sql: 'select key from tasks', parameters: [] }),
      ).toHaveLength(2);
    });

    test('the COMMIT of a cold write is lost: it is not written twice', async () => {
      await using database = await migratedDatabase();
      const through = await proxied(database.url);
      await using _proxy = through.proxy;
      await using open = await openStore(through.url);
      const write = (name: string): Promise<void> =>
        open.store.write([
          {
            sql: 'insert into execution_logs (id, tenant, log_level, message, created_ms) values ($1, 1, $2, $3, 0)',
            parameters: [Buffer.alloc(16), 'INFO', name],
          },
        ]);
      await write('first');
      const dropped = through.proxy.dropAnswerTo('commit');
      await write('second');
      await dropped;
      expect(
        await open.store.read('system', {
          sql: 'select message from execution_logs order by key',
          parameters: [],
        }),
      ).toEqual([{ message: 'first' }, { message: 'second' }]);
    });

    // Its own bounds are 10 s for each of four pieces of work between the crashes.
    test(
      'a server that crashes again and again under load loses nothing that was acknowledged',
      { timeout: 60_000 },
      async () => {
        await using server = await startPostgres();
        const url = await server.createDatabase();
        await using open = await openStore(url);
        const acknowledged: number[] = [];
        const settled = new Set<number>();
        let stop = false;
        const producer = async (): Promise<void> => {
          while (!stop)
            acknowledged.push(...keysOf(await open.store.core.enqueue([{ tasks: [open.task()] }])));
        };
        const consumer = async (): Promise<void> => {
          while (!stop) {
            const tasks = await open.claim(5);
            const verdicts = await open.store.core.settle(tasks.map(open.done));
            for (const [i, task] of tasks.entries())
              if (verdicts[i]?.status === 'ok') settled.add(task.key);
          }
        };
        const work = Promise.all([...Array.from({ length: 8 }, producer), consumer(), consumer()]);
        for (let round = 0; round < 3; round++) {
          const before = settled.size;
          await expect.poll(() => settled.size, { timeout: 10_000 }).toBeGreaterThan(before + 50);
          await server.restart('immediate');
        }
        const before = settled.size;
        await expect.poll(() => settled.size, { timeout: 10_000 }).toBeGreaterThan(before + 50);
        stop = true;
        await work;
        const rows = await open.store.read<{ key: number; state: number; fence: number }>(
          'system',
          {
            sql: 'select key, state, fence from tasks',
            parameters: [],
          },
        );
        const stored = new Map(rows.map((row) => [row.key, row]));
        expect(acknowledged.filter((key) => !stored.has(key))).toEqual([]);
        expect([...settled].filter((key) => stored.get(key)?.state !== 6)).toEqual([]);
        const events = await open.store.read<{ task: Uint8Array }>('system', {
          sql: 'select task from events',
          parameters: [],
        });
        expect(events).toHaveLength(rows.filter((row) => row.state === 6).length);
        // The host's lock is held again, so its leases are not reaped by others.
        const lock = {
          sql: `select granted from pg_locks where locktype = 'advisory' and objid = $1::bigint::oid`,
          parameters: [open.host],
        };
        await expect
          .poll(() => open.store.read('system', lock), { timeout: 5_000 })
          .toEqual([{ granted: true }]);
      },
    );

    test(
      'a hive whose server is gone for good stops all the same, soon after the grace for it',
      { timeout: 60_000 },
      async () => {
        await using server = await startPostgres();
        const hive = await openRunHive({ url: await server.createDatabase() });
        await hive.start({ name: 'w', nodes: [{ kind: 'wait', id: 'w', event: 'never' }] });
        await server.stop();
        const began = performance.now();
        await hive[Symbol.asyncDispose]();
        expect(performance.now() - began).toBeLessThan(30_000);
      },
    );

    test('a server that stays away: STORE_UNAVAILABLE within the bound, and work goes on when it is back', async () => {
      await using server = await startPostgres();
      const url = await server.createDatabase();
      await using open = await openStore(url, { unavailableAfterMs: 300 });
      await open.store.core.enqueue([{ tasks: [open.task()] }]);
      const restarted = server.restart('immediate', 1_500);
      await expect
        .poll(
          () =>
            open.store.core.enqueue([{ tasks: [open.task()] }]).then(
              () => 'ok',
              (error: unknown) => (error as { code?: string }).code,
            ),
          { timeout: 5_000 },
        )
        .toBe('STORE_UNAVAILABLE');
      await restarted;
      await expect
        .poll(
          () =>
            open.store.core.enqueue([{ tasks: [open.task()] }]).then(
              () => 'ok',
              () => 'no',
            ),
          { timeout: 5_000 },
        )
        .toBe('ok');
    });

    test('a host whose lock is free is reaped at once, by one of two who look; a live one is not', async () => {
      await using database = await migratedDatabase();
      await using alive = await openStore(database.url);
      await using second = await openStore(database.url);
      const dying = await openStore(database.url);
      await dying.store.core.enqueue(Array.from({ length: 10 }, () => ({ tasks: [dying.task()] })));
      expect(await dying.claim(10)).toHaveLength(10);
      const nowMs = systemClock.now();
      expect(await alive.store.core.reap({ host: alive.host, nowMs })).toEqual({
        released: 0,
        exhausted: [],
        hosts: [],
      });
      await dying.store.close();
      // The server frees the lock when it notices that the session is over.
      await expect
        .poll(
          async () =>
            (
              await alive.store.read<{ n: number }>('system', {
                sql: `select count(*) as n from pg_locks where locktype = 'advisory'`,
                parameters: [],
              })
            )[0]?.n,
        )
        .toBe(2);
      const both = await Promise.all(
        [alive, second].map((open) => open.store.core.reap({ host: open.host, nowMs })),
      );
      expect(both.reduce((sum, result) => sum + result.released, 0)).toBe(10);
      expect(new Set(both.flatMap((result) => result.hosts))).toEqual(new Set([dying.host]));
      expect(
        await alive.store.read('system', {
          sql: `select task from attempts where outcome = 'lost'`,
          parameters: [],
        }),
      ).toHaveLength(10);
      expect(await alive.claim(20)).toHaveLength(10);
    });

    test('a commit here wakes the others: ready routes, events, revoked attempts', async () => {
      await using database = await migratedDatabase();
      await using sender = await openStore(database.url);
      await using receiver = await openStore(database.url);
      const told: { routes: number[]; events: number; revoked: number[] } = {
        routes: [],
        events: 0,
        revoked: [],
      };
      receiver.store.hints.onReady((routes) => told.routes.push(...routes));
      receiver.store.hints.onEvents(() => told.events++);
      receiver.store.hints.onRevoked((keys) => told.revoked.push(...keys));
      const task = sender.task();
      await sender.store.core.enqueue([{ tasks: [task] }]);
      await expect.poll(() => told.routes).toContain(sender.route);
      const [claimed] = await receiver.claim(1);
      if (claimed === undefined) throw new Error('the lane was not marked');
      await sender.store.core.settle([
        {
          flushLane: 0,
          change: {
            key: claimed.key,
            id: claimed.id,
            guard: { states: ['leased'] },
            to: 'cancelled',
            reason: 'user',
            endedMs: 1,
          },
          events: [{ type: 'task.cancelled', tenant: 1, atMs: 1, task: claimed.id, data: {} }],
        },
      ]);
      await expect.poll(() => told.revoked).toEqual([claimed.key]);
      await expect.poll(() => told.events).toBeGreaterThan(0);
    });

    test('hot plans descend indexes whatever the statistics say', async () => {
      await using database = await migratedDatabase();
      await using open = await openStore(database.url); // plans are made for empty tables
      await open.store.core.enqueue(
        Array.from({ length: 3_000 }, () => ({ tasks: [open.task()] })),
      );
      const client = new Client({ connectionString: database.url });
      await client.connect();
      try {
        const scans = async (): Promise<number> => {
          await client.query('select pg_stat_force_next_flush()').catch(() => undefined);
          const { rows } = await client.query<{ rows: string }>(
            `select seq_tup_read as rows from pg_stat_user_tables where relname = 'tasks'`,
          );
          return Number(rows[0]?.rows ?? 0);
        };
        for (let i = 0; i < 20; i++) {
          const tasks = await open.claim(10);
          expect(tasks).toHaveLength(10);
          await open.store.core.settle(tasks.map(open.done));
        }
        expect(await scans()).toBe(0);
      } finally {
        await client.end();
      }
    });

    test('claims and ends find their rows by key: what else is ready or leased costs them nothing', async () => {
      await using database = await migratedDatabase();
      await using open = await openStore(database.url);
      await open.store.core.enqueue([{ tasks: [open.task()] }]);
      await open.store.core.settle((await open.claim(1)).map(open.done)); // plans are made for empty tables
      await open.store.core.enqueue(
        Array.from({ length: 3_000 }, () => ({ tasks: [open.task()] })),
      );
      await open.claim(500); // leased all the while
      for (let i = 0; i < 10; i++)
        await open.store.core.settle((await open.claim(10)).map(open.done));
      await open.store.close(); // sessions report what they counted when they end
      const client = new Client({ connectionString: database.url });
      await client.connect();
      try {
        const readBy = async (index: string): Promise<number> => {
          const { rows } = await client.query<{ rows: string }>(
            `select idx_tup_read as rows from pg_stat_user_indexes where indexrelname = '${index}'`,
          );
          return Number(rows[0]?.rows ?? 0);
        };
        await expect.poll(() => readBy('tasks_pkey')).toBeGreaterThanOrEqual(700);
        expect(await readBy('tasks_leased')).toBe(0);
        expect(await readBy('tasks_ready')).toBeLessThan(3_000); // those taken, and old versions of them
      } finally {
        await client.end();
      }
    });

    test('a store cannot be opened when the server is away', async () => {
      await expect(
        openPostgresStore({ url: 'postgres://x@127.0.0.1:1/x', clock: systemClock }),
      ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });
  },
);
