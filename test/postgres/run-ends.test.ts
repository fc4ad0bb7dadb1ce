// Run starts and ends of run tasks as one statement each: unknown commits (S6), rows in the way (S2), flushes of several kinds, plans.

import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import type { ClaimedTask, NewTask, RunRow, SettleUnit } from '../../src/contract/index.ts';
import { missingPostgres } from '../harness/postgres.ts';
import { migratedDatabase, openStore } from '../harness/postgres-store.ts';
import type { OpenStore } from '../harness/postgres-store.ts';
import { tcpProxy } from '../harness/tcp-proxy.ts';

const missing = await missingPostgres();

/** A store behind a proxy that loses one answer. */
async function proxied() {
  const database = await migratedDatabase();
  const target = new URL(database.url);
  const proxy = await tcpProxy({ host: target.hostname, port: Number(target.port) });
  target.port = String(proxy.port);
  const open = await openStore(target.href, { lanes: 1 });
  return {
    open,
    proxy,
    [Symbol.asyncDispose]: async () => {
      await open.store.close();
      await proxy[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

interface Working {
  row: RunRow;
  tasks: ClaimedTask[];
}

/** Runs with so many leased tasks each. */
async function working(open: OpenStore, counts: readonly number[]): Promise<Working[]> {
  const units = counts.map((count) => {
    const run = open.run();
    const tasks = Array.from({ length: count }, (_, item) =>
      open.task({ run: run.id, node: 'm', item }),
    );
    return { run, tasks };
  });
  await open.store.core.enqueue(units);
  const claimed: ClaimedTask[] = [];
  const total = counts.reduce((sum, count) => sum + count, 0);
  while (claimed.length < total) claimed.push(...(await open.claim(total)));
  const rows = await open.store.loadRuns(units.map(({ run }) => run.id));
  return rows.map((row) => ({
    row,
    tasks: claimed.filter(({ runKey }) => runKey === row.key).toSorted((a, b) => a.key - b.key),
  }));
}

/** The end of a task as the link number `at` of its run's chain. */
function end(open: OpenStore, { row, tasks }: Working, at: number): SettleUnit {
  const task = tasks[at];
  if (task === undefined) throw new Error(`no task ${at}`);
  const seq = row.seq + at + 1;
  const unit = open.done(task);
  return {
    ...unit,
    run: {
      key: row.key,
      id: row.id,
      expectVersion: row.version + at,
      expectToken: row.token + at,
      token: row.token + at + 1,
      state: 'running',
      progress: `{"at":${at}}`,
      seq,
    },
    insert: [open.task({ run: row.id, node: 'next', item: at })],
    events: unit.events.map((event) => ({ ...event, run: row.id, seq })),
  };
}

const count = async (open: OpenStore, sql: string): Promise<number> =>
  (await open.store.read('system', { sql, parameters: [] })).length;

describe.skipIf(missing !== null)(
  `runs in one statement on PostgreSQL${missing === null ? '' : ` (skipped: ${missing})`}`,
  () => {
    test('S6: the answer to committed chains is lost: the same keys, nothing twice', async () => {
      await using p = await proxied();
      const { open } = p;
      const [run, alone] = await working(open, [3, 1]);
      if (run === undefined || alone === undefined) throw new Error('two expected');
      const units = [...[0, 1, 2].map((at) => end(open, run, at)), end(open, alone, 0)];
      const dropped = p.proxy.dropAnswerTo('settle_run_ends');
      const verdicts = await open.store.core.settle(units);
      await dropped;
      expect(verdicts.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok']);
      expect(await open.store.core.settle(units)).toEqual(verdicts);
      const keys = verdicts.flatMap((verdict) => (verdict.status === 'ok' ? verdict.taskKeys : []));
      const items = await open.store.read<{ key: number; item: number; run: number }>('system', {
        sql: `select key, item, run from tasks where node = 'next' order by key`,
        parameters: [],
      });
      expect(items.map(({ key }) => key)).toEqual(keys);
      expect(items.map(({ item }) => item)).toEqual([0, 1, 2, 0]);
      expect(items.map((row) => row.run)).toEqual([
        ...[0, 1, 2].map(() => run.row.key),
        alone.row.key,
      ]);
      expect(await open.store.loadRuns([run.row.key])).toMatchObject([
        { version: 3, seq: 3, progress: '{"at":2}' },
      ]);
      expect(await count(open, 'select key from events')).toBe(4);
    });

    test('S6: the answer to committed starts is lost: the same keys, nothing twice', async () => {
      await using p = await proxied();
      const { open } = p;
      await working(open, [1]); // statement prepared, lane known
      const units = Array.from({ length: 5 }, (_, i) => {
        const run = open.run({ graph: `{"g":${i}}` });
        const tasks = Array.from({ length: i }, () => open.task({ run: run.id, node: 'a' }));
        const audit = {
          tenant: 1,
          atMs: 1,
          actor: 'a',
          action: 'run.start',
          subject: run.id,
          data: {},
        };
        const started = {
          type: 'run.started' as const,
          tenant: 1,
          atMs: 1,
          run: run.id,
          seq: 1,
          data: {},
        };
        return { run, tasks, audit, events: [started] };
      });
      const dropped = p.proxy.dropAnswerTo('insert_run_starts');
      const verdicts = await open.store.core.enqueue(units);
      await dropped;
      const rows = await open.store.read<{ key: number; run: number }>('system', {
        sql: `select key, run from tasks where node = 'a' order by key`,
        parameters: [],
      });
      const told = verdicts.flatMap((verdict) =>
        verdict.status === 'ok'
          ? verdict.taskKeys.map((key) => ({ key, run: verdict.runKey }))
          : [],
      );
      expect(told).toEqual(rows);
      expect(rows).toHaveLength(10);
      const runs = await open.store.loadRuns(units.map(({ run }) => run.id));
      expect(runs.map(({ graph, seq }) => ({ graph, seq }))).toEqual(
        units.map(({ run }) => ({ graph: run.graph, seq: 1 })),
      );
      expect(await count(open, 'select key from audit')).toBe(5);
      expect(await count(open, 'select key from events')).toBe(5);
    });

    test('S2: a new task whose id is taken refuses its unit alone, and a chain of its own', async () => {
      await using p = await proxied();
      const { open } = p;
      const runs = await working(open, [1, 2, 1]);
      const [first, bad, last] = runs;
      if (first === undefined || bad === undefined || last === undefined)
        throw new Error('three expected');
      const taken = (unit: SettleUnit): SettleUnit => ({
        ...unit,
        insert: [open.task({ id: first.tasks[0]?.id as NewTask['id'], run: bad.row.id })],
      });
      const units = [
        end(open, first, 0),
        end(open, bad, 0),
        taken(end(open, bad, 1)),
        end(open, last, 0),
      ];
      const verdicts = await open.store.core.settle(units);
      expect(verdicts.map(({ status }) => status)).toEqual(['ok', 'ok', 'invalid', 'ok']);
      const versions = await open.store.loadRuns(runs.map(({ row }) => row.key));
      expect(versions.map(({ version }) => version)).toEqual([1, 1, 1]);
      expect(await count(open, `select key from tasks where node = 'next'`)).toBe(3);
      expect(await count(open, 'select key from events')).toBe(3);
    });

    test('S2: a start whose idempotency key is used is a duplicate or a conflict; its neighbours start', async () => {
      await using p = await proxied();
      const { open } = p;
      const start = (over: { idempotencyKey?: string; bodyHash?: string } = {}) => {
        const run = open.run(over);
        return { run, tasks: [open.task({ run: run.id, node: 'a' })] };
      };
      const first = start({ idempotencyKey: 'k', bodyHash: 'same' });
      await open.store.core.enqueue([first]);
      const verdicts = await open.store.core.enqueue([
        start(),
        start({ idempotencyKey: 'k', bodyHash: 'same' }),
        start({ idempotencyKey: 'k', bodyHash: 'other' }),
        start(),
      ]);
      expect(verdicts.map(({ status }) => status)).toEqual(['ok', 'duplicate', 'conflict', 'ok']);
      expect(verdicts[1]).toEqual({ status: 'duplicate', id: first.run.id });
      expect(await count(open, 'select key from runs')).toBe(3);
      expect(await count(open, 'select key from tasks')).toBe(3);
    });

    test('all kinds in one flush: one commit, and what does not match is judged after it', async () => {
      await using p = await proxied();
      const { open } = p;
      const [run, stale] = await working(open, [2, 1]);
      if (run === undefined || stale === undefined) throw new Error('two expected');
      await open.store.core.enqueue([{ tasks: [open.task()] }, { tasks: [open.task()] }]);
      const [single, stepping] = await open.claim(2);
      if (single === undefined || stepping === undefined) throw new Error('two expected');
      const step = { name: 's', occurrence: 0, kind: 'step' as const, result: '1', atMs: 1 };
      const { key, fence, tenant } = stepping;
      const old = end(open, stale, 0);
      const started = open.run();
      const { core } = open.store;
      const ahead = core.enqueue([{ tasks: [open.task()] }]); // what comes now gathers behind it
      const together = Promise.all([
        core.settle([
          end(open, run, 0),
          open.done(single),
          end(open, run, 1),
          {
            ...old,
            change: { ...old.change, guard: { fence: 99 } } as SettleUnit['change'] & object,
          },
        ]),
        core.journal({ key, fence, tenant, flushLane: key, steps: [step] }),
        core.enqueue([{ tasks: [open.task()] }]),
        core.enqueue([{ run: started, tasks: [open.task({ run: started.id, node: 'a' })] }]),
      ]);
      await ahead;
      const [ends, journal, ...enqueued] = await together;
      expect(ends.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'stale_fence']);
      expect(journal).toBe(true);
      expect(enqueued.flat().map(({ status }) => status)).toEqual(['ok', 'ok']);
      expect(await core.loadJournal(key)).toHaveLength(1);
      expect(await open.store.loadRuns([run.row.key, stale.row.key])).toMatchObject([
        { version: 2 },
        { version: 0 },
      ]);
    });

    test('runs and tasks are found by key with plans made for empty tables', async () => {
      await using database = await migratedDatabase();
      await using open = await openStore(database.url, { lanes: 1 });
      const settle = async (runs: readonly Working[]): Promise<void> => {
        const verdicts = await open.store.core.settle(runs.map((run) => end(open, run, 0)));
        expect(verdicts.map(({ status }) => status)).toEqual(runs.map(() => 'ok'));
      };
      await settle(await working(open, [1])); // plans are made here
      const many = await working(
        open,
        Array.from({ length: 600 }, () => 1),
      ); // leased all the while
      const ready = Array.from({ length: 1_000 }, () => ({ tasks: [open.task({ priority: -1 })] }));
      await open.store.core.enqueue(ready);
      for (let at = 0; at < 100; at += 10) await settle(many.slice(at, at + 10));
      await open.store.close(); // sessions report what they counted when they end
      const client = new Client({ connectionString: database.url });
      await client.connect();
      try {
        const read = async (sql: string): Promise<number> =>
          Number((await client.query<{ n: string }>(sql)).rows[0]?.n ?? 0);
        const byIndex = (index: string): Promise<number> =>
          read(
            `select idx_tup_read as n from pg_stat_user_indexes where indexrelname = '${index}'`,
          );
        await expect.poll(() => byIndex('runs_pkey')).toBeGreaterThanOrEqual(200);
        expect(await byIndex('runs_pkey')).toBeLessThan(3_000); // those settled, twice each, and those claimed
        expect(await byIndex('tasks_pkey')).toBeLessThan(5_000);
        for (const index of ['runs_open', 'tasks_leased', 'tasks_run'])
          expect(await byIndex(index), index).toBe(0);
        const scanned = (table: string): Promise<number> =>
          read(`select seq_tup_read as n from pg_stat_user_tables where relname = '${table}'`);
        expect(await scanned('tasks')).toBe(0);
        expect(await scanned('runs')).toBeLessThan(700); // loadRuns of this test
      } finally {
        await client.end();
      }
    });
  },
);
