// The journal of a task: order, fence, repeats, sleeps that end, survival of attempts.

import { expect, test } from 'vitest';
import type { JournalStep } from '../../src/contract/index.ts';
import { LEASE_MS } from './store-fixture.ts';
import type { Fixture, Stores } from './store-fixture.ts';

const step = (f: Fixture, name: string, over: Partial<JournalStep> = {}): JournalStep => ({
  name,
  occurrence: 1,
  kind: 'step',
  result: `"${name}"`,
  atMs: f.nowMs,
  ...over,
});

export function journalCases(stores: Stores): void {
  test('steps come back in the order of their writing', async () => {
    await using f = await stores.shared();
    await f.add(f.task());
    const [task] = await f.claim(1);
    if (task === undefined) throw new Error('nothing claimed');
    const append = (...steps: JournalStep[]): Promise<boolean> =>
      f.store.core.journal({
        key: task.key,
        tenant: f.tenant,
        fence: task.fence,
        flushLane: 1,
        steps,
      });
    const names = ['z', 'a', 'm', 'b', 'y', 'c'];
    const calls = [
      append(step(f, 'z'), step(f, 'a')),
      append(step(f, 'm')),
      append(step(f, 'b'), step(f, 'y')),
      append(step(f, 'c')),
    ];
    expect(await Promise.all(calls)).toEqual([true, true, true, true]);
    expect((await f.store.core.loadJournal(task.key)).map((each) => each.name)).toEqual(names);
    expect((await f.taskRow(task.key)).journal_steps).toBe(6);
  });

  test('the same name may occur again; null results, dates and unicode are kept', async () => {
    await using f = await stores.shared();
    await f.add(f.task());
    const [task] = await f.claim(1);
    if (task === undefined) throw new Error('nothing claimed');
    const steps = [
      step(f, 'call'),
      step(f, 'call', { occurrence: 2, result: '{"ä":"😀"}' }),
      step(f, 'nap', { kind: 'sleep', result: null, dueMs: f.nowMs + 9 }),
    ];
    await f.store.core.journal({ key: task.key, tenant: f.tenant, fence: 1, flushLane: 1, steps });
    expect(await f.store.core.loadJournal(task.key)).toEqual(steps);
  });

  test('S3: a stale fence appends nothing', async () => {
    await using f = await stores.fresh();
    await f.add(f.task());
    const [zombie] = await f.claim(1);
    if (zombie === undefined) throw new Error('nothing claimed');
    f.nowMs += LEASE_MS + 1;
    await f.store.core.reap({ host: f.host, nowMs: f.nowMs });
    const append = (fence: number): Promise<boolean> =>
      f.store.core.journal({
        key: zombie.key,
        tenant: f.tenant,
        fence,
        flushLane: 1,
        steps: [step(f, `f${fence}`)],
      });
    expect(await append(zombie.fence)).toBe(false);
    const [owner] = await f.claim(1);
    expect(await append(zombie.fence)).toBe(false);
    expect(await append(owner?.fence ?? 0)).toBe(true);
    expect((await f.store.core.loadJournal(zombie.key)).map((each) => each.name)).toEqual([
      `f${owner?.fence}`,
    ]);
  });

  test('the journal belongs to the task: it survives the loss of its owner and an opening', async () => {
    await using f = await stores.fresh();
    await f.add(f.task());
    const [task] = await f.claim(1);
    if (task === undefined) throw new Error('nothing claimed');
    await f.store.core.journal({
      key: task.key,
      tenant: f.tenant,
      fence: 1,
      flushLane: 1,
      steps: [step(f, 'one'), step(f, 'two')],
    });
    await f.reopen();
    await f.store.core.reap({ host: f.host, nowMs: f.nowMs + LEASE_MS + 1 });
    const [again] = await f.claim(1);
    expect(again).toMatchObject({ key: task.key, journalSteps: 2 });
    expect((await f.store.core.loadJournal(task.key)).map((each) => each.name)).toEqual([
      'one',
      'two',
    ]);
    await f.store.core.journal({
      key: task.key,
      tenant: f.tenant,
      fence: again?.fence ?? 0,
      flushLane: 1,
      steps: [step(f, 'three')],
    });
    expect((await f.store.core.loadJournal(task.key)).map((each) => each.name)).toEqual([
      'one',
      'two',
      'three',
    ]);
  });

  test('a sleep that is over updates its row and keeps its place', async () => {
    await using f = await stores.shared();
    await f.add(f.task());
    const [task] = await f.claim(1);
    if (task === undefined) throw new Error('nothing claimed');
    const nap = step(f, 'nap', { kind: 'sleep', result: null, dueMs: f.nowMs + 9 });
    const append = (...steps: JournalStep[]): Promise<boolean> =>
      f.store.core.journal({ key: task.key, tenant: f.tenant, fence: 1, flushLane: 1, steps });
    await append(step(f, 'a'), nap, step(f, 'b'));
    await append({ ...nap, result: 'true' });
    const rows = await f.store.core.loadJournal(task.key);
    expect(rows.map((each) => [each.name, each.result])).toEqual([
      ['a', '"a"'],
      ['nap', 'true'],
      ['b', '"b"'],
    ]);
  });

  test('S6: a finished step that is written again keeps its first result and its one row', async () => {
    await using f = await stores.shared();
    await f.add(f.task());
    const [task] = await f.claim(1);
    if (task === undefined) throw new Error('nothing claimed');
    const append = (...steps: JournalStep[]): Promise<boolean> =>
      f.store.core.journal({ key: task.key, tenant: f.tenant, fence: 1, flushLane: 1, steps });
    await append(step(f, 'a'), step(f, 'b'));
    await append(step(f, 'a'), step(f, 'b')).catch(() => false);
    await append(step(f, 'c'));
    const rows = await f.store.core.loadJournal(task.key);
    expect(rows.map((each) => each.name)).toEqual(['a', 'b', 'c']);
    expect((await f.taskRow(task.key)).journal_steps).toBe(3);
  });

  test('a NUL in a result is refused and harms no neighbour', async () => {
    await using f = await stores.shared();
    await f.add(f.task(), f.task());
    const [a, b] = await f.claim(2);
    if (a === undefined || b === undefined) throw new Error('two expected');
    const append = (key: number, result: string): Promise<boolean> =>
      f.store.core.journal({
        key,
        tenant: f.tenant,
        fence: 1,
        flushLane: 1,
        steps: [step(f, 's', { result })],
      });
    const [bad, good] = await Promise.allSettled([
      append(a.key, '"a\u0000"'),
      append(b.key, '"fine"'),
    ]);
    expect(bad.status).toBe('rejected');
    expect(good).toEqual({ status: 'fulfilled', value: true });
    expect(await f.store.core.loadJournal(a.key)).toEqual([]);
    expect(await f.store.core.loadJournal(b.key)).toHaveLength(1);
  });
}
