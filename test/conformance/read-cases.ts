// Events and their reader, hints, routes, reads inside a tenant, audit, cold writes, health. I5, I7, I8.

import { describe, expect, test } from 'vitest';
import type { HiveEvent, NewEvent } from '../../src/contract/index.ts';
import { runEvent } from './store-fixture.ts';
import type { Fixture, Stores } from './store-fixture.ts';

export function readCases(stores: Stores): void {
  eventCases(stores);
  hintCases(stores);
  scopeCases(stores);

  test('routes: one key per capability set, whatever the order and the repeats', async () => {
    await using f = await stores.fresh();
    const [ab, ba, a, abb] = await f.store.routes([['a', 'b'], ['b', 'a'], ['a'], ['a', 'b', 'b']]);
    expect(ba).toBe(ab);
    expect(abb).toBe(ab);
    expect(a).not.toBe(ab);
    expect(await f.store.routes([['a', 'b']])).toEqual([ab]);
    const known = await f.store.knownRoutes();
    expect(known).toContainEqual({ key: ab, capabilities: ['a', 'b'] });
    expect(known).toContainEqual({ key: a, capabilities: ['a'] });
    expect(known.filter((route) => route.capabilities.join() === 'a,b')).toHaveLength(1);
    await f.reopen();
    expect(await f.store.routes([['b', 'a']])).toEqual([ab]);
  });

  test('routes: 20 callers that ask for the same new set at once get one key', async () => {
    await using f = await stores.shared();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => f.store.routes([['x', 'y'], ['z']])),
    );
    expect(new Set(answers.map((keys) => keys.join())).size).toBe(1);
  });

  test('hosts: each boot has its own key', async () => {
    await using f = await stores.fresh();
    const first = f.host;
    await f.reopen('same-host');
    const second = f.host;
    await f.reopen('same-host');
    expect(new Set([first, second, f.host]).size).toBe(3);
  });

  test('loadRuns: by id and by key, the unknown ones left out', async () => {
    await using f = await stores.shared();
    const a = await f.addRun(f.run({ title: 'a' }), []);
    const b = await f.addRun(f.run({ title: 'b' }), []);
    const rows = await f.store.loadRuns([a.row.id, b.row.key, f.ids.make('run'), 123_456]);
    expect(rows.map((row) => row.title).toSorted()).toEqual(['a', 'b']);
    expect(await f.store.loadRuns([])).toEqual([]);
  });

  test('write: all statements or none', async () => {
    await using f = await stores.shared();
    const insert = (max: number): { sql: string; parameters: unknown[] } => ({
      sql: `insert into caps (tenant, subject, max_running) values (${f.tenant}, 'key:w${max}', ${max})`,
      parameters: [],
    });
    await f.store.write([insert(1), insert(2)]);
    await expect(
      f.store.write([insert(3), { sql: 'insert into no_such_table values (1)', parameters: [] }]),
    ).rejects.toThrow();
    expect((await f.rows('caps')).map((row) => row.max_running)).toEqual([1, 2]);
  });

  test('write: a failing unit harms none of those that share its flush', async () => {
    await using f = await stores.shared();
    const insert = (max: number): Promise<void> =>
      f.store.write([
        {
          sql: `insert into caps (tenant, subject, max_running) values (${f.tenant}, 'key:w${max}', ${max})`,
          parameters: [],
        },
      ]);
    const results = await Promise.allSettled([
      insert(1),
      f.store.write([{ sql: 'nonsense', parameters: [] }]),
      insert(2),
      f.add(f.task()),
    ]);
    expect(results.map((result) => result.status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(await f.rows('caps')).toHaveLength(2);
  });

  test('audit is append-only: the database itself refuses change and removal', async () => {
    await using f = await stores.shared();
    const audit = {
      tenant: f.tenant,
      atMs: f.nowMs,
      actor: 'me',
      action: 'task.create',
      subject: 's',
      data: { a: 1 },
    };
    await f.store.core.enqueue([{ tasks: [f.task()], audit }]);
    const before = await f.rows('audit');
    expect(before).toHaveLength(1);
    expect(before[0]).toMatchObject({
      tenant: f.tenant,
      at_ms: f.nowMs,
      actor: 'me',
      action: 'task.create',
      subject: 's',
    });
    expect(JSON.parse(before[0]?.data ?? '')).toEqual({ a: 1 });
    await expect(f.sql("update audit set actor = 'other'")).rejects.toThrow();
    await expect(f.sql('delete from audit')).rejects.toThrow();
    expect(await f.rows('audit')).toEqual(before);
  });

  test('health: dialect, durability, schema, and that work is accepted', async () => {
    await using f = await stores.shared();
    const health = await f.store.health();
    expect(health).toMatchObject({
      dialect: f.store.dialect,
      durability: 'power-safe',
      accepting: true,
    });
    expect(health.schemaVersion).toBeGreaterThanOrEqual(1);
    expect(health.freeBytes === null || health.freeBytes > 0).toBe(true);
  });

  test('after close every call is refused, and closing twice is quiet', async () => {
    const opened = await stores.open();
    await opened.store.close();
    await opened.store.close();
    await expect(opened.store.loadRuns([1])).rejects.toThrow();
    await opened.close();
  });
}

function eventCases(stores: Stores): void {
  describe('events', () => {
    const emit = async (f: Fixture, count: number, over: Partial<NewEvent> = {}): Promise<void> => {
      const event = (i: number): NewEvent => ({
        type: 'host.started',
        tenant: f.tenant,
        atMs: f.nowMs + i,
        data: { host: `h${i}`, boot: 'b' },
        ...over,
      });
      await f.store.core.settle(
        Array.from({ length: count }, (_, i) => ({ flushLane: 0, events: [event(i)] })),
      );
    };

    test('come oldest first, page by page, none twice and none left out', async () => {
      await using f = await stores.fresh();
      await emit(f, 57);
      const seen: HiveEvent[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < 100; page++) {
        const events: HiveEvent[] = await f.store.events.after({ cursor, limit: 10 });
        if (events.length === 0) break;
        expect(events.length).toBeLessThanOrEqual(10);
        seen.push(...events);
        cursor = events.at(-1)?.cursor ?? null;
      }
      expect(seen.map((event) => event.data['host'])).toEqual(
        Array.from({ length: 57 }, (_, i) => `h${i}`),
      );
      expect(new Set(seen.map((event) => event.cursor)).size).toBe(57);
      expect(seen[0]).toMatchObject({
        type: 'host.started',
        tenant: f.tenant,
        atMs: f.nowMs,
        runId: null,
        taskId: null,
        seq: null,
      });
      expect(await f.store.events.head()).toBe(cursor);
    });

    test('head of an empty log is null; from head on only the new ones come', async () => {
      await using f = await stores.fresh();
      expect(await f.store.events.head()).toBeNull();
      await emit(f, 3);
      const head = await f.store.events.head();
      expect(await f.store.events.after({ cursor: head, limit: 10 })).toEqual([]);
      await emit(f, 2);
      expect(await f.store.events.after({ cursor: head, limit: 10 })).toHaveLength(2);
    });

    test('a cursor that no store gave is refused, not taken for the end', async () => {
      await using f = await stores.fresh();
      await emit(f, 1);
      for (const cursor of ['start', '', `1'; drop table events`])
        await expect(f.store.events.after({ cursor, limit: 1 })).rejects.toMatchObject({
          code: 'INPUT_INVALID',
        });
    });

    test('a cursor holds after the store is opened again', async () => {
      await using f = await stores.fresh();
      await emit(f, 4);
      const [first] = await f.store.events.after({ cursor: null, limit: 1 });
      await f.reopen();
      expect(await f.store.events.after({ cursor: first?.cursor ?? null, limit: 10 })).toHaveLength(
        3,
      );
    });

    test('I7: a tenant sees its own events only; a run its own', async () => {
      await using f = await stores.fresh();
      const other = await f.newTenant();
      const run = f.run(other);
      await emit(f, 3);
      await f.addRun(run, [], [runEvent(f, run, { seq: 1 }), runEvent(f, run, { seq: 2 })]);
      await emit(f, 2, { tenant: other.tenant });
      expect(
        await f.store.events.after({ cursor: null, tenant: f.tenant, limit: 100 }),
      ).toHaveLength(3);
      expect(
        await f.store.events.after({ cursor: null, tenant: other.tenant, limit: 100 }),
      ).toHaveLength(4);
      expect(await f.store.events.after({ cursor: null, run: run.id, limit: 100 })).toHaveLength(2);
      expect(
        await f.store.events.after({ cursor: null, run: run.id, tenant: f.tenant, limit: 100 }),
      ).toEqual([]);
      expect(await f.store.events.after({ cursor: null, limit: 100 })).toHaveLength(7);
    });

    test('I8: a reader that runs beside 8 writers skips nothing', async () => {
      await using f = await stores.fresh();
      const total = 400;
      let written = 0;
      const writer = async (id: number): Promise<void> => {
        for (let i = 0; i < total / 8; i++) {
          await f.store.core.settle([
            {
              flushLane: id,
              events: [
                {
                  type: 'host.started',
                  tenant: f.tenant,
                  atMs: f.nowMs,
                  data: { host: `w${id}-${i}`, boot: 'b' },
                },
              ],
            },
          ]);
          written++;
        }
      };
      const writers = Promise.all(Array.from({ length: 8 }, (_, id) => writer(id)));
      const seen: string[] = [];
      let cursor: string | null = null;
      for (let quiet = 0; quiet < 2;) {
        const events: HiveEvent[] = await f.store.events.after({ cursor, limit: 7 });
        for (const event of events) seen.push(String(event.data['host']));
        cursor = events.at(-1)?.cursor ?? cursor;
        if (events.length === 0 && written === total) quiet++;
        else quiet = 0;
      }
      await writers;
      expect(seen).toHaveLength(total);
      expect(new Set(seen).size).toBe(total);
      for (let id = 0; id < 8; id++) {
        const own = seen.filter((name) => name.startsWith(`w${id}-`));
        expect(own).toEqual(Array.from({ length: total / 8 }, (_, i) => `w${id}-${i}`));
      }
    });
  });
}

function hintCases(stores: Stores): void {
  describe('hints', () => {
    const until = async (condition: () => boolean): Promise<void> => {
      for (let i = 0; i < 2_000 && !condition(); i++)
        await new Promise((resolve) => setTimeout(resolve, 1));
    };

    test('ready: told after the commit, with the route; not after unsubscribing', async () => {
      await using f = await stores.shared();
      const told: number[] = [];
      const stop = f.store.hints.onReady((routes) => told.push(...routes));
      await f.add(f.task());
      await until(() => told.includes(f.route));
      expect(told).toContain(f.route);
      stop();
      told.length = 0;
      await f.add(f.task());
      expect(told).toEqual([]);
    });

    test('ready: told by promote, reap and a release too', async () => {
      await using f = await stores.fresh();
      let told = 0;
      const blocked = f.task({ state: 'blocked', reason: 'dependency' });
      const [, key] = await f.add(
        f.task({ state: 'waiting', reason: 'delay', dueMs: f.nowMs + 1 }),
        blocked,
      );
      f.store.hints.onReady((routes) => {
        if (routes.includes(f.route)) told++;
      });
      await f.store.core.promote({ nowMs: f.nowMs + 1, limit: 5 });
      await until(() => told === 1);
      expect(told).toBe(1);
      await f.store.core.settle([
        f.byState({ key: key ?? 0, id: blocked.id }, ['blocked'], { to: 'ready', reason: 'none' }),
      ]);
      await until(() => told === 2);
      expect(told).toBe(2);
      await f.claim(5);
      await f.store.core.reap({ host: f.host, nowMs: f.nowMs + 1e6 });
      await until(() => told === 3);
      expect(told).toBe(3);
    });

    test('events: told when some were committed', async () => {
      await using f = await stores.shared();
      let told = 0;
      f.store.hints.onEvents(() => told++);
      const run = f.run();
      await f.addRun(run, [], [runEvent(f, run, { seq: 1 })]);
      await until(() => told > 0);
      expect(told).toBeGreaterThan(0);
    });

    test('revoked: told which attempts must stop', async () => {
      await using f = await stores.shared();
      await f.add(f.task(), f.task());
      const [a, b] = await f.claim(2);
      if (a === undefined || b === undefined) throw new Error('two expected');
      const told: number[] = [];
      f.store.hints.onRevoked((keys) => told.push(...keys));
      await f.store.core.settle([
        f.done(b),
        f.byState(a, ['leased'], { to: 'cancelled', reason: 'user', endedMs: f.nowMs }),
      ]);
      await until(() => told.length > 0);
      expect(told).toEqual([a.key]);
    });
  });
}

function scopeCases(stores: Stores): void {
  describe('read', () => {
    const query = <Row>(sql: string) =>
      ({ sql, parameters: [] }) as { sql: string; parameters: unknown[]; __row?: Row };

    test('I7: a read inside a tenant finds that tenant only', async () => {
      await using f = await stores.shared();
      const other = await f.newTenant();
      await f.add(f.task({ name: 'mine' }), f.task({ ...other, name: 'theirs' }));
      // SQLite has no row level security: there the query itself must name the tenant, as the rooms' queries do.
      const where = f.store.dialect === 'sqlite' ? `where tenant = ${other.tenant}` : '';
      const rows = await f.store.read(
        other.tenant,
        query<{ name: string }>(`select name from tasks ${where}`),
      );
      expect(rows).toEqual([{ name: 'theirs' }]);
      expect(
        await f.store.read(
          'system',
          query(`select name from tasks where tenant in (${f.tenant}, ${other.tenant})`),
        ),
      ).toHaveLength(2);
    });

    test('reads are parameterised and give numbers, text, bytes and null', async () => {
      await using f = await stores.shared();
      const [key] = await f.add(f.task({ name: "o'hara" }));
      const at = f.store.dialect === 'sqlite' ? '?' : '$1';
      const rows = await f.store.read<Record<string, unknown>>('system', {
        sql: `select key, id, name, created_ms, result from tasks where name = ${at} and tenant = ${f.tenant}`,
        parameters: ["o'hara"],
      });
      expect(rows).toHaveLength(1);
      const [row] = rows;
      expect(row).toMatchObject({ key, name: "o'hara", created_ms: f.nowMs, result: null });
      expect(row?.['id']).toBeInstanceOf(Uint8Array);
    });

    for (const scope of ['system', 'tenant'] as const) {
      test(`a write through read (${scope}) is refused`, async () => {
        await using f = await stores.shared();
        await f.add(f.task());
        for (const sql of [
          "update tasks set name = 'x'",
          'delete from tasks',
          `insert into caps (tenant, subject, max_running) values (${f.tenant}, 'tenant', 1)`,
        ]) {
          await expect(
            f.store.read(scope === 'system' ? scope : f.tenant, query(sql)),
          ).rejects.toThrow();
        }
        expect((await f.rows('tasks')).map((row) => row.name)).toEqual(['work']);
        expect(await f.rows('caps')).toEqual([]);
      });
    }

    test('a query that fails harms no later one', async () => {
      await using f = await stores.shared();
      await expect(f.store.read('system', query('select nonsense from nowhere'))).rejects.toThrow();
      expect(await f.store.read('system', query('select 1 as one'))).toEqual([{ one: 1 }]);
    });

    test('reads see what was acknowledged before them', async () => {
      await using f = await stores.shared();
      for (let i = 1; i <= 20; i++) {
        await f.add(f.task());
        expect(await f.rows('tasks')).toHaveLength(i);
      }
    });
  });
}
