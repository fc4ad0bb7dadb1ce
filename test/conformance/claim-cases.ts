// claim: order, exact routes, slots, groups, fences, many claimers at once. Fairness and caps are in fair-cases.ts.

import { expect, test } from 'vitest';
import { formatId } from '../../src/contract/index.ts';
import { LEASE_MS } from './store-fixture.ts';
import type { Stores } from './store-fixture.ts';

export function claimCases(stores: Stores): void {
  test('a claimed task carries what its agent needs', async () => {
    await using f = await stores.shared();
    const run = f.run();
    const task = f.task({
      node: 'n1',
      item: 4,
      name: 'x',
      type: 'coding',
      priority: 3,
      input: '{"z":[1]}',
      timeoutMs: 777,
      retry: 'seeds-2-4-8',
    });
    const { row } = await f.addRun(run, [task]);
    const [claimed] = await f.claim(3);
    const stored = await f.taskRow(claimed?.key ?? 0);
    expect(claimed).toEqual({
      key: stored.key,
      id: task.id,
      tenant: f.tenant,
      project: f.project,
      runKey: row.key,
      runId: run.id,
      node: 'n1',
      item: 4,
      name: 'x',
      type: 'coding',
      priority: 3,
      route: f.route,
      lane: stored.lane,
      input: '{"z":[1]}',
      fence: 1,
      attempt: 1,
      crashes: 0,
      suspect: false,
      journalSteps: 0,
      timeoutMs: 777,
      retry: 'seeds-2-4-8',
      createdMs: f.nowMs,
      group: 0,
    });
    expect(stored).toMatchObject({
      state: 3,
      fence: 1,
      host: f.host,
      agent: 'tester',
      assignment: 'exact',
      lease_until_ms: f.nowMs + LEASE_MS,
    });
  });

  test('a single task is its own run: no run key', async () => {
    await using f = await stores.shared();
    await f.add(f.task());
    const [claimed] = await f.claim(1);
    expect(claimed).toMatchObject({ runKey: null, runId: null, node: null, item: null });
  });

  test('higher priority first, first come first served inside a priority', async () => {
    await using f = await stores.shared();
    const plan = [0, 5, -3, 5, 0, 9, -3, 0];
    await f.add(...plan.map((priority, i) => f.task({ priority, name: `p${priority}-${i}` })));
    const order: string[] = [];
    for (;;) {
      const got = await f.claim(3);
      if (got.length === 0) break;
      order.push(...got.map((task) => task.name));
    }
    expect(order).toEqual(['p9-5', 'p5-1', 'p5-3', 'p0-0', 'p0-4', 'p0-7', 'p-3-2', 'p-3-6']);
  });

  test('exact routes: never a task of another route', async () => {
    await using f = await stores.shared();
    const coding = await f.newRoute('coding');
    const both = await f.newRoute('coding', 'review');
    await f.add(
      ...Array.from({ length: 5 }, () => f.task({ route: coding, name: 'c' })),
      ...Array.from({ length: 5 }, () => f.task({ route: both, name: 'b' })),
      ...Array.from({ length: 5 }, () => f.task({ name: 'other' })),
    );
    expect((await f.claim(20, { routes: [coding] })).map((task) => task.name)).toEqual([
      'c',
      'c',
      'c',
      'c',
      'c',
    ]);
    expect((await f.claim(20, { routes: [coding, both] })).map((task) => task.name)).toEqual([
      'b',
      'b',
      'b',
      'b',
      'b',
    ]);
    expect(await f.claim(20, { routes: [] })).toEqual([]);
    expect((await f.claim(20)).every((task) => task.route === f.route)).toBe(true);
  });

  test('never more than the slots', async () => {
    await using f = await stores.shared();
    await f.add(...Array.from({ length: 10 }, () => f.task()));
    expect(await f.claim(0)).toEqual([]);
    expect(await f.claim(3)).toHaveLength(3);
    expect(await f.claim(100)).toHaveLength(7);
    expect(await f.claim(100)).toEqual([]);
  });

  test('groups: each has its own routes, slots, agent and assignment', async () => {
    await using f = await stores.shared();
    const other = await f.newRoute('other');
    await f.add(
      ...Array.from({ length: 6 }, () => f.task()),
      ...Array.from({ length: 6 }, () => f.task({ route: other })),
    );
    const got = await f.store.core.claim({
      host: f.host,
      nowMs: f.nowMs,
      untilMs: f.nowMs + LEASE_MS,
      groups: [
        { routes: [f.route], slots: 2, agent: 'one', assignment: 'a1' },
        { routes: [other], slots: 4, agent: 'two', assignment: 'a2' },
        { routes: [f.route, other], slots: 3, agent: 'three', assignment: 'a3' },
      ],
    });
    const count = (group: number): number => got.filter((task) => task.group === group).length;
    expect([count(0), count(1), count(2)]).toEqual([2, 4, 3]);
    expect(new Set(got.map((task) => task.key)).size).toBe(9);
    expect(got.filter((task) => task.group === 0).every((task) => task.route === f.route)).toBe(
      true,
    );
    expect(got.filter((task) => task.group === 1).every((task) => task.route === other)).toBe(true);
    for (const task of got) {
      const row = await f.taskRow(task.key);
      expect(row.agent).toBe(['one', 'two', 'three'][task.group]);
      expect(row.assignment).toBe(['a1', 'a2', 'a3'][task.group]);
    }
  });

  test('I4: the fence rises with each claim', async () => {
    await using f = await stores.shared();
    await f.add(f.task());
    const fences: number[] = [];
    for (let i = 0; i < 4; i++) {
      const [claimed] = await f.claim(1);
      if (claimed === undefined) throw new Error('nothing to claim');
      fences.push(claimed.fence);
      await f.store.core.settle([f.done(claimed, { to: 'ready', reason: 'retry', addErrors: 1 })]);
    }
    expect(fences[0]).toBe(1);
    for (let i = 1; i < fences.length; i++) expect(fences[i]).toBeGreaterThan(fences[i - 1] ?? 0);
  });

  test('only ready tasks are claimed', async () => {
    await using f = await stores.shared();
    await f.add(
      f.task({ state: 'blocked', reason: 'dependency' }),
      f.task({ state: 'waiting', reason: 'delay', dueMs: f.nowMs - 1 }),
    );
    const [paused, ended] = await f.add(f.task(), f.task());
    const rows = await f.rows('tasks');
    const ref = (key = 0) => ({
      key,
      id: formatId('task', rows.find((row) => row.key === key)?.id ?? new Uint8Array(16)),
    });
    await f.store.core.settle([
      f.byState(ref(paused), ['ready'], { to: 'paused', reason: 'user' }),
      f.byState(ref(ended), ['ready'], { to: 'cancelled', reason: 'user', endedMs: f.nowMs }),
    ]);
    expect(await f.claim(10)).toEqual([]);
  });

  test('20 claimers at once never share a task, and every task is given out', async () => {
    await using f = await stores.shared();
    await f.store.core.enqueue(Array.from({ length: 400 }, () => ({ tasks: [f.task()] })));
    const seen: number[] = [];
    const claimer = async (): Promise<void> => {
      for (;;) {
        const got = await f.claim(3);
        if (got.length === 0) return;
        seen.push(...got.map((task) => task.key));
      }
    };
    await Promise.all(Array.from({ length: 20 }, claimer));
    // A claimer may see "nothing" while another still holds rows that it gives back: ask once more before judging.
    await claimer();
    expect(seen).toHaveLength(400);
    expect(new Set(seen).size).toBe(400);
    expect((await f.rows('tasks')).every((row) => row.state === 3 && row.fence === 1)).toBe(true);
  });

  test('tasks enqueued while claims are in flight are found', async () => {
    await using f = await stores.shared();
    let got = 0;
    for (let round = 0; round < 30; round++) {
      const [claimed] = await Promise.all([f.claim(10), f.add(f.task(), f.task())]);
      got += claimed.length;
    }
    got += (await f.claim(100)).length;
    expect(got).toBe(60);
  });

  test('ready tasks of an earlier process are found after the store is opened again', async () => {
    await using f = await stores.fresh();
    const other = await f.newRoute('later');
    await f.add(f.task(), f.task({ route: other }), f.task({ capKey: 'k' }));
    await f.reopen();
    expect(await f.claim(10, { routes: [f.route, other] })).toHaveLength(3);
  });

  test('a lost claim answer gives the tasks to nobody twice: they wait for their lease', async () => {
    await using f = await stores.fresh();
    await f.add(f.task());
    await f.claim(1); // the answer is dropped here
    expect(await f.claim(1)).toEqual([]);
    f.nowMs += LEASE_MS + 1;
    expect((await f.store.core.reap({ host: f.host, nowMs: f.nowMs })).released).toBe(1);
    expect(await f.claim(1)).toHaveLength(1);
  });
}
