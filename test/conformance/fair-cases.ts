// claim: shares between tenants follow weights, a noisy tenant does not starve others, caps are never exceeded and are given back.

import { expect, test } from 'vitest';
import type { ClaimedTask } from '../../src/contract/index.ts';
import { LEASE_MS } from './store-fixture.ts';
import type { Fixture, Stores } from './store-fixture.ts';

export function fairCases(stores: Stores): void {
  test('tenants share by weight, whatever their queues', async () => {
    await using f = await stores.shared();
    const light = await f.newTenant(1);
    const heavy = await f.newTenant(3);
    await f.store.core.enqueue(
      [light, heavy].flatMap((tenant) =>
        Array.from({ length: 150 }, () => ({ tasks: [f.task(tenant)] })),
      ),
    );
    const got: ClaimedTask[] = [];
    while (got.length < 120) got.push(...(await f.claim(4)));
    const share = got.filter((task) => task.tenant === heavy.tenant).length / got.length;
    expect(share).toBeGreaterThan(0.68);
    expect(share).toBeLessThan(0.82);
  });

  test('a tenant with 100 times the load leaves the others their share', async () => {
    await using f = await stores.shared();
    const noisy = await f.newTenant();
    const quiet = await f.newTenant();
    await f.store.core.enqueue(Array.from({ length: 1_000 }, () => ({ tasks: [f.task(noisy)] })));
    const before = await f.claim(20);
    expect(before).toHaveLength(20);
    await f.store.core.enqueue(Array.from({ length: 10 }, () => ({ tasks: [f.task(quiet)] })));
    const got = await f.claim(20);
    expect(got.filter((task) => task.tenant === quiet.tenant).length).toBeGreaterThanOrEqual(8);
    expect(got).toHaveLength(20);
  });

  test('a tenant that was idle gets no credit for it', async () => {
    await using f = await stores.shared();
    const busy = await f.newTenant();
    const late = await f.newTenant();
    await f.store.core.enqueue([
      ...Array.from({ length: 200 }, () => ({ tasks: [f.task(busy)] })),
      { tasks: [f.task(late)] },
    ]);
    for (let i = 0; i < 10; i++) await f.claim(10);
    await f.store.core.enqueue(Array.from({ length: 100 }, () => ({ tasks: [f.task(late)] })));
    const got: ClaimedTask[] = [];
    for (let i = 0; i < 10; i++) got.push(...(await f.claim(4)));
    const ofBusy = got.filter((task) => task.tenant === busy.tenant).length;
    expect(ofBusy).toBeGreaterThanOrEqual(16);
  });

  test('1,000 tenants with one task each: all are served, none twice', async () => {
    await using f = await stores.shared();
    const tenants = await f.newTenants(1_000);
    expect(tenants).toHaveLength(1_000);
    await f.store.core.enqueue(tenants.map((tenant) => ({ tasks: [f.task(tenant)] })));
    const got: ClaimedTask[] = [];
    for (let round = 0; round < 200 && got.length < 1_000; round++)
      got.push(...(await f.claim(50)));
    expect(got).toHaveLength(1_000);
    expect(new Set(got.map((task) => task.tenant)).size).toBe(1_000);
    // Across tenants the order is fair, not by key: the settle below proves that each fence is its own.
    const verdicts = await f.store.core.settle(got.map((task) => f.done(task)));
    expect(verdicts.every((verdict) => verdict.status === 'ok')).toBe(true);
  });

  test('caps: the cap of an agent binds tasks that name the agent, not those that need a capability of that name', async () => {
    await using f = await stores.fresh();
    const route = await f.newRoute('work');
    await f.cap(1, 'agent:work', 0);
    await f.add(f.task({ route }));
    expect(await f.claim(10, { routes: [route] })).toHaveLength(1);
  });

  for (const [what, subject, over] of capKinds) {
    test(`caps: ${what} is never exceeded and given back by settle, retry, reap and cancel`, async () => {
      await using f = await stores.fresh();
      const made = await f.newTenant();
      const route = await f.newRoute('agent:capped', 'work');
      await f.cap(made.tenant, subject(made.project), 2);
      await f.add(
        ...Array.from({ length: 12 }, () => f.task({ ...made, route, ...over })),
        f.task({ route }),
      );
      const claim = (slots: number): Promise<ClaimedTask[]> => f.claim(slots, { routes: [route] });
      const own = (tasks: readonly ClaimedTask[]): ClaimedTask[] =>
        tasks.filter((task) => task.tenant === made.tenant);

      const first = await claim(10);
      expect(own(first)).toHaveLength(2);
      expect(first).toHaveLength(3); // the uncapped neighbour is not held up
      expect(await running(f)).toEqual([2]);
      expect(own(await claim(10))).toEqual([]);

      const [a, b] = own(first);
      if (a === undefined || b === undefined) throw new Error('two tasks expected');
      await f.store.core.settle([f.done(a)]);
      const second = own(await claim(10));
      expect(second).toHaveLength(1); // given back by settle

      await f.store.core.settle([
        f.byState(b, ['leased'], { to: 'cancelled', reason: 'user', endedMs: f.nowMs }),
      ]);
      expect(own(await claim(10))).toHaveLength(1); // given back by cancel

      const [c] = second;
      if (c === undefined) throw new Error('one task expected');
      await f.store.core.settle([
        f.done(c, { to: 'waiting', reason: 'retry', dueMs: f.nowMs + 60_000, addErrors: 1 }),
      ]);
      expect(own(await claim(10))).toHaveLength(1); // given back by a retry's wait
      expect(await running(f)).toEqual([2]);

      f.nowMs += LEASE_MS + 1;
      await f.store.core.reap({ host: f.host, nowMs: f.nowMs });
      expect(await running(f)).toEqual([0]);
      expect(own(await claim(10))).toHaveLength(2); // given back by reap
      expect(await running(f)).toEqual([2]);
    });
  }

  test('caps: 10 claims at once stay inside, and the counter equals what is leased', async () => {
    await using f = await stores.shared();
    const made = await f.newTenant();
    await f.cap(made.tenant, 'tenant', 3);
    await f.add(...Array.from({ length: 40 }, () => f.task(made)));
    for (let left = 40; left > 0;) {
      const got = (await Promise.all(Array.from({ length: 10 }, () => f.claim(2)))).flat();
      expect(got.length).toBeGreaterThan(0);
      expect(got.length).toBeLessThanOrEqual(3);
      const leased = (await f.rows('tasks')).filter((row) => row.state === 3).length;
      expect(await running(f)).toEqual([leased]);
      const verdicts = await f.store.core.settle(got.map((task) => f.done(task)));
      expect(verdicts.every((verdict) => verdict.status === 'ok')).toBe(true);
      left -= got.length;
    }
    expect(await running(f)).toEqual([0]);
  });

  test('caps: a local dispatch is counted too, and never over the cap', async () => {
    await using f = await stores.shared();
    const made = await f.newTenant();
    await f.cap(made.tenant, 'tenant', 2);
    const lease = { host: f.host, agent: 'a', assignment: 'local', untilMs: f.nowMs + LEASE_MS };
    const unleased: number[] = [];
    for (let i = 0; i < 4; i++) {
      const [verdict] = await f.store.core.enqueue([{ tasks: [f.task({ ...made, lease })] }]);
      if (verdict?.status !== 'ok') throw new Error(JSON.stringify(verdict));
      unleased.push(...(verdict.unleased ?? []));
    }
    for (const key of unleased) expect(await f.stateOf(key)).toBe('ready'); // named, so that nobody starts it
    expect(unleased).toHaveLength(2);
    const leased = (await f.rows('tasks')).filter((row) => row.state === 3).length;
    expect(leased).toBeLessThanOrEqual(2);
    expect(await running(f)).toEqual([leased]);
    expect((await f.claim(10)).length + leased).toBe(2);
  });

  test('caps: a stale settle gives nothing back', async () => {
    await using f = await stores.shared();
    const made = await f.newTenant();
    await f.cap(made.tenant, 'tenant', 1);
    await f.add(f.task(made), f.task(made));
    const [claimed] = await f.claim(5);
    if (claimed === undefined) throw new Error('nothing claimed');
    await f.store.core.settle([f.done({ ...claimed, fence: claimed.fence + 7 })]);
    await f.store.core.settle([f.done(claimed), f.done(claimed)]);
    expect(await running(f)).toEqual([0]);
    expect(await f.claim(5)).toHaveLength(1);
    expect(await running(f)).toEqual([1]);
  });
}

const capKinds: readonly (readonly [
  what: string,
  subject: (project: number) => string,
  over: { capKey?: string },
])[] = [
  ['a tenant cap', () => 'tenant', {}],
  ['a project cap', (project) => `project:${project}`, {}],
  ['an agent cap', () => 'agent:capped', {}],
  ['a key cap', () => 'key:db', { capKey: 'db' }],
];

async function running(f: Fixture): Promise<number[]> {
  return (await f.rows('caps')).map((row) => row.running);
}
