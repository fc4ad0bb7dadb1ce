// Deleting what ended long ago, with all that belongs to it and nothing else.

import { expect, test } from 'vitest';
import type { PruneResult, RunParent, RunRow } from '../../src/contract/index.ts';
import { BLOB_BYTES } from '../../src/contract/index.ts';
import { from, runEvent } from './store-fixture.ts';
import type { Fixture, Stores } from './store-fixture.ts';
import { delivery, openWait, suspension } from './wait-fixture.ts';

const tables = [
  'runs',
  'run_pins',
  'tasks',
  'attempts',
  'journal',
  'blobs',
  'inbox',
  'events',
  'execution_logs',
] as const;

async function counts(f: Fixture): Promise<Record<string, number>> {
  const found = await Promise.all(
    tables.map(async (table) => [table, (await f.rows(table)).length]),
  );
  return Object.fromEntries(found.filter(([, count]) => count !== 0));
}

/** Ends the next task that can be claimed, at this time, with a row in every table that belongs to tasks. */
async function endNext(f: Fixture, endedMs: number, letter = 'p'): Promise<void> {
  const [task] = await f.claim(1);
  if (task === undefined) throw new Error('nothing claimed');
  const result = `"${letter.repeat(BLOB_BYTES)}"`;
  const attempt = {
    attempt: 1,
    fence: task.fence,
    agent: 'tester',
    host: f.host,
    startedMs: null,
    endedMs,
    outcome: 'error' as const,
  };
  const unit = f.done(task, {
    endedMs,
    attempt,
    journal: [{ name: 's', occurrence: 0, kind: 'step', result, atMs: 1 }],
  });
  const isSingle = task.runId === null;
  const events = unit.events.map((event) => ({ ...event, atMs: endedMs }));
  const [verdict] = await f.store.core.settle([{ ...unit, events: isSingle ? events : [] }]);
  if (verdict?.status !== 'ok') throw new Error(JSON.stringify(verdict));
  if (isSingle) await f.store.core.settle([delivery(f, task)]);
}

async function addSingle(f: Fixture, endedMs: number, letter?: string): Promise<number> {
  const [key = 0] = await f.add(f.task());
  await endNext(f, endedMs, letter);
  return key;
}

async function endRun(f: Fixture, row: RunRow, endedMs: number): Promise<void> {
  const [now] = await f.store.loadRuns([row.key]);
  if (now === undefined) throw new Error('the run is gone');
  const seq = now.seq + 1;
  const run = { ...from(now), state: 'completed' as const, progress: '{}', seq, endedMs };
  const events = [runEvent(f, now, { seq, type: 'run.completed', data: { durationMs: 1 } })];
  const [verdict] = await f.store.core.settle([{ flushLane: 0, run, events }]);
  if (verdict?.status !== 'ok') throw new Error(JSON.stringify(verdict));
}

/** A run of one task that is done; it ends when told. */
async function addRun(
  f: Fixture,
  over: { parent?: RunParent; endedMs?: number } = {},
): Promise<RunRow> {
  const run = f.run(over.parent === undefined ? {} : { parent: over.parent });
  const { row, keys } = await f.addRun(
    run,
    [f.task({ node: 'a', priority: 9 })],
    [runEvent(f, run, { seq: 1 })],
  );
  await endNext(f, over.endedMs ?? 1);
  const send = delivery(
    f,
    { key: keys[0] ?? 0, id: '' },
    { run: row.id, runKey: row.key, taskKey: null },
  );
  await f.store.core.settle([send]);
  if (over.endedMs !== undefined) await endRun(f, row, over.endedMs);
  return row;
}

const prune = (
  f: Fixture,
  beforeMs: number,
  over: { keep?: number; limit?: number; project?: number } = {},
) => f.store.prune({ tenant: f.tenant, beforeMs, limit: 100, ...over });

export function pruneCases(stores: Stores): void {
  test('what ended before goes with everything of it; what ended later, runs still or is of others stays', async () => {
    await using f = await stores.fresh();
    await addRun(f, { endedMs: 100 });
    await addSingle(f, 100);
    await f.sql(
      'insert into execution_logs (id, tenant, run, task, log_level, message, created_ms) select id, tenant, id, null, ?, ?, 1 from runs where tenant = ?',
      'info',
      'm',
      f.tenant,
    );
    await f.sql(
      'insert into execution_logs (id, tenant, run, task, log_level, message, created_ms) select id, tenant, null, id, ?, ?, 1 from tasks where tenant = ?',
      'info',
      'm',
      f.tenant,
    );
    expect(await counts(f)).toEqual({
      runs: 1,
      run_pins: 1,
      tasks: 2,
      attempts: 2,
      journal: 2,
      blobs: 1,
      inbox: 2,
      events: 3,
      execution_logs: 3,
    });
    const audit = { tenant: f.tenant, atMs: 1, actor: 'a', action: 'b', subject: 'c', data: {} };
    await f.store.core.settle([{ flushLane: 0, events: [], audit }]);
    await addRun(f, { endedMs: 300 });
    await addSingle(f, 300, 'q');
    const open = await addRun(f);
    await f.add(f.task());
    const kept = await counts(f);
    expect(await prune(f, 200)).toEqual<PruneResult>({ runs: 1, tasks: 1, done: true });
    expect(await counts(f)).toEqual({
      runs: 2,
      run_pins: 2,
      tasks: 4,
      attempts: 3,
      journal: 3,
      blobs: 2,
      inbox: 3,
      events: (kept['events'] ?? 0) - 3,
    });
    expect(await f.rows('audit')).toHaveLength(1);
    expect(await prune(f, 200)).toEqual({ runs: 0, tasks: 0, done: true });
    // All that ended, whenever: the open run and the ready task stay.
    expect(await prune(f, 1e15)).toEqual({ runs: 1, tasks: 1, done: true });
    expect((await f.rows('runs')).map((row) => row.key)).toEqual([open.key]);
    expect(await counts(f)).toEqual({
      runs: 1,
      run_pins: 1,
      tasks: 2,
      attempts: 1,
      journal: 1,
      blobs: 1,
      inbox: 1,
      events: 1,
    });
  });

  test('a run goes only with its whole tree', async () => {
    await using f = await stores.shared();
    const root = await addRun(f);
    const task = (await f.rows('tasks')).find((row) => row.run === root.key)?.key ?? 0;
    const parent = { task, name: 'child', occurrence: 0, root: root.key, depth: 1 };
    const child = await addRun(f, { parent, endedMs: 100 });
    const below = (await f.rows('tasks')).find((row) => row.run === child.key)?.key ?? 0;
    const grandchild = await addRun(f, { parent: { ...parent, task: below, depth: 2 } });
    expect(await prune(f, 200)).toMatchObject({ runs: 0 }); // its root runs still
    await endRun(f, root, 100);
    expect(await prune(f, 200)).toMatchObject({ runs: 0 }); // something below runs still
    await endRun(f, grandchild, 100);
    expect(await prune(f, 200)).toEqual({ runs: 3, tasks: 0, done: true });
    expect(await counts(f)).toEqual({});
  });

  test('a single task goes with the runs that it began', async () => {
    await using f = await stores.shared();
    const [key = 0] = await f.add(f.task());
    const [task] = await f.claim(1);
    if (task === undefined) throw new Error('nothing claimed');
    await f.store.core.settle([suspension(f, task, [openWait(f, 'child', f.ids.make('run'))])]);
    const parent = { task: key, name: 'child', occurrence: 0, root: null, depth: 1 };
    const child = await addRun(f, { parent });
    await f.store.core.settle([
      f.byState(task, ['waiting'], { to: 'cancelled', reason: 'user', endedMs: 100 }),
    ]);
    expect(await prune(f, 200)).toEqual({ runs: 0, tasks: 0, done: true });
    await endRun(f, child, 300); // ended later, but it belongs to the task
    expect(await prune(f, 200)).toEqual({ runs: 1, tasks: 1, done: true });
    expect(await counts(f)).toEqual({});
  });

  test('the newest are kept, runs and single tasks together', async () => {
    await using f = await stores.shared();
    await addSingle(f, 10);
    await addRun(f, { endedMs: 20 });
    await addSingle(f, 30);
    await addRun(f, { endedMs: 40 });
    expect(await prune(f, 1_000, { keep: 9 })).toEqual({ runs: 0, tasks: 0, done: true });
    expect(await prune(f, 1_000, { keep: 3 })).toEqual({ runs: 0, tasks: 1, done: true });
    expect(await prune(f, 15, { keep: 1 })).toEqual({ runs: 0, tasks: 0, done: true });
    expect(await prune(f, 1_000, { keep: 1 })).toEqual({ runs: 1, tasks: 1, done: true });
    expect((await f.rows('runs')).map((row) => row.ended_ms)).toEqual([40]);
  });

  test('one call deletes at most its limit, and the next goes on', async () => {
    await using f = await stores.fresh();
    for (let i = 0; i < 5; i++) await addSingle(f, i + 1);
    expect(await prune(f, 100, { limit: 2 })).toEqual({ runs: 0, tasks: 2, done: false });
    expect((await f.rows('tasks')).map((row) => row.ended_ms)).toEqual([3, 4, 5]); // the oldest first
    let done = false;
    for (let calls = 0; !done && calls < 5; calls++) ({ done } = await prune(f, 100, { limit: 2 }));
    expect(done).toBe(true);
    expect(await counts(f)).toEqual({});
  });

  test('only the project that was asked for', async () => {
    await using f = await stores.shared();
    await addSingle(f, 1);
    expect(await prune(f, 100, { project: f.project + 1_000_000 })).toEqual({
      runs: 0,
      tasks: 0,
      done: true,
    });
    expect(await prune(f, 100, { project: f.project })).toEqual({ runs: 0, tasks: 1, done: true });
  });

  test('the size tells what holds data; space that a prune frees is used again', async () => {
    await using f = await stores.fresh();
    const before = await f.store.size();
    expect(before.usedBytes).toBeGreaterThan(0);
    expect(before.diskBytes).toBeGreaterThan(0);
    // Text that does not compress: a store may pack its rows.
    const input = (): string =>
      JSON.stringify(Buffer.from(crypto.getRandomValues(new Uint8Array(3_000))).toString('base64'));
    for (let i = 0; i < 5; i++)
      await f.add(...Array.from({ length: 50 }, () => f.task({ input: input() })));
    const full = await f.store.size();
    expect(full.usedBytes).toBeGreaterThan(before.usedBytes + 500_000);
    expect(full.diskBytes).toBeGreaterThanOrEqual(before.diskBytes);
  });
}
