// Child runs: they begin with the suspension that waits for them, and their end answers it. Run rows with parents, deadlines, origins.

import { expect, test } from 'vitest';
import type { ClaimedTask, EnqueueUnit, NewRun, RunParent } from '../../src/contract/index.ts';
import { from, runEvent } from './store-fixture.ts';
import type { Fixture, Stores } from './store-fixture.ts';
import { answerTo, journalOf, openWait, suspension, working } from './wait-fixture.ts';

const CHILD_DONE = '{"status":"ok","run":"run_x"}';

function child(f: Fixture, parent: RunParent): { run: NewRun; unit: EnqueueUnit } {
  const run = f.run({ parent, deadlineMs: f.nowMs + 99 });
  return {
    run,
    unit: { run, tasks: [f.task({ node: 'c' })], events: [runEvent(f, run, { seq: 1 })] },
  };
}

const parentOf = (task: ClaimedTask, occurrence = 0): RunParent => ({
  task: task.key,
  name: 'child',
  occurrence,
  root: task.runKey,
  depth: 1,
});

export function childCases(stores: Stores): void {
  test('a run row keeps deadline, parent and origin, and has none of them by default', async () => {
    await using f = await stores.shared();
    const plain = await f.addRun(f.run(), [f.task({ node: 'a' })]);
    expect(plain.row).toMatchObject({ deadlineMs: null, parent: null, origin: null });
    const parent = {
      task: plain.keys[0] ?? 0,
      name: 'sub',
      occurrence: 2,
      root: plain.row.key,
      depth: 3,
    };
    const origin = '{"kind":"fork","run":"run_a","from":null}';
    const { row } = await f.addRun(f.run({ parent, origin, deadlineMs: 77 }), [
      f.task({ node: 'a' }),
    ]);
    expect(row).toMatchObject({ deadlineMs: 77, parent, origin });
    const single = { ...parent, root: null, depth: 1 };
    expect((await f.addRun(f.run({ parent: single }), [])).row.parent).toEqual(single);
  });

  test('children begin in the commit of the suspension, and not at all when it is refused', async () => {
    await using f = await stores.shared();
    const task = await working(f);
    const { run, unit: begin } = child(f, parentOf(task));
    const wait = openWait(f, 'child', run.id);
    const stale = { ...suspension(f, { ...task, fence: 9 }, [wait]), children: [begin] };
    expect(await f.store.core.settle([stale])).toEqual([{ status: 'stale_fence' }]);
    expect(await f.store.loadRuns([run.id])).toEqual([]);
    const unit = { ...suspension(f, task, [wait]), children: [begin] };
    const first = await f.store.core.settle([unit]);
    expect(first).toEqual([{ status: 'ok', taskKeys: [] }]);
    expect(await f.store.core.settle([unit])).toEqual(first); // S6
    const [row] = await f.store.loadRuns([run.id]);
    expect(row).toMatchObject({ parent: parentOf(task), seq: 1, state: 'running' });
    expect(await f.rows('runs')).toHaveLength(1);
    expect(await f.rows('events')).toHaveLength(1);
    expect(await f.stateOf(task.key)).toBe('waiting');
    const [work] = await f.claim(5);
    expect(work).toMatchObject({ runId: run.id, node: 'c' });
  });

  test('the commit that ends the last child makes the parent ready', async () => {
    await using f = await stores.shared();
    const task = await working(f);
    const children = [0, 1].map((occurrence) => ({
      occurrence,
      ...child(f, parentOf(task, occurrence)),
    }));
    const waits = children.map(({ run, occurrence }) =>
      openWait(f, 'child', { subject: run.id, occurrence }),
    );
    await f.store.core.settle([
      { ...suspension(f, task, waits), children: children.map(({ unit }) => unit) },
    ]);
    const claimed = await f.claim(5);
    expect(claimed).toHaveLength(2);
    for (const [at, { run, occurrence }] of children.entries()) {
      const work = claimed.find((each) => each.runId === run.id);
      const [row] = await f.store.loadRuns([run.id]);
      if (work === undefined || row === undefined) throw new Error('a child is missing');
      const unit = {
        ...f.done(work),
        run: {
          ...from(row),
          state: 'completed' as const,
          progress: '{}',
          seq: 2,
          endedMs: f.nowMs,
        },
        answers: [{ ...answerTo(f, task, { name: 'child', occurrence }), result: CHILD_DONE }],
        events: [runEvent(f, row, { seq: 2, type: 'run.completed', data: { durationMs: 1 } })],
      };
      expect((await f.store.core.settle([unit]))[0]?.status).toBe('ok');
      expect((await f.store.core.settle([unit]))[0]?.status).toBe('ok'); // S6
      if (at === 0) {
        // One answer of two: the task is started to look at it, and waits for the other.
        expect(await f.stateOf(task.key)).toBe('ready');
        const [again] = await f.claim(1);
        if (again === undefined) throw new Error('not claimed');
        const rest = suspension(f, again, waits.slice(1));
        expect((await f.store.core.settle([rest]))[0]?.status).toBe('ok');
        expect(await f.stateOf(task.key)).toBe('waiting');
      }
    }
    expect(await f.stateOf(task.key)).toBe('ready');
    expect(await journalOf(f, task)).toEqual([
      ['child', CHILD_DONE],
      ['child', CHILD_DONE],
    ]);
  });

  test('a child that its parent has forgotten does not answer for the one that it began afresh', async () => {
    await using f = await stores.shared();
    const task = await working(f);
    const { run, unit: begin } = child(f, parentOf(task));
    const wait = openWait(f, 'child', run.id);
    await f.store.core.settle([{ ...suspension(f, task, [wait]), children: [begin] }]);
    const [row] = await f.store.loadRuns([run.id]);
    if (row === undefined) throw new Error('the child is missing');
    const end = (at: number, subject: string) => ({
      flushLane: 0,
      run: {
        ...from({ ...row, version: row.version + at, token: at === 0 ? row.token : 1 }),
        token: at + 1,
        state: 'running' as const,
        progress: '{}',
        seq: 1,
      },
      answers: [{ ...answerTo(f, task, wait), subject }],
      events: [],
    });
    expect((await f.store.core.settle([end(0, 'run_other')]))[0]?.status).toBe('ok');
    expect(await f.stateOf(task.key)).toBe('waiting');
    expect((await f.store.core.settle([end(1, run.id)]))[0]?.status).toBe('ok');
    expect(await f.stateOf(task.key)).toBe('ready');
  });

  test('a refused end of a child answers nobody', async () => {
    await using f = await stores.shared();
    const task = await working(f);
    const { run, unit: begin } = child(f, parentOf(task));
    const wait = openWait(f, 'child', run.id);
    await f.store.core.settle([{ ...suspension(f, task, [wait]), children: [begin] }]);
    const [work] = await f.claim(5);
    const [row] = await f.store.loadRuns([run.id]);
    if (work === undefined || row === undefined) throw new Error('the child is missing');
    const unit = {
      ...f.done(work),
      run: {
        ...from({ ...row, version: row.version + 1 }),
        state: 'completed' as const,
        progress: '{}',
        seq: 2,
      },
      answers: [answerTo(f, task, wait)],
    };
    expect(await f.store.core.settle([unit])).toEqual([{ status: 'stale_version' }]);
    expect(await f.stateOf(task.key)).toBe('waiting');
    expect(await journalOf(f, task)).toEqual([['child', null]]);
  });
}
