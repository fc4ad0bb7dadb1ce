// Tasks made from tasks: for forks, retries of runs, requeued tasks.

import { expect, test } from 'vitest';
import type { JournalStep, TaskCopy } from '../../src/contract/index.ts';
import { BLOB_BYTES, taskStates } from '../../src/contract/index.ts';
import { okKeys } from './store-fixture.ts';
import type { Fixture, Stores } from './store-fixture.ts';
import { openWait } from './wait-fixture.ts';

const big = `"${'c'.repeat(BLOB_BYTES)}"`;

const journal = (f: Fixture): JournalStep[] => [
  openWait(f, 'event', { subject: `${f.ids.make('run')}/open`, name: 'open', code: 'v1' }),
  { name: 'a', occurrence: 0, kind: 'step', result: '1', atMs: f.nowMs },
  { name: 'fx', occurrence: 0, kind: 'effect', result: null, subject: 'old:fx', atMs: f.nowMs },
  openWait(f, 'approval', { subject: f.ids.make('approval'), result: '{"status":"timeout"}' }),
  { name: 'big', occurrence: 0, kind: 'step', result: big, atMs: f.nowMs },
  { name: 'fx', occurrence: 1, kind: 'effect', result: '2', subject: 'old:fx2', atMs: f.nowMs },
];

/** A task that failed with this journal. */
async function failed(f: Fixture, over: Parameters<Fixture['task']>[0] = {}): Promise<number> {
  const [key] = await f.add(f.task({ name: 'orig', priority: 3, capKey: 'k', ...over }));
  const [task] = await f.claim(1);
  if (task === undefined || task.key !== key) throw new Error('not claimed');
  const end = { to: 'failed', reason: 'error', addErrors: 1, journal: journal(f) } as const;
  const error = { code: 'AGENT_THREW', kind: 'stop' as const, message: 'm', advice: 'a' };
  const [verdict] = await f.store.core.settle([f.done(task, { ...end, error })]);
  if (verdict?.status !== 'ok') throw new Error(JSON.stringify(verdict));
  return key;
}

const copyOf = (f: Fixture, key: number, over: Partial<TaskCopy> = {}): TaskCopy => ({
  from: key,
  id: f.ids.make('task'),
  as: 'ready',
  steps: 'all',
  ...over,
});

const named = async (f: Fixture, key: number): Promise<string[]> =>
  (await f.store.core.loadJournal(key)).map((row) => `${row.name}${row.occurrence}`);

export function copyCases(stores: Stores): void {
  test('a requeued task begins anew in the same lane with the journal of its original', async () => {
    await using f = await stores.shared();
    const key = await failed(f);
    const before = await f.taskRow(key);
    f.nowMs += 1_000;
    const audit = {
      tenant: f.tenant,
      atMs: f.nowMs,
      actor: 'a',
      action: 'task.requeue',
      subject: 's',
      data: {},
    };
    const [made = 0] = okKeys(
      await f.store.core.enqueue([{ tasks: [], copies: [copyOf(f, key)], audit }]),
    );
    expect(await f.taskRow(key)).toEqual(before);
    expect(await f.taskRow(made)).toMatchObject({
      name: 'orig',
      run: null,
      state: taskStates.ready,
      reason: 'none',
      lane: before.lane,
      priority: 3,
      input: before.input,
      result: null,
      error: null,
      errors: 0,
      fence: 0,
      created_ms: f.nowMs,
      started_ms: null,
      ended_ms: null,
      journal_steps: 5,
    });
    const rows = await f.store.core.loadJournal(made);
    expect(rows.map((row) => [row.name, row.result, row.subject ?? null])).toEqual([
      ['a', '1', null],
      ['fx', null, 'old:fx'],
      ['approval', '{"status":"timeout"}', null],
      ['big', big, null],
      ['fx', '2', 'old:fx2'],
    ]);
    expect(rows.map((row) => row.code ?? null)).toEqual(['v1', null, null, null, null]);
    expect(await f.rows('blobs')).toHaveLength(1);
    const [claimed] = await f.claim(1);
    expect(claimed).toMatchObject({ key: made, attempt: 1, journalSteps: 5, suspect: false });
    const more = { name: 'more', occurrence: 0, kind: 'step', result: '3', atMs: 1 } as const;
    if (claimed === undefined) throw new Error('not claimed');
    expect((await f.store.core.settle([f.done(claimed, { journal: [more] })]))[0]?.status).toBe(
      'ok',
    );
    expect(await named(f, made)).toEqual(['a0', 'fx0', 'approval0', 'big0', 'fx1', 'more0']);
    expect(await named(f, key)).toHaveLength(6);
  });

  test('steps: none, effects, and those before a step', async () => {
    await using f = await stores.shared();
    const key = await failed(f);
    const copies = [
      copyOf(f, key, { steps: 'none', as: 'paused' }),
      copyOf(f, key, { steps: 'effects', as: 'paused' }),
      copyOf(f, key, {
        steps: { before: { name: 'big', occurrence: 0 } },
        as: 'paused',
        input: '{"b":2}',
      }),
    ];
    const keys = okKeys(await f.store.core.enqueue([{ tasks: [], copies }]));
    expect(await Promise.all(keys.map((each) => named(f, each)))).toEqual([
      [],
      ['fx0', 'fx1'],
      ['a0', 'fx0', 'approval0'],
    ]);
    const rows = await Promise.all(keys.map((each) => f.taskRow(each)));
    expect(rows.map((row) => row.journal_steps)).toEqual([0, 2, 3]);
    expect(rows.map((row) => row.input)).toEqual(['{"a":1}', '{"a":1}', '{"b":2}']);
    expect(rows.map((row) => [row.state, row.reason])).toEqual(
      Array.from({ length: 3 }, () => [taskStates.paused, 'run']),
    );
    expect(await f.claim(5)).toEqual([]);
    // Effects may be met by any code.
    expect(
      (await f.store.core.loadJournal(keys[1] ?? 0)).some((row) => row.code !== undefined),
    ).toBe(false);
  });

  test('a forked run: ended copies beside fresh ones and new tasks, all in it', async () => {
    await using f = await stores.shared();
    const key = await failed(f, { node: 'a', item: 4 });
    const original = await f.taskRow(key);
    const run = f.run({ origin: '{"kind":"fork"}' });
    const unit = {
      run,
      tasks: [f.task({ node: 'new' })],
      copies: [copyOf(f, key, { as: 'ended' }), copyOf(f, key)],
    };
    const first = await f.store.core.enqueue([unit]);
    const [made = 0, ended = 0, fresh = 0] = okKeys(first);
    expect(await f.store.core.enqueue([unit])).toEqual(first); // S6
    expect(await f.rows('tasks')).toHaveLength(4);
    const runKey = (await f.store.loadRuns([run.id]))[0]?.key ?? -1;
    const { id: _, key: __, fence: ___, run: ____, journal_steps: _____, ...same } = original;
    const { cap, ...kept } = { cap: 0, ...same };
    expect(cap).toBe(0);
    expect(await f.taskRow(ended)).toMatchObject({ ...kept, run: runKey, journal_steps: 5 });
    expect(await f.taskRow(fresh)).toMatchObject({
      run: runKey,
      node: 'a',
      item: 4,
      state: taskStates.ready,
      created_ms: run.createdMs,
    });
    expect(await f.taskRow(made)).toMatchObject({ run: runKey, node: 'new' });
    expect((await f.claim(9)).map((task) => task.runId)).toEqual([run.id, run.id]);
    expect(await f.rows('journal')).toHaveLength(16);
  });

  test('S6: a requeue that is sent again makes no second task', async () => {
    await using f = await stores.shared();
    const key = await failed(f);
    const audit = {
      tenant: f.tenant,
      atMs: 1,
      actor: 'a',
      action: 'task.requeue',
      subject: 's',
      data: {},
    };
    const unit = { tasks: [], copies: [copyOf(f, key)], audit };
    const first = await f.store.core.enqueue([unit]);
    expect(await f.store.core.enqueue([unit])).toEqual(first);
    expect(await f.rows('tasks')).toHaveLength(2);
    expect(await f.rows('journal')).toHaveLength(11);
    expect(await f.rows('audit')).toHaveLength(1);
  });

  test('what cannot be copied refuses its unit and no other', async () => {
    await using f = await stores.shared();
    const key = await failed(f);
    const [open = 0] = await f.add(f.task());
    const stranger = await f.newTenant();
    const bad = [
      { tasks: [], copies: [copyOf(f, 999_999_999)] },
      { tasks: [], copies: [copyOf(f, open, { as: 'ended' })] },
      { tasks: [], copies: [copyOf(f, key, { steps: { before: { name: 'zz', occurrence: 0 } } })] },
      { run: f.run({ ...stranger }), tasks: [], copies: [copyOf(f, key)] },
    ];
    const before = await f.rows('tasks');
    const verdicts = await f.store.core.enqueue([...bad, { tasks: [f.task()] }]);
    expect(
      verdicts.map((each) => (each.status === 'invalid' ? each.error.code : each.status)),
    ).toEqual(['NOT_FOUND', 'ILLEGAL_TRANSITION', 'NOT_FOUND', 'NOT_FOUND', 'ok']);
    expect(await f.rows('tasks')).toHaveLength(before.length + 1);
    expect(await f.rows('runs')).toEqual([]);
  });
}
