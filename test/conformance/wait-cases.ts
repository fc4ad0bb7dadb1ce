// Open waits and their answers: S9, S10, and the repeats of S6.

import { expect, test } from 'vitest';
import type { JournalStep } from '../../src/contract/index.ts';
import type { Stores } from './store-fixture.ts';
import {
  answering,
  answerTo,
  journalOf,
  openWait,
  suspension,
  waitingFor,
  working,
  YES,
} from './wait-fixture.ts';

export function waitCases(stores: Stores): void {
  test('a task that waits for an approval is found by the approval id, open and decided', async () => {
    await using f = await stores.shared();
    const subject = f.ids.make('approval');
    const wait = openWait(f, 'approval', { subject, payload: '{"title":"t"}', code: 'v1 abc' });
    const task = await waitingFor(f, wait);
    const row = await f.taskRow(task.key);
    expect(row).toMatchObject({ reason: 'approval', due_ms: null, journal_steps: 1 });
    expect(await f.stateOf(task.key)).toBe('waiting');
    expect(await f.store.core.loadJournal(task.key)).toEqual([wait]);
    const bySubject = async () =>
      (await f.rows('journal'))
        .filter((each) => each.subject === subject)
        .map((each) => each.result);
    expect(await bySubject()).toEqual([null]);
    await f.store.core.settle([answering(answerTo(f, task, wait))]);
    expect(await bySubject()).toEqual([YES]);
  });

  test('an answer makes the waiting task ready; the next owner finds it in the journal', async () => {
    await using f = await stores.shared();
    const wait = openWait(f, 'approval', f.ids.make('approval'));
    const task = await waitingFor(f, wait);
    expect(await f.claim(1)).toEqual([]);
    const answer = { ...answerTo(f, task, wait), atMs: f.nowMs + 7 };
    expect((await f.store.core.settle([answering(answer)]))[0]).toEqual({
      status: 'ok',
      taskKeys: [],
    });
    expect(await f.taskRow(task.key)).toMatchObject({ reason: 'none', due_ms: null });
    const [again] = await f.claim(1);
    expect(again).toMatchObject({ key: task.key, fence: task.fence + 1, journalSteps: 1 });
    expect(await f.store.core.loadJournal(task.key)).toEqual([
      { ...wait, result: YES, atMs: f.nowMs + 7 },
    ]);
  });

  test('a wait that ends by an answer is not promoted later by its deadline', async () => {
    await using f = await stores.fresh();
    const wait = openWait(f, 'approval', { subject: f.ids.make('approval'), dueMs: f.nowMs + 50 });
    const task = await working(f);
    await f.store.core.settle([suspension(f, task, [wait])]);
    await f.store.core.settle([answering(answerTo(f, task, wait))]);
    expect(await f.store.core.promote({ nowMs: f.nowMs + 60, limit: 9 })).toEqual({
      promoted: 0,
      nextDueMs: null,
    });
    expect(await f.stateOf(task.key)).toBe('ready');
  });

  test('S9: the first answer wins, by itself and beside others', async () => {
    await using f = await stores.shared();
    const waits = [0, 1].map((occurrence) =>
      openWait(f, 'approval', { subject: f.ids.make('approval'), occurrence }),
    );
    const [a, b] = waits;
    if (a === undefined || b === undefined) throw new Error('two expected');
    const task = await waitingFor(f, ...waits);
    const second = (wait: JournalStep) => ({
      ...answerTo(f, task, wait),
      result: '{"status":"timeout"}',
    });
    expect((await f.store.core.settle([answering(answerTo(f, task, a))]))[0]?.status).toBe('ok');
    // Refused because its first is closed: its other answer is not written either.
    expect(await f.store.core.settle([answering(second(a), second(b))])).toEqual([
      { status: 'stale_fence' },
    ]);
    expect(await journalOf(f, task)).toEqual([
      ['approval', YES],
      ['approval', null],
    ]);
    // Left out because only its first decides.
    expect((await f.store.core.settle([answering(second(b), second(a))]))[0]?.status).toBe('ok');
    expect(await journalOf(f, task)).toEqual([
      ['approval', YES],
      ['approval', '{"status":"timeout"}'],
    ]);
  });

  test('a unit that changes something else leaves a late answer out', async () => {
    await using f = await stores.shared();
    const wait = openWait(f, 'child', f.ids.make('run'));
    const task = await waitingFor(f, wait);
    await f.store.core.settle([answering(answerTo(f, task, wait))]);
    const other = await working(f).catch(() => undefined);
    const [ready] = other?.key === task.key ? await f.claim(1) : [other];
    if (ready === undefined) throw new Error('no other task');
    const unit = {
      ...f.done(ready),
      answers: [{ ...answerTo(f, task, wait), result: '{"status":"timeout"}' }],
    };
    expect((await f.store.core.settle([unit]))[0]?.status).toBe('ok');
    expect(await f.stateOf(ready.key)).toBe('succeeded');
    expect(await journalOf(f, task)).toEqual([['child', YES]]);
  });

  test('S6: the same answer again is ok and writes nothing twice', async () => {
    await using f = await stores.shared();
    const wait = openWait(f, 'approval', f.ids.make('approval'));
    const task = await waitingFor(f, wait);
    const unit = {
      ...answering(answerTo(f, task, wait)),
      audit: {
        tenant: f.tenant,
        atMs: 1,
        actor: 'a',
        action: 'approval.decide',
        subject: 's',
        data: {},
      },
    };
    const first = await f.store.core.settle([unit]);
    expect(await f.store.core.settle([unit])).toEqual(first);
    expect(first[0]?.status).toBe('ok');
    expect(await f.rows('audit')).toHaveLength(1);
    const [owner] = await f.claim(1);
    expect(owner?.key).toBe(task.key);
  });

  test('an unknown wait, and one whose task has ended, are not open', async () => {
    await using f = await stores.shared();
    const wait = openWait(f, 'approval', f.ids.make('approval'));
    const task = await waitingFor(f, wait);
    const unknown = answerTo(f, task, { name: 'nothing', occurrence: 0 });
    expect(await f.store.core.settle([answering(unknown)])).toEqual([{ status: 'stale_fence' }]);
    await f.store.core.settle([
      f.byState(task, ['waiting'], { to: 'cancelled', reason: 'user', endedMs: 5 }),
    ]);
    expect(await f.store.core.settle([answering(answerTo(f, task, wait))])).toEqual([
      { status: 'stale_fence' },
    ]);
    // Neither beside one that is open.
    const other = await waitingFor(f, wait);
    const both = answering(answerTo(f, other, wait), answerTo(f, task, wait));
    expect((await f.store.core.settle([both]))[0]?.status).toBe('ok');
    expect(await journalOf(f, other)).toEqual([['approval', YES]]);
    expect(await journalOf(f, task)).toEqual([['approval', null]]);
    expect(await f.stateOf(task.key)).toBe('cancelled');
  });

  test('S10: an answer that comes while the attempt still runs makes its suspension ready', async () => {
    await using f = await stores.shared();
    const task = await working(f);
    const wait = openWait(f, 'approval', f.ids.make('approval'));
    const later = openWait(f, 'approval', { subject: f.ids.make('approval'), occurrence: 1 });
    const { key, fence } = task;
    await f.store.core.journal({ key, fence, tenant: f.tenant, flushLane: 0, steps: [wait] });
    expect((await f.store.core.settle([answering(answerTo(f, task, wait))]))[0]?.status).toBe('ok');
    expect(await f.stateOf(task.key)).toBe('leased');
    const unit = suspension(f, task, [wait, later]);
    const verdicts = await f.store.core.settle([unit]);
    expect(verdicts[0]?.status).toBe('ok');
    expect(await f.taskRow(task.key)).toMatchObject({ reason: 'none', due_ms: null });
    expect(await f.stateOf(task.key)).toBe('ready');
    // The row of the suspension did not take the answer away, and the unit may come again.
    expect(await journalOf(f, task)).toEqual([
      ['approval', YES],
      ['approval', null],
    ]);
    expect(await f.store.core.settle([unit])).toEqual(verdicts);
    expect((await f.claim(1))[0]?.key).toBe(task.key);
  });

  test('S10: whatever the order of suspension and answer, the task is ready at the end', async () => {
    await using f = await stores.shared();
    for (let round = 0; round < 12; round++) {
      const task = await working(f);
      const wait = openWait(f, 'approval', f.ids.make('approval'));
      const { key, fence } = task;
      await f.store.core.journal({ key, fence, tenant: f.tenant, flushLane: 0, steps: [wait] });
      const units = [suspension(f, task, [wait]), answering(answerTo(f, task, wait))];
      if (round % 2 === 1) units.reverse();
      const verdicts = await Promise.all(units.map((unit) => f.store.core.settle([unit])));
      expect(verdicts.flat().map(({ status }) => status)).toEqual(['ok', 'ok']);
      const [again] = await f.claim(1);
      expect(again?.key, `round ${round}`).toBe(key);
      if (again !== undefined) await f.store.core.settle([f.done(again)]);
    }
  });

  test('C15: a due timer of a waiting task is promoted whatever it waits for besides', async () => {
    await using f = await stores.fresh();
    const wait = openWait(f, 'event', { subject: `${f.ids.make('run')}/x`, dueMs: f.nowMs + 5 });
    const task = await working(f);
    await f.store.core.settle([suspension(f, task, [wait])]);
    expect(await f.store.core.promote({ nowMs: f.nowMs + 5, limit: 5 })).toMatchObject({
      promoted: 1,
    });
    expect(await f.stateOf(task.key)).toBe('ready');
    expect(await journalOf(f, task)).toEqual([['event', null]]);
  });

  test('a NUL in an answer is refused and harms no neighbour', async () => {
    await using f = await stores.shared();
    const wait = openWait(f, 'approval', f.ids.make('approval'));
    const task = await waitingFor(f, wait);
    const verdicts = await f.store.core.settle([
      answering({ ...answerTo(f, task, wait), result: '"\u0000"' }),
    ]);
    expect(verdicts[0]?.status).toBe('invalid');
    expect(await f.stateOf(task.key)).toBe('waiting');
    expect((await f.store.core.settle([answering(answerTo(f, task, wait))]))[0]?.status).toBe('ok');
  });
}
