// Races between two hosts on one PostgreSQL: what one host brings must reach a task that another host suspends, ends or claims at that moment.
// Every race is run many times in batches, so that transactions of the two hosts overlap; a lost wake-up leaves a task waiting for ever.

import pg from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import { isTerminal, taskStateName } from '../../src/contract/index.ts';
import type {
  ClaimedTask,
  JournalStep,
  RunId,
  RunRow,
  SettleUnit,
  SettleVerdict,
  Store,
  TaskKey,
} from '../../src/contract/index.ts';
import { missingPostgres } from '../harness/postgres.ts';
import { from, runEvent } from './store-fixture.ts';
import type { Fixture } from './store-fixture.ts';
import { twoHosts } from './two-hosts.ts';
import type { Hosts } from './two-hosts.ts';
import { answering, answerTo, openWait, suspension, YES } from './wait-fixture.ts';

const missing = await missingPostgres();
const BATCH = 20;

/** Runs of one task each, all leased by this host. */
async function runsOfOne(f: Fixture, count: number): Promise<ClaimedTask[]> {
  await f.store.core.enqueue(
    Array.from({ length: count }, () => {
      const run = f.run();
      return { run, tasks: [f.task({ node: 'a' })], events: [runEvent(f, run, { seq: 1 })] };
    }),
  );
  const claimed: ClaimedTask[] = [];
  while (claimed.length < count) claimed.push(...(await f.claim(count - claimed.length)));
  return claimed;
}

/** Both at once, one of them a little ahead in turn. */
async function race<T>(first: () => Promise<T>, second: () => Promise<T>, i: number): Promise<T[]> {
  return i % 2 === 0
    ? Promise.all([first(), second()])
    : (await Promise.all([second(), first()])).toReversed();
}

async function inBatches(
  tasks: readonly ClaimedTask[],
  one: (task: ClaimedTask, i: number) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < tasks.length; at += BATCH)
    await Promise.all(tasks.slice(at, at + BATCH).map((task, i) => one(task, at / BATCH + i)));
}

const settle = async (store: Store, unit: SettleUnit): Promise<SettleVerdict | undefined> =>
  (await store.core.settle([unit]))[0];

async function expectReady(f: Fixture, tasks: readonly ClaimedTask[]): Promise<void> {
  const states = new Map((await f.rows('tasks')).map((row) => [row.key, taskStateName(row.state)]));
  expect(tasks.filter(({ key }) => states.get(key) !== 'ready')).toEqual([]);
}

/** Flushes take their locks in one order, so none of them may have been chosen as the victim of a deadlock. */
async function expectNoDeadlock({ url, f, other }: Hosts): Promise<void> {
  await Promise.all([f.store.close(), other.close()]); // sessions report what they counted at the latest when they end
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(
      'select deadlocks::int from pg_stat_database where datname = current_database()',
    );
    expect(rows).toEqual([{ deadlocks: 0 }]);
  } finally {
    await client.end();
  }
}

describe('races of two hosts on postgres', { timeout: 60_000 }, () => {
  beforeEach((context) => {
    if (missing !== null) context.skip(missing);
  });

  test('S10: an event that one host delivers while the other suspends for it is not lost, 200 times', async () => {
    await using hosts = await twoHosts();
    const { f, other } = hosts;
    const tasks = await runsOfOne(f, 200);
    await inBatches(tasks, async (task, i) => {
      const run = task.runId as RunId;
      const wait = openWait(f, 'event', `${run}/go`);
      const [sent, suspended] = await race(
        () =>
          settle(f.store, {
            flushLane: task.runKey ?? 0,
            deliver: {
              tenant: f.tenant,
              run,
              runKey: task.runKey,
              taskKey: null,
              name: 'go',
              data: '1',
              by: 'tester',
              atMs: f.nowMs,
            },
            events: [],
          }),
        () =>
          settle(other, {
            ...suspension(f, task, [wait]),
            flushLane: task.runKey ?? 0,
            lockRun: task.runKey ?? 0,
          }),
        i,
      );
      expect([sent?.status, suspended?.status]).toEqual(['ok', 'ok']);
    });
    await expectReady(f, tasks);
    expect((await f.rows('journal')).every((row) => row.result?.includes('"data":1'))).toBe(true);
    expect((await f.rows('inbox')).filter((row) => row.taken === 0)).toEqual([]);
    await expectNoDeadlock(hosts);
  });

  test('S10: an answer of one host while the other suspends for it is not lost, 200 times', async () => {
    await using hosts = await twoHosts();
    const { f, other } = hosts;
    const tasks = await runsOfOne(f, 200);
    const wait = openWait(f, 'approval', 'apr_1');
    const asked = tasks.map(({ key, fence }) =>
      f.store.core.journal({ key, tenant: f.tenant, fence, flushLane: key, steps: [wait] }),
    );
    expect(new Set(await Promise.all(asked))).toEqual(new Set([true]));
    await inBatches(tasks, async (task, i) => {
      const verdicts = await race(
        () => settle(f.store, answering(answerTo(f, task, wait))),
        () => settle(other, suspension(f, task, [wait])),
        i,
      );
      expect(verdicts.map((verdict) => verdict?.status)).toEqual(['ok', 'ok']);
    });
    await expectReady(f, tasks);
    expect((await f.rows('journal')).every((row) => row.result === YES)).toBe(true);
    await expectNoDeadlock(hosts);
  });

  test('a child that ends on one host while its parent suspends on the other wakes it, 100 times', async () => {
    await using hosts = await twoHosts();
    const { f, other } = hosts;
    const parents = await runsOfOne(f, 100);
    const waits: JournalStep[] = [];
    const childRuns: RunId[] = [];
    for (const parent of parents) {
      const child = f.run({
        parent: { task: parent.key, name: 'child', occurrence: 0, root: parent.runKey, depth: 1 },
      });
      const wait = openWait(f, 'child', child.id);
      const first = openWait(f, 'approval', { subject: 'apr_1', name: 'first' });
      const unit = {
        ...suspension(f, parent, [wait, first]),
        children: [{ run: child, tasks: [], events: [runEvent(f, child, { seq: 1 })] }],
      };
      expect((await settle(f.store, unit))?.status).toBe('ok');
      expect((await settle(f.store, answering(answerTo(f, parent, first))))?.status).toBe('ok');
      waits.push(wait);
      childRuns.push(child.id);
    }
    const again: ClaimedTask[] = [];
    while (again.length < parents.length) again.push(...(await f.claim(100)));
    const byKey = new Map(again.map((task) => [task.key, task]));
    const children = await f.store.loadRuns(childRuns);
    await inBatches(parents, async (parent, i) => {
      const index = parents.indexOf(parent);
      const task = byKey.get(parent.key);
      const child = children[index];
      const wait = waits[index];
      if (task === undefined || child === undefined || wait === undefined) throw new Error('lost');
      const verdicts = await race(
        () =>
          settle(f.store, {
            flushLane: child.key,
            run: {
              ...from(child),
              state: 'completed',
              progress: '{}',
              seq: 2,
              endedMs: f.nowMs,
            },
            answers: [answerTo(f, parent, wait)],
            events: [
              runEvent(f, child, { seq: 2, type: 'run.completed', data: { durationMs: 1 } }),
            ],
          }),
        () => settle(other, suspension(f, task, [wait])),
        i,
      );
      expect(verdicts.map((verdict) => verdict?.status)).toEqual(['ok', 'ok']);
    });
    await expectReady(f, parents);
    await expectNoDeadlock(hosts);
  });

  test('S12: a sweep of one host while the other claims, ends and adds tasks leaves none open, 15 times', async () => {
    await using hosts = await twoHosts();
    const { f, other, otherHost } = hosts;
    await f.cap(f.tenant, 'tenant', 1_000);
    const cancel = async (run: RunRow): Promise<void> => {
      for (;;) {
        const [row] = await f.store.loadRuns([run.key]);
        if (row === undefined) throw new Error('run lost');
        const verdict = await settle(f.store, {
          flushLane: row.key,
          run: { ...from(row), state: 'cancelled', progress: '{}', seq: row.seq, endedMs: f.nowMs },
          sweep: {
            run: row.key,
            from: ['blocked', 'waiting', 'ready', 'leased', 'paused', 'uncertain'],
            to: 'cancelled',
            reason: 'run',
            endedMs: f.nowMs,
          },
          events: [],
        });
        if (verdict?.status === 'ok') return;
        expect(verdict?.status).toBe('stale_version');
      }
    };
    /** Works on the run until a write is refused because it has ended; returns the tasks it was still told to be its own. */
    const work = async (run: RunRow): Promise<void> => {
      for (;;) {
        const request = { ...f.request(4, [f.route]), host: otherHost };
        const tasks = await other.core.claim(request);
        for (const task of tasks) {
          let verdict: SettleVerdict | undefined;
          do {
            const [row] = await other.loadRuns([run.key]);
            if (row === undefined || row.state === 'cancelled') return;
            const insert = [0, 1].map(() => f.task({ run: run.id, node: 'b' }));
            const guard = { ...from(row), state: 'running' as const, progress: '{}', seq: row.seq };
            verdict = await settle(other, { ...f.done(task), run: guard, insert, events: [] });
          } while (verdict?.status === 'stale_version');
        }
        if ((await other.loadRuns([run.key]))[0]?.state === 'cancelled') return;
      }
    };
    for (let round = 0; round < 15; round++) {
      const { row } = await f.addRun(
        f.run(),
        Array.from({ length: 8 }, () => f.task({ node: 'a' })),
      );
      const worker = work(row);
      for (let version = 0; version < 1 + (round % 5);)
        version = (await f.store.loadRuns([row.key]))[0]?.version ?? 0;
      await Promise.all([cancel(row), worker]);
    }
    const rows = await f.rows('tasks');
    const open = (key: TaskKey, state: number): TaskKey[] =>
      isTerminal(taskStateName(state)) ? [] : [key];
    expect(rows.flatMap((row) => open(row.key, row.state))).toEqual([]);
    expect(rows.some((row) => taskStateName(row.state) === 'cancelled')).toBe(true);
    expect((await f.rows('caps')).map((row) => row.running)).toEqual([0]);
    await expectNoDeadlock(hosts);
  });

  test('ends of runs on both hosts, alone and with other kinds, while leases are renewed: each run gets all its ends', async () => {
    await using hosts = await twoHosts();
    const { f, other } = hosts;
    const RUNS = 40;
    const EACH = 4;
    const rows: RunRow[] = [];
    for (let i = 0; i < RUNS; i++) {
      const items = Array.from({ length: EACH }, (_, item) => f.task({ node: 'm', item }));
      rows.push((await f.addRun(f.run(), items)).row);
    }
    await f.add(...Array.from({ length: RUNS }, () => f.task()));
    const claimed: ClaimedTask[] = [];
    while (claimed.length < RUNS * (EACH + 1)) claimed.push(...(await f.claim(200)));
    let open = new Map(claimed.map((task) => [task.key, task]));
    const renewing = async (store: Store): Promise<void> => {
      while (open.size > 0) {
        const leases = [...open.values()].map(({ key, fence }) => ({ key, fence, startedMs: 1 }));
        await store.core.renew(leases, f.nowMs + 60_000);
      }
    };
    /** Ends one task of each run, in an order of its own, and as many single tasks. */
    const ending = async (store: Store, part: number): Promise<void> => {
      const mine = claimed.filter((task) => (task.item ?? task.key) % 2 === part);
      const order = part === 0 ? mine : mine.toReversed();
      while (order.some(({ key }) => open.has(key))) {
        const now = new Map(
          (await store.loadRuns(rows.map(({ key }) => key))).map((row) => [row.key, row]),
        );
        const taken = new Set<number>();
        const batch = order.filter(({ key, runKey }) => {
          if (!open.has(key) || (runKey !== null && taken.has(runKey))) return false;
          if (runKey !== null) taken.add(runKey);
          return true;
        });
        const verdicts = await store.core.settle(
          batch.map((task) => {
            const row = now.get(task.runKey ?? 0);
            if (row === undefined) return f.done(task);
            const seq = row.seq + 1;
            const run = { ...from(row), state: 'running' as const, progress: '{}', seq };
            const insert = [f.task({ run: row.id, node: 'next' })];
            return { ...f.done(task), run, insert, events: [runEvent(f, row, { seq })] };
          }),
        );
        for (const [i, verdict] of verdicts.entries())
          if (verdict.status === 'ok') open.delete(batch[i]?.key ?? 0);
      }
    };
    await Promise.all([ending(f.store, 0), ending(other, 1), renewing(f.store), renewing(other)]);
    open = new Map();
    for (const row of await f.store.loadRuns(rows.map(({ key }) => key)))
      expect(row).toMatchObject({ version: EACH, seq: EACH });
    const tasks = await f.rows('tasks');
    expect(tasks.filter(({ node }) => node === 'next')).toHaveLength(RUNS * EACH);
    expect(
      tasks.filter(({ node }) => node !== 'next').map((row) => taskStateName(row.state)),
    ).toEqual(claimed.map(() => 'succeeded'));
    await expectNoDeadlock(hosts);
  });
});
