// Events for runs: the oldest open wait or the inbox, one event to one wait, none lost and none twice. S10, S6.

import { expect, test } from 'vitest';
import type { SettleVerdict } from '../../src/contract/index.ts';
import { from, runEvent } from './store-fixture.ts';
import type { Stores } from './store-fixture.ts';
import { delivery, journalOf, openWait, runIdOf, suspension, working } from './wait-fixture.ts';

const got = (n: number): string => `{"status":"ok","value":{"event":"paid","data":{"n":${n}}}}`;

export function deliverCases(stores: Stores): void {
  test('an event goes to the open wait of its name and makes the task ready', async () => {
    await using f = await stores.shared();
    const task = await working(f);
    const wait = openWait(f, 'event', `${runIdOf(task)}/paid`);
    await f.store.core.settle([suspension(f, task, [wait])]);
    const other = delivery(f, task, { name: 'other' });
    expect(await f.store.core.settle([other])).toMatchObject([{ status: 'ok', delivered: false }]);
    expect(await f.stateOf(task.key)).toBe('waiting');
    const [verdict] = await f.store.core.settle([delivery(f, task)]);
    expect(verdict).toEqual({ status: 'ok', taskKeys: [], delivered: true });
    expect(await f.stateOf(task.key)).toBe('ready');
    expect(await journalOf(f, task)).toEqual([['event', got(1)]]);
  });

  test('S10: events that come before their wait are kept, oldest first, one for each wait', async () => {
    await using f = await stores.shared();
    const task = await working(f);
    const subject = `${runIdOf(task)}/paid`;
    for (const n of [1, 2]) {
      const [verdict] = await f.store.core.settle([delivery(f, task, { data: `{"n":${n}}` })]);
      expect(verdict).toMatchObject({ status: 'ok', delivered: false });
    }
    const waits = [0, 1, 2].map((occurrence) => openWait(f, 'event', { subject, occurrence }));
    // The first opens while the attempt runs, the others with its suspension: the task need not wait.
    await f.store.core.journal({
      key: task.key,
      fence: task.fence,
      tenant: f.tenant,
      flushLane: 0,
      steps: waits.slice(0, 1),
    });
    expect(await journalOf(f, task)).toEqual([['event', got(1)]]);
    const unit = suspension(f, task, waits.slice(1));
    expect((await f.store.core.settle([unit]))[0]?.status).toBe('ok');
    expect(await f.stateOf(task.key)).toBe('ready');
    expect(await journalOf(f, task)).toEqual([
      ['event', got(1)],
      ['event', got(2)],
      ['event', null],
    ]);
    // The third wait is open: the next event is its.
    const [third] = await f.store.core.settle([delivery(f, task, { data: '{"n":3}' })]);
    expect(third).toMatchObject({ delivered: true });
    expect((await journalOf(f, task))[2]).toEqual(['event', got(3)]);
  });

  test('of several open waits the oldest gets the event', async () => {
    await using f = await stores.shared();
    const task = await working(f);
    const subject = `${runIdOf(task)}/paid`;
    const young = openWait(f, 'event', { subject, occurrence: 0, atMs: f.nowMs + 5 });
    const old = openWait(f, 'event', { subject, occurrence: 1, atMs: f.nowMs + 1 });
    await f.store.core.settle([suspension(f, task, [young, old])]);
    await f.store.core.settle([delivery(f, task)]);
    const rows = await f.store.core.loadJournal(task.key);
    expect(rows.map((row) => [row.occurrence, row.result])).toEqual([
      [0, null],
      [1, got(1)],
    ]);
  });

  test('S6: an idempotency key delivers once, to a wait and to the inbox alike', async () => {
    await using f = await stores.shared();
    const task = await working(f);
    const subject = `${runIdOf(task)}/paid`;
    const audit = {
      tenant: f.tenant,
      atMs: 1,
      actor: 'a',
      action: 'signal',
      subject: 's',
      data: {},
    };
    const kept = { ...delivery(f, task, { idempotencyKey: 'k1' }), audit };
    const first = await f.store.core.settle([kept]);
    expect(first).toMatchObject([{ status: 'ok', delivered: false }]);
    expect(await f.store.core.settle([kept])).toEqual(first);
    const wait = (occurrence: number) => openWait(f, 'event', { subject, occurrence });
    await f.store.core.settle([suspension(f, task, [wait(0)])]);
    // Taken by now, and still known.
    expect(await f.store.core.settle([kept])).toEqual(first);
    const [again] = await f.claim(1);
    if (again === undefined) throw new Error('not ready');
    await f.store.core.settle([suspension(f, again, [wait(1)])]);
    expect(await f.stateOf(task.key)).toBe('waiting');
    const direct = { ...delivery(f, task, { idempotencyKey: 'k2', data: '{"n":2}' }), audit };
    const second = await f.store.core.settle([direct]);
    expect(second).toMatchObject([{ status: 'ok', delivered: true }]);
    expect(await f.store.core.settle([direct])).toEqual(second);
    expect(await journalOf(f, task)).toEqual([
      ['event', got(1)],
      ['event', got(2)],
    ]);
    expect(await f.rows('audit')).toHaveLength(2);
    // The same key for another name is another event.
    const other = delivery(f, task, { idempotencyKey: 'k2', name: 'other' });
    expect(await f.store.core.settle([other])).toMatchObject([{ delivered: false }]);
    expect(await f.rows('inbox')).toHaveLength(3);
  });

  test('S6: a delivery that changes its run needs no key to be known again', async () => {
    await using f = await stores.shared();
    const run = f.run();
    const { row } = await f.addRun(run, [f.task({ node: 'a' })]);
    const [task] = await f.claim(1);
    if (task === undefined) throw new Error('nothing claimed');
    const send = async (n: number): Promise<SettleVerdict> => {
      const [now] = await f.store.loadRuns([row.key]);
      if (now === undefined) throw new Error('the run is gone');
      const seq = now.seq + 1;
      const unit = {
        ...delivery(f, task, {
          run: run.id,
          runKey: row.key,
          taskKey: null,
          data: `{"n":${n}}`,
          atMs: n,
        }),
        run: { ...from(now), state: 'running' as const, progress: '{}', seq },
        events: [
          runEvent(f, now, { seq, type: 'run.signalled', data: { name: 'paid', by: 'tester' } }),
        ],
      };
      const first = await f.store.core.settle([unit]);
      expect(await f.store.core.settle([unit])).toEqual(first);
      const [verdict] = first;
      if (verdict === undefined) throw new Error('no verdict');
      return verdict;
    };
    expect(await send(1)).toMatchObject({ status: 'ok', delivered: false });
    expect(await f.rows('inbox')).toHaveLength(1);
    const waits = [0, 1].map((occurrence) =>
      openWait(f, 'event', { subject: `${run.id}/paid`, occurrence }),
    );
    await f.store.core.settle([suspension(f, task, waits)]);
    expect(await send(2)).toMatchObject({ status: 'ok', delivered: true });
    expect(await journalOf(f, task)).toEqual([
      ['event', got(1)],
      ['event', got(2)],
    ]);
    expect(await f.rows('events')).toHaveLength(2);
  });

  test('an event does not go to a task that has ended, nor to another tenant', async () => {
    await using f = await stores.shared();
    const task = await working(f);
    const wait = openWait(f, 'event', `${runIdOf(task)}/paid`);
    await f.store.core.settle([suspension(f, task, [wait])]);
    const stranger = await f.newTenant();
    const [foreign] = await f.store.core.settle([delivery(f, task, { tenant: stranger.tenant })]);
    expect(foreign).toMatchObject({ delivered: false });
    expect(await f.stateOf(task.key)).toBe('waiting');
    await f.store.core.settle([
      f.byState(task, ['waiting'], { to: 'cancelled', reason: 'user', endedMs: 5 }),
    ]);
    expect(await f.store.core.settle([delivery(f, task)])).toMatchObject([{ delivered: false }]);
    expect(await journalOf(f, task)).toEqual([['event', null]]);
  });

  test('tasks of one run that wait for the same name share its events, one each', async () => {
    await using f = await stores.shared();
    const run = f.run();
    const { row } = await f.addRun(run, [f.task({ node: 'a' }), f.task({ node: 'b' })]);
    const claimed = await f.claim(2);
    for (const task of claimed) {
      const unit = suspension(f, task, [openWait(f, 'event', `${run.id}/paid`)]);
      expect((await f.store.core.settle([{ ...unit, lockRun: row.key }]))[0]?.status).toBe('ok');
    }
    const send = (n: number) => {
      const over = { run: run.id, runKey: row.key, taskKey: null, data: `{"n":${n}}` };
      return f.store.core.settle([delivery(f, { key: 0, id: '' }, over)]);
    };
    const verdicts = (await Promise.all([1, 2, 3].map(send))).flat();
    const found = verdicts.filter((each) => each.status === 'ok' && each.delivered === true);
    expect(found).toHaveLength(2);
    for (const task of claimed) expect(await f.stateOf(task.key)).toBe('ready');
    expect((await f.rows('inbox')).filter((each) => each.taken === 0)).toHaveLength(1);
  });

  test('S10: an event races the suspension that waits for it, and never gets lost', async () => {
    await using f = await stores.shared();
    for (let round = 0; round < 12; round++) {
      const run = f.run();
      const { row } = await f.addRun(run, [f.task({ node: 'a' })]);
      const [task] = await f.claim(1);
      if (task === undefined) throw new Error('nothing claimed');
      const wait = suspension(f, task, [openWait(f, 'event', `${run.id}/paid`)]);
      const send = delivery(f, task, { run: run.id, runKey: row.key, taskKey: null });
      const units = [{ ...wait, lockRun: row.key }, send];
      if (round % 2 === 1) units.reverse();
      const verdicts = await Promise.all(units.map((unit) => f.store.core.settle([unit])));
      expect(verdicts.flat().map(({ status }) => status)).toEqual(['ok', 'ok']);
      const [again] = await f.claim(1);
      expect(again?.key, `round ${round}`).toBe(task.key);
      expect(await journalOf(f, task)).toEqual([['event', got(1)]]);
      if (again !== undefined) await f.store.core.settle([f.done(again)]);
    }
  });

  test('an inbox outlives an opening', async () => {
    await using f = await stores.fresh();
    const task = await working(f);
    await f.store.core.settle([delivery(f, task)]);
    await f.store.core.settle([f.done(task, { to: 'ready', reason: 'none' })]);
    await f.reopen();
    const [again] = await f.claim(1);
    if (again === undefined) throw new Error('nothing claimed');
    await f.store.core.settle([
      suspension(f, again, [openWait(f, 'event', `${runIdOf(task)}/paid`)]),
    ]);
    expect(await f.stateOf(task.key)).toBe('ready');
    expect(await journalOf(f, task)).toEqual([['event', got(1)]]);
  });
}
