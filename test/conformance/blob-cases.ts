// Large results are kept once per content and tenant; rows of the journal say which code, subject and payload they have. S9, and reset.

import { expect, test } from 'vitest';
import { BLOB_BYTES } from '../../src/contract/index.ts';
import type { JournalStep } from '../../src/contract/index.ts';
import type { Fixture, Stores } from './store-fixture.ts';
import { answering, answerTo, openWait, waitingFor, working } from './wait-fixture.ts';

const large = (letter: string, bytes = BLOB_BYTES): string => `"${letter.repeat(bytes - 2)}"`;
const step = (f: Fixture, name: string, over: Partial<JournalStep> = {}): JournalStep => ({
  name,
  occurrence: 0,
  kind: 'step',
  result: `"${name}"`,
  atMs: f.nowMs,
  ...over,
});
const append = (
  f: Fixture,
  task: { key: number; fence: number },
  steps: readonly JournalStep[] | { reset: readonly JournalStep[] },
): Promise<boolean> =>
  f.store.core.journal({
    key: task.key,
    tenant: f.tenant,
    fence: task.fence,
    flushLane: 0,
    ...('reset' in steps ? { steps: steps.reset, reset: true } : { steps }),
  });

export function blobCases(stores: Stores): void {
  test('a result of 8 KiB is stored once for all rows of a tenant that have it, and comes back whole', async () => {
    await using f = await stores.shared();
    const a = await working(f);
    const b = await working(f);
    const small = large('s', BLOB_BYTES - 1);
    const wide = `"${'ä'.repeat(BLOB_BYTES / 2)}"`; // as many bytes in half the characters
    const steps = [
      step(f, 'x', { result: large('x') }),
      step(f, 'small', { result: small }),
      step(f, 'wide', { result: wide }),
    ];
    expect(await append(f, a, steps)).toBe(true);
    // The same content twice more, once in the end of a task.
    await append(f, b, [step(f, 'y', { result: large('x') })]);
    const last = step(f, 'z', { result: large('x') });
    expect((await f.store.core.settle([f.done(b, { journal: [last] })]))[0]?.status).toBe('ok');
    expect(await f.store.core.loadJournal(a.key)).toEqual(steps);
    expect((await f.store.core.loadJournal(b.key)).map((row) => row.result)).toEqual([
      large('x'),
      large('x'),
    ]);
    const blobs = await f.rows('blobs');
    expect(blobs.map((row) => row.bytes).toSorted((p, q) => p - q)).toEqual([
      BLOB_BYTES,
      BLOB_BYTES + 2,
    ]);
    const rows = await f.rows('journal');
    expect(rows.map((row) => row.blob === null)).toEqual([false, true, false, false, false]);
    expect(rows.map((row) => row.result === null)).toEqual([true, false, true, true, true]);
  });

  test('a large answer is an answer: it wins once, and a repeat is known', async () => {
    await using f = await stores.shared();
    const wait = openWait(f, 'approval', f.ids.make('approval'));
    const task = await waitingFor(f, wait);
    const unit = answering({ ...answerTo(f, task, wait), result: large('y') });
    const first = await f.store.core.settle([unit]);
    expect(first[0]?.status).toBe('ok');
    expect(await f.store.core.settle([unit])).toEqual(first);
    const other = answering({ ...answerTo(f, task, wait), result: large('n') });
    expect(await f.store.core.settle([other])).toEqual([{ status: 'stale_fence' }]);
    expect((await f.store.core.loadJournal(task.key))[0]?.result).toBe(large('y'));
    expect((await f.rows('blobs')).length).toBeLessThan(3);
  });

  test('S9: no later write changes a result, small or large; what was absent is added', async () => {
    await using f = await stores.shared();
    const task = await working(f);
    await append(f, task, [
      step(f, 'small', { atMs: 5 }),
      step(f, 'big', { result: large('b'), atMs: 5 }),
      step(f, 'fx', { kind: 'effect', result: null, subject: 'key-1', atMs: 5 }),
    ]);
    await append(f, task, [
      step(f, 'small', { result: '"other"' }),
      step(f, 'big', { result: '"other"' }),
      step(f, 'fx', { kind: 'effect', result: null, payload: '{"repeat":true}' }),
    ]);
    await append(f, task, [step(f, 'small', { result: null })]);
    const rows = await f.store.core.loadJournal(task.key);
    expect(rows.map((row) => row.result)).toEqual(['"small"', large('b'), null]);
    expect(rows[0]?.atMs).toBe(5);
    expect(rows[2]).toMatchObject({ kind: 'effect', subject: 'key-1', payload: '{"repeat":true}' });
    await append(f, task, [step(f, 'fx', { kind: 'effect', result: '"sent"' })]);
    await append(f, task, [step(f, 'fx', { kind: 'effect', result: '"sent twice"' })]);
    expect((await f.store.core.loadJournal(task.key))[2]).toMatchObject({
      subject: 'key-1',
      result: '"sent"',
    });
    expect((await f.taskRow(task.key)).journal_steps).toBe(3);
  });

  test('rows that travel with the end are written with it, beside those that exist', async () => {
    await using f = await stores.shared();
    const task = await working(f);
    await append(f, task, [
      step(f, 'a'),
      step(f, 'fx', { kind: 'effect', result: null, subject: 'k' }),
    ]);
    const journal = [
      step(f, 'a', { result: '"again"' }),
      step(f, 'fx', { kind: 'effect', result: '1' }),
      step(f, 'b'),
      step(f, 'b', { occurrence: 1 }),
    ];
    const stale = f.done({ ...task, fence: task.fence + 1 }, { journal });
    expect(await f.store.core.settle([stale])).toEqual([{ status: 'stale_fence' }]);
    expect((await f.rows('journal')).length).toBe(2);
    const unit = f.done(task, { journal });
    expect((await f.store.core.settle([unit]))[0]?.status).toBe('ok');
    expect((await f.store.core.settle([unit]))[0]?.status).toBe('ok');
    const rows = await f.store.core.loadJournal(task.key);
    expect(rows.map((row) => [row.name, row.occurrence, row.result])).toEqual([
      ['a', 0, '"a"'],
      ['fx', 0, '1'],
      ['b', 0, '"b"'],
      ['b', 1, '"b"'],
    ]);
    expect((await f.rows('journal')).map((row) => row.position)).toEqual([0, 1, 2, 3]);
    expect((await f.taskRow(task.key)).journal_steps).toBe(4);
    expect(await f.rows('events')).toHaveLength(1);
  });

  test('reset drops every row but effects, which keep their order and key and lose the mark of the old code', async () => {
    await using f = await stores.shared();
    const task = await working(f);
    const kept = [
      step(f, 'fx1', { kind: 'effect', subject: 'k1', code: 'v1' }),
      step(f, 'fx2', { kind: 'effect', result: null, subject: 'k2', payload: '{"repeat":true}' }),
    ];
    const [one, two] = kept;
    if (one === undefined || two === undefined) throw new Error('two expected');
    await append(f, task, [one, step(f, 'a', { result: large('r') }), two, step(f, 'b')]);
    const fresh = [step(f, 'a', { result: '"new"', code: 'v2' }), step(f, 'c')];
    for (let i = 0; i < 2; i++) expect(await append(f, task, { reset: fresh })).toBe(true);
    const { code: _, ...uncoded } = one;
    expect(await f.store.core.loadJournal(task.key)).toEqual([uncoded, two, ...fresh]);
    expect((await f.rows('journal')).map((row) => row.position)).toEqual([0, 1, 2, 3]);
    expect((await f.taskRow(task.key)).journal_steps).toBe(4);
    expect(await f.rows('blobs')).toEqual([]);
    expect(await append(f, { ...task, fence: 99 }, { reset: [] })).toBe(false);
    expect(await f.rows('journal')).toHaveLength(4);
  });
}
