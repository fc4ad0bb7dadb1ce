// settle: guards, terminal states, versions, atomic units, attempts, retries. S2, S3, S4, S5, S6.

import { describe, expect, test } from 'vitest';
import type { ClaimedTask, SettleUnit } from '../../src/contract/index.ts';
import { taskStates } from '../../src/contract/index.ts';
import { LEASE_MS, taskEvent } from './store-fixture.ts';
import type { Fixture, Stores } from './store-fixture.ts';

async function claimOne(f: Fixture): Promise<ClaimedTask> {
  await f.add(f.task());
  const [claimed] = await f.claim(1);
  if (claimed === undefined) throw new Error('nothing claimed');
  return claimed;
}

export function settleCases(stores: Stores): void {
  guardCases(stores);

  test('a success is the row of its last try', async () => {
    await using f = await stores.shared();
    const claimed = await claimOne(f);
    const [verdict] = await f.store.core.settle([f.done(claimed, { result: '{"ok":"ü"}' })]);
    expect(verdict).toEqual({ status: 'ok', taskKeys: [] });
    expect(await f.taskRow(claimed.key)).toMatchObject({
      state: taskStates.succeeded,
      reason: 'none',
      result: '{"ok":"ü"}',
      error: null,
      agent: 'tester',
      lease_until_ms: null,
      started_ms: f.nowMs,
      ended_ms: f.nowMs + 5,
      errors: 0,
      crashes: 0,
    });
    expect(await f.rows('attempts')).toEqual([]);
  });

  test('a retry: attempts row, counter, waiting with its time, then ready with a higher try number', async () => {
    await using f = await stores.fresh();
    const claimed = await claimOne(f);
    const error = {
      code: 'AGENT_THREW',
      kind: 'retry' as const,
      message: 'boom',
      advice: 'mend it',
    };
    await f.store.core.settle([
      f.done(claimed, {
        to: 'waiting',
        reason: 'retry',
        dueMs: f.nowMs + 500,
        addErrors: 1,
        error,
        attempt: {
          attempt: 1,
          fence: claimed.fence,
          agent: 'tester',
          host: f.host,
          startedMs: f.nowMs,
          endedMs: f.nowMs + 3,
          outcome: 'error',
          error,
        },
      }),
    ]);
    expect(await f.taskRow(claimed.key)).toMatchObject({
      state: taskStates.waiting,
      reason: 'retry',
      due_ms: f.nowMs + 500,
      errors: 1,
      crashes: 0,
    });
    const [attempt] = await f.rows('attempts');
    expect(attempt).toMatchObject({
      tenant: f.tenant,
      task: claimed.key,
      attempt: 1,
      fence: 1,
      agent: 'tester',
      host: f.host,
      outcome: 'error',
      started_ms: f.nowMs,
      ended_ms: f.nowMs + 3,
    });
    expect(JSON.parse(attempt?.error ?? 'null')).toEqual(error);
    expect(await f.store.core.promote({ nowMs: f.nowMs + 499, limit: 10 })).toEqual({
      promoted: 0,
      nextDueMs: f.nowMs + 500,
    });
    expect(await f.store.core.promote({ nowMs: f.nowMs + 500, limit: 10 })).toEqual({
      promoted: 1,
      nextDueMs: null,
    });
    const [again] = await f.claim(1);
    expect(again).toMatchObject({ key: claimed.key, attempt: 2, crashes: 0, suspect: false });
  });

  test('journal steps and the waiting state are one commit; a stale fence writes neither', async () => {
    await using f = await stores.fresh();
    const claimed = await claimOne(f);
    const step = {
      name: 'nap',
      occurrence: 1,
      kind: 'sleep' as const,
      result: null,
      dueMs: f.nowMs + 100,
      atMs: f.nowMs,
    };
    const unit = f.done(claimed, {
      to: 'waiting',
      reason: 'sleep',
      dueMs: f.nowMs + 100,
      journal: [step],
    });
    const stale = f.done(
      { ...claimed, fence: 9 },
      { to: 'waiting', reason: 'sleep', dueMs: f.nowMs + 100, journal: [step] },
    );
    expect((await f.store.core.settle([stale]))[0]?.status).toBe('stale_fence');
    expect(await f.store.core.loadJournal(claimed.key)).toEqual([]);
    expect((await f.store.core.settle([unit]))[0]?.status).toBe('ok');
    expect(await f.store.core.loadJournal(claimed.key)).toEqual([step]);
    expect(await f.taskRow(claimed.key)).toMatchObject({
      state: taskStates.waiting,
      reason: 'sleep',
      journal_steps: 1,
    });
    await f.store.core.promote({ nowMs: f.nowMs + 100, limit: 1 });
    expect((await f.claim(1))[0]).toMatchObject({ journalSteps: 1, attempt: 1 });
  });

  test('verdicts come in order, and one bad unit among many harms none of them', async () => {
    await using f = await stores.shared();
    await f.add(...Array.from({ length: 200 }, () => f.task()));
    const claimed = await f.claim(200);
    const units = claimed.map((task, i) => {
      if (i === 50) return f.done({ ...task, fence: 99 });
      if (i === 120) return f.done(task, { result: '"a\u0000"' });
      return f.done(task);
    });
    const verdicts = await f.store.core.settle(units);
    expect(verdicts[50]).toEqual({ status: 'stale_fence' });
    expect(verdicts[120]).toMatchObject({ status: 'invalid', error: { code: 'INPUT_NUL' } });
    expect(verdicts.filter((verdict) => verdict.status === 'ok')).toHaveLength(198);
    const states = (await f.rows('tasks')).filter((row) => row.state === taskStates.succeeded);
    expect(states).toHaveLength(198);
    expect(await f.rows('events')).toHaveLength(198); // S2: a rejected unit writes no event
    expect(await f.stateOf(claimed[120]?.key ?? 0)).toBe('leased');
  });

  test('S6: a settle that is sent again after its commit changes nothing', async () => {
    await using f = await stores.shared();
    const claimed = await claimOne(f);
    const unit: SettleUnit = {
      ...f.done(claimed),
      events: [taskEvent(f, claimed)],
    };
    expect((await f.store.core.settle([unit]))[0]?.status).toBe('ok');
    const row = await f.taskRow(claimed.key);
    await f.store.core.settle([unit]);
    expect(await f.taskRow(claimed.key)).toEqual(row);
    expect(await f.rows('events')).toHaveLength(1);
    expect(await f.rows('attempts')).toEqual([]);
  });

  test('S6: the same for a whole flush of 300 plain ends, some of them twice in it', async () => {
    await using f = await stores.shared();
    await f.add(...Array.from({ length: 300 }, () => f.task()));
    const claimed = await f.claim(300);
    const units = claimed.map((task) => f.done(task));
    const first = await f.store.core.settle([...units, ...units.slice(0, 20)]);
    expect(first.slice(0, 300).every((verdict) => verdict.status === 'ok')).toBe(true);
    const rows = await f.rows('tasks');
    await f.store.core.settle(units);
    expect(await f.rows('tasks')).toEqual(rows);
    expect(await f.rows('events')).toHaveLength(300);
    expect(
      rows.every(
        (row) =>
          row.state === taskStates.succeeded &&
          row.result === '"fine"' &&
          row.ended_ms === f.nowMs + 5 &&
          row.lease_until_ms === null,
      ),
    ).toBe(true);
    const [event] = await f.store.events.after({ cursor: null, tenant: f.tenant, limit: 1 });
    expect(event).toMatchObject({
      type: 'task.completed',
      atMs: f.nowMs,
      runId: null,
      seq: null,
      data: { agent: 'tester', attempt: 1 },
    });
    expect(claimed.map((task) => task.id as string)).toContain(event?.taskId);
  });

  test('an end and a cancellation that share a flush: one of them wins, and only its event and its state are there', async () => {
    await using f = await stores.shared();
    await f.add(...Array.from({ length: 20 }, () => f.task()));
    const claimed = await f.claim(20);
    const cancel = (task: ClaimedTask): SettleUnit => ({
      ...f.byState(task, ['leased'], { to: 'cancelled', reason: 'user', endedMs: f.nowMs }),
      events: [taskEvent(f, task, { type: 'task.cancelled' })],
    });
    const pairs = await Promise.all(
      claimed.map(async (task, i) => {
        const units = i % 2 === 0 ? [f.done(task), cancel(task)] : [cancel(task), f.done(task)];
        const verdicts = await Promise.all(units.map((unit) => f.store.core.settle([unit])));
        return verdicts.map(([verdict]) => verdict?.status);
      }),
    );
    for (const statuses of pairs) expect(new Set(statuses)).toEqual(new Set(['ok', 'stale_fence']));
    for (const [i, task] of claimed.entries()) {
      const isDone = (pairs[i]?.indexOf('ok') === 0) === (i % 2 === 0);
      expect(await f.stateOf(task.key)).toBe(isDone ? 'succeeded' : 'cancelled');
    }
    const completed = (await f.rows('events')).filter((row) => row.type === 6).length;
    expect(await f.rows('events')).toHaveLength(20);
    expect(completed).toBe(
      (await f.rows('tasks')).filter((row) => row.state === taskStates.succeeded).length,
    );
  });

  test('an empty list of units answers with an empty list', async () => {
    await using f = await stores.shared();
    expect(await f.store.core.settle([])).toEqual([]);
  });
}

function guardCases(stores: Stores): void {
  describe('guards', () => {
    test('S3: a stale fence writes nothing: no state, no event, no attempt, no audit', async () => {
      await using f = await stores.shared();
      const claimed = await claimOne(f);
      const before = await f.taskRow(claimed.key);
      const [verdict] = await f.store.core.settle([
        {
          ...f.done({ ...claimed, fence: claimed.fence + 1 }),
          insert: [],
          events: [taskEvent(f, claimed)],
          audit: {
            tenant: f.tenant,
            atMs: f.nowMs,
            actor: 'x',
            action: 'y',
            subject: 'z',
            data: {},
          },
        },
      ]);
      expect(verdict).toEqual({ status: 'stale_fence' });
      expect(await f.taskRow(claimed.key)).toEqual(before);
      for (const table of ['events', 'attempts', 'audit'] as const)
        expect(await f.rows(table)).toEqual([]);
    });

    test('S3: a zombie is out-fenced by the next claim', async () => {
      await using f = await stores.fresh();
      const zombie = await claimOne(f);
      f.nowMs += LEASE_MS + 1;
      await f.store.core.reap({ host: f.host, nowMs: f.nowMs });
      expect((await f.store.core.settle([f.done(zombie)]))[0]?.status).toBe('stale_fence');
      const [owner] = await f.claim(1);
      if (owner === undefined) throw new Error('nothing claimed');
      expect(owner.fence).toBeGreaterThan(zombie.fence);
      expect((await f.store.core.settle([f.done(zombie, { result: '"zombie"' })]))[0]?.status).toBe(
        'stale_fence',
      );
      expect((await f.store.core.settle([f.done(owner, { result: '"owner"' })]))[0]?.status).toBe(
        'ok',
      );
      expect((await f.store.core.settle([f.done(zombie, { result: '"zombie"' })]))[0]?.status).toBe(
        'stale_fence',
      );
      expect((await f.taskRow(owner.key)).result).toBe('"owner"');
    });

    test('a fence guard needs the lease, not only the number', async () => {
      await using f = await stores.shared();
      const claimed = await claimOne(f);
      await f.store.core.settle([
        f.done(claimed, { to: 'waiting', reason: 'retry', dueMs: f.nowMs + 9 }),
      ]);
      expect((await f.store.core.settle([f.done(claimed)]))[0]?.status).toBe('stale_fence');
      expect(await f.stateOf(claimed.key)).toBe('waiting');
    });

    test('a change by state raises the fence of a live attempt and so ends it', async () => {
      await using f = await stores.shared();
      const claimed = await claimOne(f);
      const [verdict] = await f.store.core.settle([
        f.byState(claimed, ['ready', 'leased'], {
          to: 'cancelled',
          reason: 'user',
          endedMs: f.nowMs,
        }),
      ]);
      expect(verdict?.status).toBe('ok');
      const row = await f.taskRow(claimed.key);
      expect(row).toMatchObject({ state: taskStates.cancelled, lease_until_ms: null });
      expect(row.fence).toBeGreaterThan(claimed.fence);
      expect((await f.store.core.settle([f.done(claimed)]))[0]?.status).toBe('stale_fence');
      expect(
        await f.store.core.renew(
          [{ key: claimed.key, fence: claimed.fence, startedMs: null }],
          f.nowMs + 99_000,
        ),
      ).toEqual([claimed.key]);
    });

    test('a state guard that does not match is stale', async () => {
      await using f = await stores.shared();
      const claimed = await claimOne(f);
      const [verdict] = await f.store.core.settle([
        f.byState(claimed, ['waiting', 'paused'], { to: 'ready', reason: 'none' }),
      ]);
      expect(verdict?.status).toBe('stale_fence');
      expect(await f.stateOf(claimed.key)).toBe('leased');
    });

    for (const to of ['succeeded', 'failed', 'dead', 'cancelled'] as const) {
      test(`I2: ${to} never changes`, async () => {
        await using f = await stores.shared();
        const claimed = await claimOne(f);
        await f.store.core.settle([f.done(claimed, { to })]);
        const before = await f.taskRow(claimed.key);
        await f.store.core.settle([f.done(claimed, { to: 'succeeded', result: '"other"' })]);
        await f.store.core.settle([f.done({ ...claimed, fence: before.fence }, { to: 'ready' })]);
        const everyState = Object.keys(taskStates) as (keyof typeof taskStates)[];
        const live = everyState.filter((state) => state !== to);
        await f.store.core.settle([f.byState(claimed, live, { to: 'ready', reason: 'none' })]);
        await f.store.core.settle([f.byState(claimed, [to], { to: 'ready', reason: 'none' })]);
        await f.store.core.settle([
          {
            flushLane: 0,
            events: [],
            also: [
              {
                key: claimed.key,
                id: claimed.id,
                guard: { states: everyState },
                to: 'cancelled',
                reason: 'user',
              },
            ],
          },
        ]);
        expect(await f.taskRow(claimed.key)).toEqual(before);
        expect(await f.claim(1)).toEqual([]);
      });
    }
  });
}
