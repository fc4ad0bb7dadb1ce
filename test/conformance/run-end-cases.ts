// Ends of run tasks that are committed together: what is usual and what is not, of one run and of several, in one flush. S2, S4, S5, S11.

import { expect, test } from 'vitest';
import type { ClaimedTask, RunRow, SettleUnit, TaskChange } from '../../src/contract/index.ts';
import { from, link, taskEvent } from './store-fixture.ts';
import type { Fixture, Stores } from './store-fixture.ts';

interface Working {
  row: RunRow;
  tasks: ClaimedTask[];
}

/** Runs with this many leased tasks each. */
async function working(f: Fixture, counts: readonly number[]): Promise<Working[]> {
  const rows: RunRow[] = [];
  for (const count of counts) {
    const tasks = Array.from({ length: count }, (_, item) => f.task({ node: 'm', item }));
    rows.push((await f.addRun(f.run(), tasks)).row);
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  const claimed: ClaimedTask[] = [];
  while (claimed.length < total) claimed.push(...(await f.claim(total - claimed.length)));
  return rows.map((row) => ({
    row,
    tasks: claimed
      .filter((task) => task.runKey === row.key)
      .toSorted((a, b) => (a.item ?? 0) - (b.item ?? 0)),
  }));
}

/** The end of the run's task number `at`, as the link number `at` of a chain, with a task after it. */
function end(
  f: Fixture,
  [{ row, tasks }, at]: [Working, number],
  over: Partial<TaskChange> = {},
): SettleUnit {
  const task = tasks[at];
  if (task === undefined) throw new Error(`no task ${at}`);
  const seq = row.seq + at + 1;
  return {
    ...f.done(task, over),
    flushLane: row.key,
    run: { ...link(row, at), state: 'running', progress: `{"at":${at}}`, seq },
    insert: [f.task({ run: row.id, node: 'next', item: at })],
    events: [taskEvent(f, task, { run: row.id, seq })],
  };
}

const statuses = async (f: Fixture, units: readonly SettleUnit[]): Promise<string[]> =>
  (await f.store.core.settle(units)).map((verdict) => verdict.status);

/** What the run's row and rows of its tasks and events say of how far it got. */
async function progressOf(f: Fixture, { row }: Working): Promise<Record<string, unknown>> {
  const [now] = await f.store.loadRuns([row.key]);
  const nodes = (await f.rows('tasks')).filter((task) => task.run === row.key);
  const next = nodes.filter((task) => task.node === 'next').map((task) => task.item);
  const events = await f.store.events.after({ cursor: null, run: row.id, limit: 100 });
  const seqs = events.map(({ seq }) => seq);
  return { version: (now?.version ?? 0) - row.version, progress: now?.progress, next, seqs };
}

const reached = (count: number): Record<string, unknown> => {
  const all = Array.from({ length: count }, (_, at) => at);
  return {
    version: count,
    progress: count === 0 ? '{}' : `{"at":${count - 1}}`,
    next: all,
    seqs: all.map((at) => at + 1),
  };
};

export function runEndCases(stores: Stores): void {
  test('S2: of many runs in one flush each gets its own verdict, and its own new tasks', async () => {
    await using f = await stores.shared();
    const runs = await working(f, [1, 1, 2, 1, 1, 3]);
    const [good, version, fence, token, audited, chain] = runs;
    if (!good || !version || !fence || !token || !audited || !chain)
      throw new Error('six expected');
    const behind = end(f, [version, 0]);
    const foreign = end(f, [token, 0]);
    const units: SettleUnit[] = [
      end(f, [good, 0]),
      { ...behind, run: { ...behind.run, expectVersion: 7 } as SettleUnit['run'] & object },
      end(f, [fence, 0]),
      end(f, [fence, 1], { guard: { fence: 99 } }),
      { ...foreign, run: { ...foreign.run, expectToken: 1 } as SettleUnit['run'] & object },
      ...[0, 1, 2].map((at) => end(f, [chain, at])),
    ];
    const verdicts = await f.store.core.settle(units);
    expect(verdicts.map(({ status }) => status)).toEqual([
      'ok',
      'stale_version',
      'ok',
      'stale_fence',
      'stale_version',
      'ok',
      'ok',
      'ok',
    ]);
    expect(await Promise.all(runs.map((run) => progressOf(f, run)))).toEqual(
      [1, 0, 1, 0, 0, 3].map(reached),
    );
    const rows = new Map((await f.rows('tasks')).map((row) => [row.key, row]));
    for (const [i, verdict] of verdicts.entries()) {
      if (verdict.status !== 'ok') continue;
      const [key = 0] = verdict.taskKeys;
      const unit = units[i];
      expect(rows.get(key)).toMatchObject({
        run: unit?.run?.key,
        node: 'next',
        item: unit?.insert?.[0]?.item,
      });
    }
    expect(await statuses(f, [end(f, [version, 0]), end(f, [audited, 0])])).toEqual(['ok', 'ok']);
  });

  test('S5: usual and unusual units of one run keep their order in a flush', async () => {
    await using f = await stores.shared();
    const runs = await working(f, [4, 1]);
    const [run, other] = runs;
    if (run === undefined || other === undefined) throw new Error('two expected');
    const audit = {
      tenant: f.tenant,
      atMs: f.nowMs,
      actor: 'a',
      action: 'b',
      subject: 'c',
      data: {},
    };
    const units = [0, 1, 2, 3].map((at) => end(f, [run, at]));
    const mixed = units.map((unit, at) => (at === 1 ? { ...unit, audit } : unit));
    expect(await statuses(f, [...mixed, end(f, [other, 0])])).toEqual([
      'ok',
      'ok',
      'ok',
      'ok',
      'ok',
    ]);
    expect(await progressOf(f, run)).toEqual(reached(4));
    expect(await progressOf(f, other)).toEqual(reached(1));
    expect(await f.rows('audit')).toHaveLength(1);
  });

  test('two ends of one task in one flush: the first counts', async () => {
    await using f = await stores.shared();
    const [run] = await working(f, [2]);
    if (run === undefined) throw new Error('one expected');
    const twice = {
      ...end(f, [run, 1]),
      change: end(f, [run, 0], { endedMs: 9 }).change as TaskChange,
    };
    expect(await statuses(f, [end(f, [run, 0]), twice])).toEqual(['ok', 'stale_fence']);
    expect(await progressOf(f, run)).toEqual(reached(1));
  });

  test('S11: a held task that retries is paused with its run, while its neighbours go on', async () => {
    await using f = await stores.shared();
    const [held, free] = await working(f, [1, 1]);
    if (held === undefined || free === undefined) throw new Error('two expected');
    const pause: SettleUnit = {
      flushLane: held.row.key,
      run: { ...from(held.row), state: 'paused', progress: '{}', seq: held.row.seq },
      sweep: { run: held.row.key, from: ['ready'], to: 'paused', reason: 'run', hold: 1 },
      events: [],
    };
    expect(await statuses(f, [pause])).toEqual(['ok']);
    const [now] = await f.store.loadRuns([held.row.key]);
    if (now === undefined) throw new Error('run lost');
    const retry = {
      ...end(f, [{ ...held, row: now }, 0], { to: 'ready', reason: 'retry' }),
      insert: [],
    };
    expect(await statuses(f, [retry, end(f, [free, 0])])).toEqual(['ok', 'ok']);
    expect(await f.stateOf(held.tasks[0]?.key ?? 0)).toBe('paused');
    expect(await f.stateOf(free.tasks[0]?.key ?? 0)).toBe('succeeded');
  });

  test('a capped task gives its slot back, and a new one asks for it', async () => {
    await using f = await stores.fresh();
    await f.cap(f.tenant, 'tenant', 2);
    await f.reopen();
    const [run] = await working(f, [2]);
    if (run === undefined) throw new Error('one expected');
    expect((await f.rows('caps')).map((cap) => cap.running)).toEqual([2]);
    expect(await statuses(f, [end(f, [run, 0])])).toEqual(['ok']);
    expect((await f.rows('caps')).map((cap) => cap.running)).toEqual([1]);
    const lease = { host: f.host, agent: 'next', assignment: 'local', untilMs: f.nowMs + 9_000 };
    const last = end(f, [run, 1]);
    const insert = last.insert?.map((task) => ({ ...task, lease })) ?? [];
    expect(await statuses(f, [{ ...last, insert }])).toEqual(['ok']);
    const running = (await f.rows('tasks')).filter((task) => task.capped === 1).length;
    expect((await f.rows('caps')).map((cap) => cap.running)).toEqual([running]);
  });

  test('steps, attempts and a retry travel with the ends of runs', async () => {
    await using f = await stores.shared();
    const runs = await working(f, [1, 1]);
    const [steps, failed] = runs;
    if (steps === undefined || failed === undefined) throw new Error('two expected');
    const journal = ['a', 'b'].map((name) => ({
      name,
      occurrence: 0,
      kind: 'step' as const,
      result: `"${name}"`,
      atMs: f.nowMs,
    }));
    const attempt = {
      attempt: 1,
      agent: 'x',
      host: f.host,
      startedMs: null,
      endedMs: 7,
      outcome: 'error' as const,
    };
    const retried = end(f, [failed, 0], {
      to: 'ready',
      reason: 'retry',
      addErrors: 1,
      attempt: { ...attempt, fence: failed.tasks[0]?.fence ?? 0 },
    });
    expect(await statuses(f, [end(f, [steps, 0], { journal }), retried])).toEqual(['ok', 'ok']);
    const written = await f.store.core.loadJournal(steps.tasks[0]?.key ?? 0);
    expect(written.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(await f.rows('attempts')).toHaveLength(1);
    const claimed = (await f.claim(10)).map(({ key, attempt: number }) => ({ key, number }));
    expect(claimed).toContainEqual({ key: failed.tasks[0]?.key, number: 2 });
    expect(claimed).toHaveLength(3); // and the two new tasks
  });
}
