// Several hosts on one PostgreSQL: what only a shared store can get wrong.

import pg from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import { eventTypes } from '../../src/contract/index.ts';
import type { ClaimedTask, HiveEvent, Store } from '../../src/contract/index.ts';
import { systemClock } from '../../src/kernel/index.ts';
import { openPostgresStore } from '../../src/store/index.ts';
import { missingPostgres, sharedPostgres } from '../harness/postgres.ts';
import { from, LEASE_MS, runEvent, taskEvent } from './store-fixture.ts';
import { twoHosts, until } from './two-hosts.ts';

const missing = await missingPostgres();

describe('store on postgres, several hosts', () => {
  beforeEach((context) => {
    if (missing !== null) context.skip(missing);
  });

  test('claims of two hosts never share a task, and every task is given out', async () => {
    await using hosts = await twoHosts();
    const { f, other, otherHost } = hosts;
    await f.store.core.enqueue(Array.from({ length: 600 }, () => ({ tasks: [f.task()] })));
    const seen: number[] = [];
    const claimer = async (store: Store, host: number): Promise<void> => {
      for (let empty = 0; empty < 3;) {
        const got: ClaimedTask[] = await store.core.claim({ ...f.request(4, [f.route]), host });
        seen.push(...got.map((task) => task.key));
        empty = got.length === 0 ? empty + 1 : 0;
      }
    };
    await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        i % 2 === 0 ? claimer(f.store, f.host) : claimer(other, otherHost),
      ),
    );
    await until('all are leased', async () => {
      await claimer(f.store, f.host);
      return seen.length >= 600;
    });
    expect(seen).toHaveLength(600);
    expect(new Set(seen).size).toBe(600);
  });

  test('caps hold over both hosts together', async () => {
    await using hosts = await twoHosts();
    const { f, other, otherHost } = hosts;
    await f.cap(f.tenant, 'tenant', 5);
    await f.add(...Array.from({ length: 60 }, () => f.task()));
    for (let round = 0; round < 6; round++) {
      const calls = Array.from({ length: 8 }, (_, i) =>
        i % 2 === 0
          ? f.claim(3)
          : other.core.claim({ ...f.request(3, [f.route]), host: otherHost }),
      );
      const got = (await Promise.all(calls)).flat();
      expect(got.length).toBeLessThanOrEqual(5);
      expect(got.length).toBeGreaterThan(0);
      // Settled by the host that did not claim: the fence is what counts.
      const verdicts = await other.core.settle(got.map((task) => f.done(task)));
      expect(verdicts.every((verdict) => verdict.status === 'ok')).toBe(true);
    }
    expect((await f.rows('caps')).map((row) => row.running)).toEqual([0]);
  });

  test('a lost join cannot be: hosts that finish parallel branches at once see each other', async () => {
    await using hosts = await twoHosts();
    const { f, other } = hosts;
    const run = f.run();
    const tasks = Array.from({ length: 30 }, (_, i) => f.task({ node: 'm', item: i }));
    await f.addRun(run, tasks, [runEvent(f, run, { seq: 1 })]);
    const claimed = await f.claim(30);
    const settleOn = async (store: Store, task: ClaimedTask): Promise<void> => {
      for (;;) {
        const [row] = await store.loadRuns([run.id]);
        if (row === undefined) throw new Error('run lost');
        const done = JSON.parse(row.progress === '{}' ? '[]' : row.progress) as number[];
        const progress = JSON.stringify([...done, task.item]);
        const [verdict] = await store.core.settle([
          {
            ...f.done(task),
            flushLane: row.key,
            run: {
              ...from(row),
              state: 'running',
              progress,
              seq: row.seq + 1,
            },
            events: [taskEvent(f, task, { run: run.id, seq: row.seq + 1 })],
          },
        ]);
        if (verdict?.status === 'ok') return;
        expect(verdict?.status).toBe('stale_version');
      }
    };
    await Promise.all(claimed.map((task, i) => settleOn(i % 2 === 0 ? f.store : other, task)));
    const [row] = await f.store.loadRuns([run.id]);
    expect((JSON.parse(row?.progress ?? '[]') as number[]).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 30 }, (_, i) => i),
    );
    expect(row?.seq).toBe(31);
    const seqs = (await f.rows('events')).map((event) => event.seq ?? 0).toSorted((a, b) => a - b);
    expect(seqs).toEqual(Array.from({ length: 31 }, (_, i) => i + 1));
  });

  test('the leases of a live host are left alone until they run out; those of a dead one are freed at once', async () => {
    await using hosts = await twoHosts();
    const { f, other, otherHost } = hosts;
    await f.add(...Array.from({ length: 4 }, () => f.task()));
    const theirs = await other.core.claim({ ...f.request(3, [f.route]), host: otherHost });
    const mine = await f.claim(1);
    expect(await f.store.core.reap({ host: f.host, nowMs: f.nowMs + 1 })).toMatchObject({
      released: 0,
      hosts: [],
    });
    await other.close(); // its session ends, and with it its lock
    await until(
      'the lock is free',
      async () => (await f.store.core.reap({ host: f.host, nowMs: f.nowMs + 1 })).released === 3,
    );
    for (const task of theirs) expect(await f.stateOf(task.key)).toBe('ready');
    for (const task of mine) expect(await f.stateOf(task.key)).toBe('leased');
  });

  test('an expired lease of a live but silent host is taken over, and its writes are refused', async () => {
    await using hosts = await twoHosts();
    const { f, other, otherHost } = hosts;
    await f.add(f.task());
    const [zombie] = await other.core.claim({ ...f.request(1, [f.route]), host: otherHost });
    if (zombie === undefined) throw new Error('nothing claimed');
    f.nowMs += LEASE_MS + 1;
    expect((await f.store.core.reap({ host: f.host, nowMs: f.nowMs })).released).toBe(1);
    const [owner] = await f.claim(1);
    if (owner === undefined) throw new Error('nothing claimed');
    expect(owner.fence).toBeGreaterThan(zombie.fence);
    expect(
      await other.core.renew(
        [{ key: zombie.key, fence: zombie.fence, startedMs: null }],
        f.nowMs + LEASE_MS,
      ),
    ).toEqual([zombie.key]);
    expect((await other.core.settle([f.done(zombie)]))[0]?.status).toBe('stale_fence');
    expect((await f.store.core.settle([f.done(owner)]))[0]?.status).toBe('ok');
  });

  test('hints cross between hosts: ready work and events', async () => {
    await using hosts = await twoHosts();
    const { f, other } = hosts;
    let ready = 0;
    let events = 0;
    other.hints.onReady((routes) => {
      if (routes.includes(f.route)) ready++;
    });
    other.hints.onEvents(() => events++);
    const run = f.run();
    await f.store.core.enqueue([
      { run, tasks: [f.task({ node: 'a' })], events: [runEvent(f, run, { seq: 1 })] },
    ]);
    await until('told of ready work', () => ready > 0);
    await until('told of events', () => events > 0);
  });

  test('I8: a reader never passes a transaction that is still open, and then skips nothing', async () => {
    await using hosts = await twoHosts();
    const { f, url } = hosts;
    const slow = new pg.Client({ connectionString: url });
    await slow.connect();
    try {
      await slow.query('begin');
      await slow.query('insert into events (tenant, type, at_ms, data) values (1, $1, $2, $3)', [
        eventTypes['host.started'],
        f.nowMs,
        '{"host":"slow","boot":"b"}',
      ]);
      await f.store.core.settle([
        {
          flushLane: 0,
          events: [
            { type: 'host.started', tenant: 1, atMs: f.nowMs, data: { host: 'fast', boot: 'b' } },
          ],
        },
      ]);
      expect(await f.store.events.after({ cursor: null, limit: 10 })).toEqual([]);
      await slow.query('commit');
      const seen: HiveEvent[] = [];
      await until('both are read', async () => {
        seen.push(
          ...(await f.store.events.after({ cursor: seen.at(-1)?.cursor ?? null, limit: 10 })),
        );
        return seen.length >= 2;
      });
      expect(seen.map((event) => event.data['host'])).toEqual(['slow', 'fast']);
    } finally {
      await slow.end();
    }
  });

  test('three processes that open a new database at once migrate it once', async () => {
    const server = await sharedPostgres();
    const url = await server.createDatabase();
    const stores = await Promise.all(
      [1, 2, 3].map(() => openPostgresStore({ url, clock: systemClock })),
    );
    try {
      const versions = await Promise.all(
        stores.map(async (store) => (await store.health()).schemaVersion),
      );
      expect(new Set(versions).size).toBe(1);
      const keys = await Promise.all(stores.map((store) => store.routes([['a']])));
      expect(new Set(keys.flat()).size).toBe(1);
    } finally {
      await Promise.all(stores.map((store) => store.close()));
      await server.dropDatabase(url);
    }
  });

  test('a schema from the future is refused, and left as it is', async () => {
    await using hosts = await twoHosts();
    const client = new pg.Client({ connectionString: hosts.url });
    await client.connect();
    try {
      await client.query(
        'insert into schema_migrations select (json_populate_record(m, \'{"version": 999}\')).* from schema_migrations m order by version desc limit 1',
      );
      await expect(openPostgresStore({ url: hosts.url, clock: systemClock })).rejects.toMatchObject(
        { code: 'SCHEMA_FUTURE' },
      );
      expect(
        (await client.query('select max(version) as version from schema_migrations')).rows,
      ).toEqual([{ version: '999' }]);
    } finally {
      await client.end();
    }
  });

  test('a server that is not there: STORE_UNAVAILABLE, not a hang', async () => {
    const refused = openPostgresStore({
      url: 'postgres://nobody@127.0.0.1:1/none',
      clock: systemClock,
      unavailableAfterMs: 300,
    });
    await expect(refused).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
