// One change of all tasks of a run, and tasks that are held while their run is paused: S11, S12.

import { expect, test } from 'vitest';
import type {
  ClaimedTask,
  RunRow,
  RunState,
  RunSweep,
  SettleUnit,
  TaskState,
} from '../../src/contract/index.ts';
import { taskStateName } from '../../src/contract/index.ts';
import { from, LEASE_MS } from './store-fixture.ts';
import type { Fixture, Stores } from './store-fixture.ts';
import { answering, answerTo, openWait, suspension } from './wait-fixture.ts';

interface Swept {
  row: RunRow;
  /** By node. */
  keys: Record<string, number>;
  leased: ClaimedTask;
}

/** A run with a task in each of these states: leased, ready, waiting, blocked. */
async function mixed(f: Fixture): Promise<Swept> {
  const { row, keys } = await f.addRun(f.run(), [
    f.task({ node: 'leased', priority: 9 }),
    f.task({ node: 'ready' }),
    f.task({ node: 'waiting', state: 'waiting', reason: 'sleep', dueMs: f.nowMs + 1_000_000_000 }),
    f.task({ node: 'blocked', state: 'blocked', reason: 'dependency' }),
  ]);
  const [leased] = await f.claim(1);
  if (leased?.node !== 'leased') throw new Error('the wrong task was claimed');
  const nodes = ['leased', 'ready', 'waiting', 'blocked'];
  return { row, leased, keys: Object.fromEntries(nodes.map((node, at) => [node, keys[at] ?? 0])) };
}

async function sweep(
  f: Fixture,
  row: RunRow,
  over: Omit<RunSweep, 'run'> & { state?: RunState },
): Promise<SettleUnit> {
  const { state = 'running', ...rest } = over;
  const [now] = await f.store.loadRuns([row.key]);
  if (now === undefined) throw new Error('the run is gone');
  return {
    flushLane: 0,
    run: { ...from(now), state, progress: '{}', seq: now.seq },
    sweep: { run: row.key, ...rest },
    events: [],
  };
}

const pause = (f: Fixture, row: RunRow): Promise<SettleUnit> =>
  sweep(f, row, {
    from: ['ready', 'waiting', 'blocked'],
    to: 'paused',
    reason: 'run',
    hold: 1,
    state: 'paused',
  });
const resume = (f: Fixture, row: RunRow): Promise<SettleUnit> =>
  sweep(f, row, { from: ['paused'], to: 'ready', reason: 'none', onlyReason: 'run', hold: 0 });

async function states(f: Fixture, run: RunRow): Promise<Record<string, TaskState>> {
  const rows = (await f.rows('tasks')).filter((row) => row.run === run.key);
  return Object.fromEntries(rows.map((row) => [row.node ?? '', taskStateName(row.state)]));
}

async function apply(f: Fixture, unit: SettleUnit): Promise<void> {
  const [verdict] = await f.store.core.settle([unit]);
  if (verdict?.status !== 'ok') throw new Error(JSON.stringify(verdict));
}

export function sweepCases(stores: Stores): void {
  test('an early end cancels what is open, tells the owners, and leaves the cause and other runs alone', async () => {
    await using f = await stores.shared();
    const other = await mixed(f);
    await apply(f, await pause(f, other.row)); // its ready task is out of the way
    const { row, keys, leased } = await mixed(f);
    const [cause] = await f.claim(1);
    if (cause?.node !== 'ready') throw new Error('the ready task was expected');
    const revoked: number[] = [];
    const off = f.store.hints.onRevoked((tasks) => revoked.push(...tasks));
    const unit = await sweep(f, row, {
      from: ['blocked', 'waiting', 'ready', 'leased', 'paused', 'uncertain'],
      to: 'cancelled',
      reason: 'run',
      endedMs: f.nowMs + 3,
      except: cause.key,
      state: 'failed',
    });
    const failed = { ...unit, ...f.done(cause, { to: 'failed', reason: 'error' }), events: [] };
    await apply(f, failed);
    await apply(f, failed); // S6
    expect(await states(f, row)).toEqual({
      leased: 'cancelled',
      ready: 'failed',
      waiting: 'cancelled',
      blocked: 'cancelled',
    });
    expect(await f.taskRow(keys['waiting'] ?? 0)).toMatchObject({
      reason: 'run',
      ended_ms: f.nowMs + 3,
      due_ms: null,
      fence: 1,
    });
    await expect.poll(() => revoked).toEqual([leased.key]);
    off();
    expect(await f.store.core.settle([f.done(leased)])).toEqual([{ status: 'stale_fence' }]);
    expect(await states(f, other.row)).toMatchObject({ waiting: 'paused', leased: 'leased' });
  });

  test('a swept lease frees its caps', async () => {
    await using f = await stores.fresh();
    await f.cap(1, 'key:one', 1);
    const { row } = await f.addRun(f.run(), [
      f.task({ node: 'a', capKey: 'one' }),
      f.task({ node: 'b', capKey: 'one' }),
    ]);
    const single = await f.add(f.task({ capKey: 'one' }));
    expect(await f.claim(5)).toHaveLength(1);
    await apply(
      f,
      await sweep(f, row, {
        from: ['ready', 'leased'],
        to: 'cancelled',
        reason: 'run',
        endedMs: 1,
        state: 'cancelled',
      }),
    );
    expect((await f.rows('caps')).map((cap) => cap.running)).toEqual([0]);
    expect((await f.claim(5)).map((task) => task.key)).toEqual(single);
  });

  test('pause and resume: what waits is paused and ready again, what a person paused stays', async () => {
    await using f = await stores.shared();
    const { row, keys, leased } = await mixed(f);
    const blocked = { key: keys['blocked'] ?? 0, id: f.task().id };
    await apply(f, f.byState(blocked, ['blocked'], { to: 'paused', reason: 'user' }));
    await apply(f, await pause(f, row));
    expect(await states(f, row)).toEqual({
      leased: 'leased',
      ready: 'paused',
      waiting: 'paused',
      blocked: 'paused',
    });
    expect(await f.claim(9)).toEqual([]);
    // Tasks that a paused run makes begin paused too.
    const [now] = await f.store.loadRuns([row.key]);
    if (now === undefined) throw new Error('the run is gone');
    const lease = { host: f.host, agent: 'a', assignment: 'x', untilMs: f.nowMs + LEASE_MS };
    // A lease that was meant for it is not given.
    const late = f.task({ run: row.id, node: 'late', state: 'paused', reason: 'run', lease });
    const insert = {
      ...(await sweep(f, row, { from: [], to: 'paused', reason: 'run', state: 'paused' })),
      insert: [late],
    };
    await apply(f, insert);
    await apply(f, await resume(f, row));
    expect(await states(f, row)).toEqual({
      leased: 'leased',
      ready: 'ready',
      waiting: 'ready',
      blocked: 'paused',
      late: 'ready',
    });
    expect(await f.claim(9)).toHaveLength(3);
    expect((await f.store.core.settle([f.done(leased)]))[0]?.status).toBe('ok');
  });

  test('S11: a held task becomes paused at its next wait, try or release, and ends when it ends', async () => {
    await using f = await stores.shared();
    const nodes = ['wait', 'retry', 'release', 'end', 'unsure'];
    const { row } = await f.addRun(
      f.run(),
      nodes.map((node, at) => f.task({ node, priority: -at })),
    );
    const claimed = await f.claim(5);
    const at = (node: string): ClaimedTask => {
      const task = claimed.find((each) => each.node === node);
      if (task === undefined) throw new Error(`no ${node}`);
      return task;
    };
    await apply(f, await pause(f, row));
    const wait = openWait(f, 'approval', f.ids.make('approval'));
    const units = [
      suspension(f, at('wait'), [wait]),
      f.done(at('retry'), { to: 'waiting', reason: 'retry', dueMs: f.nowMs + 5, addErrors: 1 }),
      f.done(at('release'), { to: 'ready', reason: 'none' }),
      f.done(at('end')),
      f.done(at('unsure'), { to: 'uncertain', reason: 'effect' }),
    ];
    for (const unit of units) {
      await apply(f, unit);
      await apply(f, unit); // S6
    }
    expect(await states(f, row)).toEqual({
      wait: 'paused',
      retry: 'paused',
      release: 'paused',
      end: 'succeeded',
      unsure: 'uncertain',
    });
    expect(await f.taskRow(at('retry').key)).toMatchObject({
      reason: 'run',
      due_ms: null,
      errors: 1,
    });
    // A person's word on the uncertain one while the run is paused: it does not start either.
    await apply(f, f.byState(at('unsure'), ['uncertain'], { to: 'ready', reason: 'none' }));
    expect(await f.stateOf(at('unsure').key)).toBe('paused');
    // An answer for a paused task is kept, and the task stays paused.
    await apply(f, answering(answerTo(f, at('wait'), wait)));
    expect(await f.stateOf(at('wait').key)).toBe('paused');
    await apply(f, await resume(f, row));
    const again = await f.claim(9);
    expect(new Set(again.map((task) => task.node))).toEqual(
      new Set(['release', 'retry', 'unsure', 'wait']),
    );
    // The marks are gone: what waits now waits.
    await apply(
      f,
      f.done(again[0] ?? at('wait'), { to: 'waiting', reason: 'retry', dueMs: f.nowMs + 1e9 }),
    );
    expect(await f.stateOf(again[0]?.key ?? 0)).toBe('waiting');
    await f.store.core.settle(again.slice(1).map((task) => f.done(task)));
  });

  test('S11: a held task whose owner is lost is paused; resumed before that, it goes on', async () => {
    await using f = await stores.fresh();
    const lose = async (): Promise<void> => {
      f.nowMs += LEASE_MS + 1;
      expect(await f.store.core.reap({ host: f.host, nowMs: f.nowMs })).toMatchObject({
        released: 1,
      });
    };
    const { row, keys } = await f.addRun(f.run(), [f.task({ node: 'a' })]);
    const key = keys[0] ?? 0;
    await f.claim(1);
    await apply(f, await pause(f, row));
    await lose();
    expect(await f.taskRow(key)).toMatchObject({ reason: 'run', lease_until_ms: null });
    expect(await f.stateOf(key)).toBe('paused');
    expect(await f.claim(1)).toEqual([]);
    await apply(f, await resume(f, row));
    expect(await f.claim(1)).toMatchObject([{ key, suspect: false }]);
    await apply(f, await pause(f, row));
    await apply(f, await resume(f, row));
    await lose();
    expect(await f.stateOf(key)).toBe('ready');
  });

  test('timers of paused tasks are not promoted', async () => {
    await using f = await stores.fresh();
    const { row } = await f.addRun(f.run(), [
      f.task({ node: 'a', state: 'waiting', reason: 'sleep', dueMs: f.nowMs + 5 }),
    ]);
    await apply(f, await pause(f, row));
    expect(await f.store.core.promote({ nowMs: f.nowMs + 9, limit: 5 })).toEqual({
      promoted: 0,
      nextDueMs: null,
    });
    expect(await states(f, row)).toEqual({ a: 'paused' });
  });

  test('a sweep that no task may make is refused whole', async () => {
    await using f = await stores.shared();
    const { row } = await mixed(f);
    const before = await f.rows('tasks');
    const unit = await sweep(f, row, {
      from: ['ready', 'succeeded'],
      to: 'cancelled',
      reason: 'run',
    });
    expect(await f.store.core.settle([unit])).toMatchObject([
      { status: 'invalid', error: { code: 'ILLEGAL_TRANSITION' } },
    ]);
    expect(await f.rows('tasks')).toEqual(before);
    expect(await f.store.loadRuns([row.key])).toEqual([row]);
  });
}
