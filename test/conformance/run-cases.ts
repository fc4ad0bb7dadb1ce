// settle with runs: versions, tokens, chains, sequences without a gap. S4, S5, S6, I5.

import { expect, test } from 'vitest';
import type { ClaimedTask, SettleUnit } from '../../src/contract/index.ts';
import { taskStates } from '../../src/contract/index.ts';
import { from, LEASE_MS, link, runEvent, taskEvent } from './store-fixture.ts';
import type { Stores } from './store-fixture.ts';

export function runCases(stores: Stores): void {
  test('a unit changes run, tasks, new tasks and events together', async () => {
    await using f = await stores.shared();
    const run = f.run();
    const first = f.task({ node: 'a' });
    const blocked = f.task({ node: 'b', state: 'blocked', reason: 'dependency' });
    const { row, keys } = await f.addRun(run, [first, blocked], [runEvent(f, run, { seq: 1 })]);
    const [claimed] = await f.claim(1);
    if (claimed === undefined) throw new Error('nothing claimed');
    const added = f.task({ run: run.id, node: 'c' });
    const [verdict] = await f.store.core.settle([
      {
        ...f.done(claimed),
        run: {
          ...from(row),
          state: 'running',
          progress: '{"n":1}',
          seq: 2,
          startedMs: f.nowMs,
        },
        insert: [added],
        also: [
          {
            key: keys[1] ?? 0,
            id: blocked.id,
            guard: { states: ['blocked'] },
            to: 'ready',
            reason: 'none',
          },
          {
            key: keys[1] ?? 0,
            id: blocked.id,
            guard: { states: ['paused'] },
            to: 'cancelled',
            reason: 'user',
          },
        ],
        events: [taskEvent(f, claimed, { run: run.id, seq: 2 })],
        audit: {
          tenant: f.tenant,
          atMs: f.nowMs,
          actor: 'hive',
          action: 'task.settle',
          subject: claimed.id,
          data: {},
        },
      },
    ]);
    if (verdict?.status !== 'ok') throw new Error(JSON.stringify(verdict));
    expect(verdict.taskKeys).toHaveLength(1);
    const [after] = await f.store.loadRuns([row.key]);
    expect(after).toMatchObject({
      version: row.version + 1,
      seq: 2,
      progress: '{"n":1}',
      state: 'running',
      startedMs: f.nowMs,
    });
    expect(await f.taskRow(verdict.taskKeys[0] ?? 0)).toMatchObject({
      run: row.key,
      node: 'c',
      state: taskStates.ready,
    });
    expect(await f.stateOf(keys[1] ?? 0)).toBe('ready'); // the change whose guard does not match is left out
    expect(await f.rows('audit')).toHaveLength(1);
    expect(await f.rows('events')).toHaveLength(2);
    expect(await f.claim(10)).toHaveLength(2);
  });

  test('S4: stale_version leaves nothing of the unit', async () => {
    await using f = await stores.shared();
    const run = f.run();
    const { row, keys } = await f.addRun(run, [
      f.task({ node: 'a' }),
      f.task({ node: 'b', state: 'blocked', reason: 'dependency' }),
    ]);
    const [claimed] = await f.claim(1);
    if (claimed === undefined) throw new Error('nothing claimed');
    const before = await f.rows('tasks');
    const [verdict] = await f.store.core.settle([
      {
        ...f.done(claimed, {
          journal: [{ name: 's', occurrence: 1, kind: 'step', result: '1', atMs: f.nowMs }],
        }),
        run: {
          ...from({ ...row, version: row.version + 1 }),
          state: 'completed',
          progress: '{}',
          seq: 1,
          output: '1',
          endedMs: f.nowMs,
        },
        insert: [f.task({ run: run.id, node: 'c' })],
        also: [
          {
            key: keys[1] ?? 0,
            id: f.task().id,
            guard: { states: ['blocked'] },
            to: 'ready',
            reason: 'none',
          },
        ],
        events: [runEvent(f, run, { seq: 1, type: 'run.completed', data: { durationMs: 1 } })],
        audit: {
          tenant: f.tenant,
          atMs: f.nowMs,
          actor: 'a',
          action: 'b',
          subject: 'c',
          data: {},
        },
      },
    ]);
    expect(verdict).toEqual({ status: 'stale_version' });
    expect(await f.rows('tasks')).toEqual(before);
    for (const table of ['events', 'audit', 'journal', 'attempts'] as const)
      expect(await f.rows(table), table).toEqual([]);
    expect((await f.store.loadRuns([run.id]))[0]).toEqual(row);
    // and the lease is still good
    expect((await f.store.core.settle([f.done(claimed)]))[0]?.status).toBe('ok');
  });

  test('a stale fence with a good version changes no run', async () => {
    await using f = await stores.shared();
    const run = f.run();
    const { row } = await f.addRun(run, [f.task({ node: 'a' })]);
    const [claimed] = await f.claim(1);
    if (claimed === undefined) throw new Error('nothing claimed');
    const [verdict] = await f.store.core.settle([
      {
        ...f.done({ ...claimed, fence: 77 }),
        run: {
          ...from(row),
          state: 'failed',
          progress: '{}',
          seq: 1,
        },
        insert: [f.task({ run: run.id, node: 'z' })],
      },
    ]);
    expect(verdict).toEqual({ status: 'stale_fence' });
    expect((await f.store.loadRuns([run.id]))[0]).toEqual(row);
    expect(await f.rows('tasks')).toHaveLength(1);
  });

  test('S4 and S5: versions may be chained inside one flush, and seq has no gap', async () => {
    await using f = await stores.fresh();
    const run = f.run();
    const tasks = Array.from({ length: 30 }, (_, i) => f.task({ node: 'm', item: i }));
    const { row } = await f.addRun(run, tasks, [runEvent(f, run, { seq: 1 })]);
    const claimed = await f.claim(30);
    const unit = (task: ClaimedTask, i: number): SettleUnit => ({
      ...f.done(task),
      flushLane: 3,
      run: {
        ...link(row, i),
        state: 'running',
        progress: `{"n":${i}}`,
        seq: row.seq + i + 1,
      },
      events: [taskEvent(f, task, { run: run.id, seq: row.seq + i + 1 })],
    });
    // The first half in one call, the second half as calls of their own in the same turn: S5 keeps their order.
    const calls = [f.store.core.settle(claimed.slice(0, 15).map(unit))];
    for (let i = 15; i < 30; i++)
      calls.push(f.store.core.settle(claimed.slice(i, i + 1).map((task) => unit(task, i))));
    const verdicts = (await Promise.all(calls)).flat();
    expect(verdicts.map((verdict) => verdict.status)).toEqual(
      Array.from({ length: 30 }, () => 'ok'),
    );
    const [after] = await f.store.loadRuns([run.id]);
    expect(after).toMatchObject({
      version: row.version + 30,
      seq: row.seq + 30,
      progress: '{"n":29}',
    });
    const seqs = (await f.store.events.after({ cursor: null, run: run.id, limit: 100 })).map(
      (event) => event.seq,
    );
    expect(seqs).toEqual(Array.from({ length: 31 }, (_, i) => i + 1));
  });

  test('S4: a chain whose first link was refused is refused whole, even when others moved the run to the version that its next link expects', async () => {
    await using f = await stores.shared();
    const run = f.run();
    const tasks = Array.from({ length: 8 }, (_, i) => f.task({ node: 'm', item: i }));
    const { row } = await f.addRun(run, tasks);
    const claimed = await f.claim(8);
    const unit = (at: number, guard: ReturnType<typeof from>): SettleUnit => {
      const task = claimed[at];
      if (task === undefined) throw new Error('eight expected');
      const seq = guard.expectVersion + 1;
      return {
        ...f.done(task),
        flushLane: row.key,
        run: { ...guard, state: 'running', progress: `{"at":${at}}`, seq },
        events: [taskEvent(f, task, { run: run.id, seq })],
      };
    };
    const statuses = async (calls: readonly Promise<readonly { status: string }[]>[]) =>
      (await Promise.all(calls)).flat().map((verdict) => verdict.status);
    // Another host's change: the run is at version 1 now, of which the chain below knows nothing.
    expect(await statuses([f.store.core.settle([unit(0, from(row))])])).toEqual(['ok']);
    const chain = [1, 2, 3].map((at) => unit(at, link(row, at - 1)));
    const refused = ['stale_version', 'stale_version', 'stale_version'];
    expect(await statuses([f.store.core.settle(chain)])).toEqual(refused);
    // The same as calls of their own that were made before any of them was answered, and one after the other.
    expect(await statuses(chain.map((each) => f.store.core.settle([each])))).toEqual(refused);
    for (const each of chain)
      expect(await statuses([f.store.core.settle([each])])).toEqual(['stale_version']);
    const [now] = await f.store.loadRuns([run.id]);
    if (now === undefined) throw new Error('run lost');
    expect(now).toMatchObject({ version: row.version + 1, progress: '{"at":0}', seq: 1 });
    // A head that is refused for its fence breaks the chain too.
    const head = unit(4, link(now, 0));
    const stale = {
      ...head,
      ...(head.change === undefined ? {} : { change: { ...head.change, guard: { fence: 99 } } }),
    };
    expect(await statuses([f.store.core.settle([stale, unit(5, link(now, 1))])])).toEqual([
      'stale_fence',
      'stale_version',
    ]);
    // What is computed anew is taken, chains and all.
    expect(
      await statuses([f.store.core.settle([1, 2, 3].map((at) => unit(at, link(now, at - 1))))]),
    ).toEqual(['ok', 'ok', 'ok']);
  });

  test('S6: a change of a run that is sent again gets the same answer; another change of the same version does not', async () => {
    await using f = await stores.shared();
    const run = f.run();
    const { row } = await f.addRun(run, [f.task({ node: 'a' }), f.task({ node: 'b' })]);
    const [a, b] = await f.claim(2);
    if (a === undefined || b === undefined) throw new Error('two expected');
    const unit = (task: ClaimedTask): SettleUnit => ({
      ...f.done(task),
      flushLane: row.key,
      run: { ...from(row), state: 'running', progress: `"${task.node}"`, seq: 1 },
      events: [taskEvent(f, task, { run: run.id, seq: 1 })],
    });
    const first = unit(a);
    expect((await f.store.core.settle([first]))[0]?.status).toBe('ok');
    expect((await f.store.core.settle([first]))[0]?.status).toBe('ok');
    // The same version, sequence and state, but not this change: it was computed without the first.
    expect((await f.store.core.settle([unit(b)]))[0]?.status).toBe('stale_version');
    expect(await f.store.loadRuns([run.id])).toMatchObject([
      { version: row.version + 1, progress: '"a"', seq: 1 },
    ]);
    expect(await f.rows('events')).toHaveLength(1);
    expect(await f.stateOf(b.key)).toBe('leased');
  });

  test('I5: writers that race for one run leave a sequence without a gap', async () => {
    await using f = await stores.shared();
    const run = f.run();
    const tasks = Array.from({ length: 24 }, (_, i) => f.task({ node: 'm', item: i }));
    await f.addRun(run, tasks, [runEvent(f, run, { seq: 1 })]);
    const claimed = await f.claim(24);
    const settleOne = async (task: ClaimedTask): Promise<void> => {
      for (let tries = 0; tries < 200; tries++) {
        const [row] = await f.store.loadRuns([run.id]);
        if (row === undefined) throw new Error('run lost');
        const [verdict] = await f.store.core.settle([
          {
            ...f.done(task),
            run: {
              ...from(row),
              state: 'running',
              progress: '{}',
              seq: row.seq + 1,
            },
            events: [taskEvent(f, task, { run: run.id, seq: row.seq + 1 })],
          },
        ]);
        if (verdict?.status === 'ok') return;
        if (verdict?.status !== 'stale_version') throw new Error(JSON.stringify(verdict));
      }
      throw new Error('never got through');
    };
    await Promise.all(claimed.map(settleOne));
    const seqs = (await f.rows('events'))
      .map((row) => row.seq)
      .toSorted((a, b) => (a ?? 0) - (b ?? 0));
    expect(seqs).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
    expect((await f.store.loadRuns([run.id]))[0]?.seq).toBe(25);
  });

  test('a run ends with output, error and time', async () => {
    await using f = await stores.shared();
    const run = f.run();
    const { row } = await f.addRun(run, [f.task({ node: 'a' })]);
    const error = { code: 'RUN_FAILED', kind: 'stop' as const, message: 'm', advice: 'a' };
    const [verdict] = await f.store.core.settle([
      {
        flushLane: 0,
        run: {
          ...from(row),
          state: 'failed',
          progress: '{}',
          seq: 1,
          output: '{"o":1}',
          error,
          startedMs: 5,
          endedMs: 9,
        },
        events: [runEvent(f, run, { seq: 1, type: 'run.failed', data: { durationMs: 4 } })],
      },
    ]);
    expect(verdict?.status).toBe('ok');
    const [after] = await f.store.loadRuns([run.id]);
    expect(after).toMatchObject({ state: 'failed', output: '{"o":1}', startedMs: 5, endedMs: 9 });
    expect(JSON.parse(after?.error ?? 'null')).toEqual(error);
  });

  test('local dispatch inside a settle: the inserted task is leased in the same commit', async () => {
    await using f = await stores.shared();
    const run = f.run();
    const { row } = await f.addRun(run, [f.task({ node: 'a' })]);
    const [claimed] = await f.claim(1);
    if (claimed === undefined) throw new Error('nothing claimed');
    const lease = {
      host: f.host,
      agent: 'next',
      assignment: 'local',
      untilMs: f.nowMs + LEASE_MS,
    };
    const next = f.task({ run: run.id, node: 'b', lease });
    const [verdict] = await f.store.core.settle([
      {
        ...f.done(claimed),
        run: {
          ...from(row),
          state: 'running',
          progress: '{}',
          seq: 0,
        },
        insert: [next],
      },
    ]);
    if (verdict?.status !== 'ok') throw new Error(JSON.stringify(verdict));
    expect(await f.taskRow(verdict.taskKeys[0] ?? 0)).toMatchObject({
      state: taskStates.leased,
      fence: 1,
      agent: 'next',
      host: f.host,
    });
    expect(
      (
        await f.store.core.settle([
          f.done({ key: verdict.taskKeys[0] ?? 0, id: next.id, fence: 1 }),
        ])
      )[0]?.status,
    ).toBe('ok');
  });
}
