// start, renew, reap, promote: how leases live and how lost owners and due timers are found. I4, I6.

import { describe, expect, test } from 'vitest';
import type { ClaimedTask, HostKey } from '../../src/contract/index.ts';
import { MAX_CRASHES, taskStates } from '../../src/contract/index.ts';
import { LEASE_MS } from './store-fixture.ts';
import type { Fixture, Stores } from './store-fixture.ts';

async function claimOne(f: Fixture): Promise<ClaimedTask> {
  const [claimed] = await f.claim(1);
  if (claimed === undefined) throw new Error('nothing claimed');
  return claimed;
}

async function loseLease(f: Fixture): Promise<{ released: number; exhausted: number }> {
  f.nowMs += LEASE_MS + 1;
  const result = await f.store.core.reap({ host: f.host, nowMs: f.nowMs });
  return { released: result.released, exhausted: result.exhausted.length };
}

export function leaseCases(stores: Stores): void {
  renewCases(stores);
  reapCases(stores);
  promoteCases(stores);
}

function renewCases(stores: Stores): void {
  describe('start and renew', () => {
    test('renew extends the lease and marks the start', async () => {
      await using f = await stores.fresh();
      await f.add(f.task());
      const claimed = await claimOne(f);
      const untilMs = f.nowMs + 3 * LEASE_MS;
      expect(
        await f.store.core.renew([{ key: claimed.key, fence: 1, startedMs: f.nowMs + 2 }], untilMs),
      ).toEqual([]);
      expect(await f.taskRow(claimed.key)).toMatchObject({
        lease_until_ms: untilMs,
        started_ms: f.nowMs + 2,
      });
      expect(
        await f.store.core.renew([{ key: claimed.key, fence: 1, startedMs: null }], untilMs + 1),
      ).toEqual([]);
      expect(await f.taskRow(claimed.key)).toMatchObject({
        lease_until_ms: untilMs + 1,
        started_ms: f.nowMs + 2,
      });
      expect(await loseLease(f)).toEqual({ released: 0, exhausted: 0 });
    });

    test('renew and start answer the keys that are stale, and only those', async () => {
      await using f = await stores.shared();
      await f.add(f.task(), f.task(), f.task(), f.task());
      const [a, b, c, d] = await f.claim(4);
      if (a === undefined || b === undefined || c === undefined || d === undefined)
        throw new Error('four expected');
      await f.store.core.settle([
        f.done(b),
        f.byState(c, ['leased'], { to: 'paused', reason: 'user' }),
      ]);
      const mark = (task: ClaimedTask, fence = task.fence) => ({
        key: task.key,
        fence,
        startedMs: f.nowMs,
      });
      const stale = [b.key, c.key, d.key].toSorted((x, y) => x - y);
      const leases = [mark(a), mark(b), mark(c), mark(d, 99)];
      expect((await f.store.core.start(leases)).toSorted((x, y) => x - y)).toEqual(stale);
      expect(
        (await f.store.core.renew(leases, f.nowMs + 60_000)).toSorted((x, y) => x - y),
      ).toEqual(stale);
      expect(await f.taskRow(a.key)).toMatchObject({
        lease_until_ms: f.nowMs + 60_000,
        started_ms: f.nowMs,
      });
      expect((await f.taskRow(d.key)).lease_until_ms).toBe(f.nowMs + LEASE_MS);
      expect(await f.store.core.renew([], f.nowMs)).toEqual([]);
      expect(await f.store.core.start([])).toEqual([]);
    });

    test('a key that does not exist is stale', async () => {
      await using f = await stores.shared();
      expect(
        await f.store.core.renew([{ key: 987_654, fence: 1, startedMs: null }], f.nowMs),
      ).toEqual([987_654]);
    });
  });
}

function reapCases(stores: Stores): void {
  describe('reap', () => {
    test('a live lease stays, an expired one is made ready again as suspect with a lost attempt', async () => {
      await using f = await stores.fresh();
      await f.add(f.task());
      const claimed = await claimOne(f);
      f.nowMs += LEASE_MS - 1;
      expect((await f.store.core.reap({ host: f.host, nowMs: f.nowMs })).released).toBe(0);
      expect(await loseLease(f)).toEqual({ released: 1, exhausted: 0 });
      expect(await f.taskRow(claimed.key)).toMatchObject({
        state: taskStates.ready,
        suspect: 1,
        crashes: 0,
        errors: 0,
        lease_until_ms: null,
      });
      expect(await f.rows('attempts')).toMatchObject([
        { task: claimed.key, fence: 1, outcome: 'lost', agent: 'tester', host: f.host },
      ]);
      const again = await claimOne(f);
      expect(again).toMatchObject({ key: claimed.key, suspect: true, crashes: 0, attempt: 1 });
      expect(again.fence).toBeGreaterThan(claimed.fence);
    });

    test('the second loss of a started suspect is a crash', async () => {
      await using f = await stores.fresh();
      await f.add(f.task());
      await claimOne(f);
      await loseLease(f);
      const suspect = await claimOne(f);
      expect(
        await f.store.core.start([{ key: suspect.key, fence: suspect.fence, startedMs: f.nowMs }]),
      ).toEqual([]);
      expect(await loseLease(f)).toEqual({ released: 1, exhausted: 0 });
      expect(await f.taskRow(suspect.key)).toMatchObject({
        crashes: 1,
        suspect: 1,
        state: taskStates.ready,
      });
      expect((await f.rows('attempts')).map((row) => row.outcome)).toEqual(['lost', 'crash']);
    });

    test('an old start does not count: a retried task that loses its owner for the first time is lost, not crashed', async () => {
      await using f = await stores.fresh();
      await f.add(f.task());
      const first = await claimOne(f);
      await f.store.core.start([{ key: first.key, fence: first.fence, startedMs: f.nowMs }]);
      await f.store.core.renew(
        [{ key: first.key, fence: first.fence, startedMs: f.nowMs }],
        f.nowMs + LEASE_MS,
      );
      await f.store.core.settle([
        f.done(first, { to: 'waiting', reason: 'retry', dueMs: f.nowMs, addErrors: 1 }),
      ]);
      await f.store.core.promote({ nowMs: f.nowMs, limit: 1 });
      await claimOne(f);
      expect(await loseLease(f)).toEqual({ released: 1, exhausted: 0 });
      expect(await f.taskRow(first.key)).toMatchObject({ crashes: 0, errors: 1, suspect: 1 });
      const again = await claimOne(f); // suspect, but not marked as started: not to blame either
      expect(again).toMatchObject({ suspect: true, crashes: 0, attempt: 2 });
      expect(await loseLease(f)).toEqual({ released: 1, exhausted: 0 });
      expect((await f.rows('attempts')).map((row) => row.outcome)).toEqual(['lost', 'lost']);
    });

    test('an end that was written clears the suspicion', async () => {
      await using f = await stores.fresh();
      await f.add(f.task());
      await claimOne(f);
      await loseLease(f);
      const suspect = await claimOne(f);
      await f.store.core.start([{ key: suspect.key, fence: suspect.fence, startedMs: f.nowMs }]);
      await f.store.core.settle([f.done(suspect, { to: 'ready', reason: 'none', addErrors: 1 })]);
      expect(await claimOne(f)).toMatchObject({ suspect: false, crashes: 0, attempt: 2 });
    });

    test('a suspect that was never started is not to blame: no crash is counted', async () => {
      await using f = await stores.fresh();
      await f.add(f.task());
      for (let i = 0; i < MAX_CRASHES + 2; i++) {
        await claimOne(f);
        expect(await loseLease(f)).toEqual({ released: 1, exhausted: 0 });
      }
      const task = await claimOne(f);
      expect(task.crashes).toBe(0);
    });

    test('at MAX_CRASHES the lease stays for the caller, who settles it as dead', async () => {
      await using f = await stores.fresh();
      await f.add(f.task());
      await claimOne(f);
      await loseLease(f);
      for (let i = 1; i < MAX_CRASHES; i++) {
        const task = await claimOne(f);
        await f.store.core.start([{ key: task.key, fence: task.fence, startedMs: f.nowMs }]);
        expect(await loseLease(f)).toEqual({ released: 1, exhausted: 0 });
      }
      const last = await claimOne(f);
      expect(last.crashes).toBe(MAX_CRASHES - 1);
      await f.store.core.start([{ key: last.key, fence: last.fence, startedMs: f.nowMs }]);
      f.nowMs += LEASE_MS + 1;
      const reaped = await f.store.core.reap({ host: f.host, nowMs: f.nowMs });
      expect(reaped.released).toBe(0);
      expect(reaped.exhausted).toHaveLength(1);
      const [lost] = reaped.exhausted;
      if (lost === undefined) throw new Error('one exhausted task expected');
      expect(lost.task).toMatchObject({ key: last.key, id: last.id });
      expect(lost.host).toBe(f.host);
      expect(lost.startedMs).not.toBeNull();
      expect(await f.stateOf(last.key)).toBe('leased');
      expect(await f.claim(1)).toEqual([]);
      const [verdict] = await f.store.core.settle([
        f.done(lost.task, {
          to: 'dead',
          reason: 'crashes',
          addCrashes: 1,
          attempt: {
            attempt: lost.task.attempt,
            fence: lost.task.fence,
            agent: 'tester',
            host: lost.host,
            startedMs: lost.startedMs,
            endedMs: f.nowMs,
            outcome: 'crash',
          },
        }),
      ]);
      expect(verdict?.status).toBe('ok');
      expect(await f.taskRow(last.key)).toMatchObject({
        state: taskStates.dead,
        reason: 'crashes',
        crashes: MAX_CRASHES,
      });
      expect(await f.store.core.reap({ host: f.host, nowMs: f.nowMs + 60_000 })).toMatchObject({
        released: 0,
        exhausted: [],
      });
    });

    test('leases of a boot that ended are freed at once, those of the living stay', async () => {
      await using f = await stores.fresh();
      await f.add(...Array.from({ length: 5 }, () => f.task()));
      const before = await f.claim(3);
      const dead: HostKey = f.host;
      await f.reopen();
      expect(f.host).not.toBe(dead);
      const mine = await f.claim(2);
      const reaped = await f.store.core.reap({ host: f.host, nowMs: f.nowMs + 1 });
      expect(reaped.released).toBe(3);
      expect(reaped.hosts).toEqual([dead]);
      for (const task of before) expect(await f.stateOf(task.key)).toBe('ready');
      for (const task of mine) expect(await f.stateOf(task.key)).toBe('leased');
      expect(await f.claim(10)).toHaveLength(3);
      // a second look finds nothing new
      expect(await f.store.core.reap({ host: f.host, nowMs: f.nowMs + 2 })).toMatchObject({
        released: 0,
        exhausted: [],
      });
    });

    test('many expired leases are all freed, in as many rounds as it takes', async () => {
      await using f = await stores.fresh();
      await f.store.core.enqueue(Array.from({ length: 2_500 }, () => ({ tasks: [f.task()] })));
      let claimed = 0;
      while (claimed < 2_500) claimed += (await f.claim(500)).length;
      f.nowMs += LEASE_MS + 1;
      let released = 0;
      for (let round = 0; round < 20 && released < 2_500; round++)
        released += (await f.store.core.reap({ host: f.host, nowMs: f.nowMs })).released;
      expect(released).toBe(2_500);
    });
  });
}

function promoteCases(stores: Stores): void {
  describe('promote', () => {
    test('makes due timers ready, at most the limit, and says when the next is due', async () => {
      await using f = await stores.fresh();
      const at = (dueMs: number) =>
        f.task({ state: 'waiting', reason: 'delay', dueMs, name: `d${dueMs - f.nowMs}` });
      await f.add(
        at(f.nowMs + 30),
        at(f.nowMs + 10),
        at(f.nowMs + 20),
        at(f.nowMs + 40),
        at(f.nowMs + 1_000),
      );
      expect(await f.store.core.promote({ nowMs: f.nowMs, limit: 10 })).toEqual({
        promoted: 0,
        nextDueMs: f.nowMs + 10,
      });
      expect(await f.store.core.promote({ nowMs: f.nowMs + 50, limit: 2 })).toMatchObject({
        promoted: 2,
      });
      expect((await f.claim(10)).map((task) => task.name).toSorted()).toEqual(['d10', 'd20']);
      expect(await f.store.core.promote({ nowMs: f.nowMs + 50, limit: 10 })).toEqual({
        promoted: 2,
        nextDueMs: f.nowMs + 1_000,
      });
      expect(await f.claim(10)).toHaveLength(2);
      expect(await f.store.core.promote({ nowMs: f.nowMs + 1_000, limit: 10 })).toEqual({
        promoted: 1,
        nextDueMs: null,
      });
    });

    test('a waiting task without a time (approval, event, child) stays', async () => {
      await using f = await stores.fresh();
      await f.add(f.task());
      const claimed = await claimOne(f);
      await f.store.core.settle([f.done(claimed, { to: 'waiting', reason: 'approval' })]);
      expect(await f.store.core.promote({ nowMs: f.nowMs + 1e12, limit: 10 })).toEqual({
        promoted: 0,
        nextDueMs: null,
      });
      expect(await f.stateOf(claimed.key)).toBe('waiting');
    });

    test('a promoted task keeps its counters and has no time any more', async () => {
      await using f = await stores.fresh();
      const [key] = await f.add(f.task({ state: 'waiting', reason: 'delay', dueMs: f.nowMs }));
      await f.store.core.promote({ nowMs: f.nowMs, limit: 1 });
      expect(await f.taskRow(key ?? 0)).toMatchObject({
        state: taskStates.ready,
        due_ms: null,
        errors: 0,
        crashes: 0,
        fence: 0,
      });
    });

    test('a cancelled timer never fires', async () => {
      await using f = await stores.fresh();
      const task = f.task({ state: 'waiting', reason: 'delay', dueMs: f.nowMs + 5 });
      const [key] = await f.add(task);
      await f.store.core.settle([
        f.byState({ key: key ?? 0, id: task.id }, ['waiting'], {
          to: 'cancelled',
          reason: 'user',
          endedMs: f.nowMs,
        }),
      ]);
      expect(await f.store.core.promote({ nowMs: f.nowMs + 10, limit: 5 })).toEqual({
        promoted: 0,
        nextDueMs: null,
      });
      expect(await f.stateOf(key ?? 0)).toBe('cancelled');
    });
  });
}
