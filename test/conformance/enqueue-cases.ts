// enqueue: verdict order, keys, idempotency, one invalid unit among 500, local dispatch, atomic units, S2 and S6.

import { expect, test } from 'vitest';
import type { EnqueueUnit, NewTask } from '../../src/contract/index.ts';
import { LEASE_MS, okKeys, runEvent } from './store-fixture.ts';
import type { Fixture, Stores } from './store-fixture.ts';

export function enqueueCases(stores: Stores): void {
  test('a task is stored with every field, and its key is in the answer', async () => {
    await using f = await stores.shared();
    const task = f.task({
      name: 'build',
      description: 'a build',
      type: 'coding',
      priority: 7,
      input: '{"k":"vä😀"}',
      idempotencyKey: 'once',
      bodyHash: 'h1',
      timeoutMs: 1_234,
      retry: 'seeds-1-2',
    });
    const [key] = await f.add(task);
    const row = await f.taskRow(key ?? 0);
    expect(row).toMatchObject({
      key,
      tenant: f.tenant,
      project: f.project,
      run: null,
      node: null,
      item: null,
      name: 'build',
      description: 'a build',
      type: 'coding',
      priority: 7,
      state: 2,
      reason: 'none',
      route: f.route,
      input: '{"k":"vä😀"}',
      result: null,
      error: null,
      fence: 0,
      lease_until_ms: null,
      host: null,
      agent: null,
      errors: 0,
      crashes: 0,
      suspect: 0,
      retry: 'seeds-1-2',
      timeout_ms: 1_234,
      idem: 'once',
      body_hash: 'h1',
      created_ms: f.nowMs,
      started_ms: null,
      ended_ms: null,
    });
    expect(row.id).toHaveLength(16);
  });

  test('S8: keys come in the order of the tasks and are safe integers', async () => {
    await using f = await stores.shared();
    const tasks = Array.from({ length: 20 }, (_, i) => f.task({ name: `t${i}` }));
    const [verdict] = await f.store.core.enqueue([
      { run: f.run(), tasks: tasks.map((task, i) => ({ ...task, node: `n${i}` })) },
    ]);
    if (verdict?.status !== 'ok') throw new Error(JSON.stringify(verdict));
    expect(verdict.taskKeys).toHaveLength(20);
    expect(Number.isSafeInteger(verdict.runKey)).toBe(true);
    for (const [i, key] of verdict.taskKeys.entries()) {
      expect(Number.isSafeInteger(key)).toBe(true);
      const row = await f.taskRow(key);
      expect(row.name).toBe(`t${i}`);
      expect(row.run).toBe(verdict.runKey);
    }
  });

  test('verdicts come in the order of the units, whatever each of them is', async () => {
    await using f = await stores.shared();
    const first = f.task({ idempotencyKey: 'k', bodyHash: 'a' });
    await f.add(first);
    const verdicts = await f.store.core.enqueue([
      { tasks: [f.task()] },
      { tasks: [f.task({ idempotencyKey: 'k', bodyHash: 'b' })] },
      { tasks: [f.task({ name: 'nul\u0000' })] },
      { tasks: [f.task({ idempotencyKey: 'k', bodyHash: 'a' })] },
      { tasks: [f.task()] },
    ]);
    expect(verdicts.map((verdict) => verdict.status)).toEqual([
      'ok',
      'conflict',
      'invalid',
      'duplicate',
      'ok',
    ]);
    expect(verdicts[1]).toMatchObject({ id: first.id });
    expect(verdicts[3]).toMatchObject({ id: first.id });
    expect(await f.rows('tasks')).toHaveLength(3);
  });

  test('an idempotency key belongs to its tenant', async () => {
    await using f = await stores.shared();
    const other = await f.newTenant();
    await f.add(
      f.task({ idempotencyKey: 'k', bodyHash: 'a' }),
      f.task({ ...other, idempotencyKey: 'k', bodyHash: 'b' }),
    );
    expect(await f.rows('tasks')).toHaveLength(2);
  });

  test('the same key twice in one flush is one row', async () => {
    await using f = await stores.shared();
    const units = Array.from({ length: 10 }, () => ({
      tasks: [f.task({ idempotencyKey: 'k', bodyHash: 'a' })],
    }));
    const verdicts = (await Promise.all(units.map((unit) => f.store.core.enqueue([unit])))).flat();
    const statuses = verdicts.map((verdict) => verdict.status).toSorted();
    expect(statuses).toEqual([...Array.from({ length: 9 }, () => 'duplicate'), 'ok']);
    const rows = await f.rows('tasks');
    expect(rows).toHaveLength(1);
  });

  test('a run with an idempotency key: duplicate and conflict name the run that exists', async () => {
    await using f = await stores.shared();
    const run = f.run({ idempotencyKey: 'r', bodyHash: 'a' });
    const unit = (bodyHash: string): EnqueueUnit => ({
      run: f.run({ idempotencyKey: 'r', bodyHash }),
      tasks: [f.task({ node: 'a' })],
    });
    okKeys(await f.store.core.enqueue([{ run, tasks: [f.task({ node: 'a' })] }]));
    expect(await f.store.core.enqueue([unit('a'), unit('b')])).toEqual([
      { status: 'duplicate', id: run.id },
      { status: 'conflict', id: run.id },
    ]);
    expect(await f.rows('runs')).toHaveLength(1);
    expect(await f.rows('tasks')).toHaveLength(1);
  });

  for (const [what, spoil, code] of badUnits) {
    test(`S2: ${what} stands alone among 500`, async () => {
      await using f = await stores.shared();
      const units = Array.from({ length: 500 }, (_, i) => ({ tasks: [f.task({ name: `t${i}` })] }));
      const bad: EnqueueUnit = { tasks: spoil(f) };
      const verdicts = await f.store.core.enqueue(units.with(317, { tasks: [...bad.tasks] }));
      expect(verdicts).toHaveLength(500);
      expect(verdicts[317]).toMatchObject({ status: 'invalid', error: { code } });
      expect(verdicts.filter((verdict) => verdict.status === 'ok')).toHaveLength(499);
      const rows = await f.rows('tasks');
      expect(rows).toHaveLength(499);
      const names = new Set(rows.map((row) => row.name));
      expect(names.size).toBe(499);
      expect(names.has('t317')).toBe(false);
    });
  }

  test('S2: a unit whose second task is bad leaves neither run, task, event nor audit row', async () => {
    await using f = await stores.shared();
    const run = f.run();
    const [verdict] = await f.store.core.enqueue([
      {
        run,
        tasks: [f.task({ node: 'a' }), f.task({ node: 'b', description: 'x\u0000' })],
        events: [runEvent(f, run, { seq: 1 })],
        audit: {
          tenant: f.tenant,
          atMs: f.nowMs,
          actor: 'me',
          action: 'run.create',
          subject: run.id,
          data: {},
        },
      },
    ]);
    expect(verdict?.status).toBe('invalid');
    for (const table of ['runs', 'tasks', 'events', 'audit'] as const)
      expect(await f.rows(table), table).toEqual([]);
  });

  test('run, tasks, events and audit row of a unit are there together', async () => {
    await using f = await stores.fresh();
    const run = f.run({ input: '{"q":1}', graph: '{"nodes":["a"]}', progress: '{"p":0}' });
    const [verdict] = await f.store.core.enqueue([
      {
        run,
        tasks: [
          f.task({ node: 'a' }),
          f.task({ node: 'b', item: 3, state: 'blocked', reason: 'dependency' }),
        ],
        events: [runEvent(f, run, { seq: 1 })],
        audit: {
          tenant: f.tenant,
          atMs: f.nowMs,
          actor: 'me',
          action: 'run.create',
          subject: run.id,
          data: { a: 1 },
        },
      },
    ]);
    if (verdict?.status !== 'ok') throw new Error(JSON.stringify(verdict));
    const [row] = await f.store.loadRuns([run.id]);
    expect(row).toMatchObject({
      id: run.id,
      tenant: f.tenant,
      state: 'running',
      seq: 1,
      input: '{"q":1}',
      graph: '{"nodes":["a"]}',
      progress: '{"p":0}',
    });
    expect((await f.taskRow(verdict.taskKeys[1] ?? 0)).item).toBe(3);
    expect(await f.stateOf(verdict.taskKeys[1] ?? 0)).toBe('blocked');
    const [event] = await f.store.events.after({ cursor: null, limit: 10 });
    expect(event).toMatchObject({
      type: 'run.started',
      runId: run.id,
      seq: 1,
      data: { workflow: 'flow' },
    });
    const [audit] = await f.rows('audit');
    expect(audit).toMatchObject({
      tenant: f.tenant,
      actor: 'me',
      action: 'run.create',
      subject: run.id,
    });
  });

  test('local dispatch: inserted leased under fence 1, and no claim gives it away', async () => {
    await using f = await stores.shared();
    const lease = {
      host: f.host,
      agent: 'coder',
      assignment: 'local',
      untilMs: f.nowMs + LEASE_MS,
    };
    const task = f.task({ lease });
    const [key] = await f.add(task);
    expect(await f.taskRow(key ?? 0)).toMatchObject({
      state: 3,
      fence: 1,
      host: f.host,
      agent: 'coder',
      assignment: 'local',
      lease_until_ms: f.nowMs + LEASE_MS,
    });
    expect(await f.claim(5)).toEqual([]);
    const [verdict] = await f.store.core.settle([f.done({ key: key ?? 0, id: task.id, fence: 1 })]);
    expect(verdict?.status).toBe('ok');
  });

  test('a waiting task is not claimed before its time is promoted', async () => {
    await using f = await stores.fresh();
    const [key] = await f.add(
      f.task({ state: 'waiting', reason: 'delay', dueMs: f.nowMs + 1_000 }),
    );
    expect(await f.taskRow(key ?? 0)).toMatchObject({
      state: 1,
      reason: 'delay',
      due_ms: f.nowMs + 1_000,
    });
    f.nowMs += 5_000;
    expect(await f.claim(1)).toEqual([]);
    await f.store.core.promote({ nowMs: f.nowMs, limit: 10 });
    expect(await f.claim(1)).toHaveLength(1);
  });

  test('S6: the same unit twice gives the same keys and one row', async () => {
    await using f = await stores.shared();
    const run = f.run();
    const unit: EnqueueUnit = {
      run,
      tasks: [f.task({ node: 'a' }), f.task({ node: 'b' })],
      events: [runEvent(f, run, { seq: 1 })],
    };
    const first = await f.store.core.enqueue([unit]);
    const second = await f.store.core.enqueue([unit]);
    expect(first[0]?.status).toBe('ok');
    expect(second).toEqual(first);
    const single: EnqueueUnit = { tasks: [f.task({ idempotencyKey: 'z', bodyHash: 'h' })] };
    const third = await f.store.core.enqueue([single]);
    const fourth = await f.store.core.enqueue([single]);
    // With an idempotency key the store may know it as a repeat (the same keys) or as a duplicate (the same id): never as new.
    if (fourth[0]?.status === 'ok') expect(fourth).toEqual(third);
    else expect(fourth[0]).toEqual({ status: 'duplicate', id: single.tasks[0]?.id });
    expect(await f.rows('tasks')).toHaveLength(3);
    expect(await f.rows('runs')).toHaveLength(1);
    expect(await f.rows('events')).toHaveLength(1);
  });

  test('S6: a repeat of a unit whose task was claimed meanwhile does not touch it', async () => {
    await using f = await stores.shared();
    const unit: EnqueueUnit = { tasks: [f.task()] };
    const first = await f.store.core.enqueue([unit]);
    const [claimed] = await f.claim(1);
    const before = await f.taskRow(claimed?.key ?? 0);
    expect(await f.store.core.enqueue([unit])).toEqual(first);
    expect(await f.taskRow(claimed?.key ?? 0)).toEqual(before);
    expect(await f.claim(1)).toEqual([]);
  });

  test('S1: what was acknowledged is there after the store is opened again', async () => {
    await using f = await stores.fresh();
    const keys = await f.add(...Array.from({ length: 50 }, () => f.task()));
    await f.reopen();
    expect((await f.rows('tasks')).map((row) => row.key).toSorted((a, b) => a - b)).toEqual(
      keys.toSorted((a, b) => a - b),
    );
  });

  test('an empty list of units answers with an empty list', async () => {
    await using f = await stores.shared();
    expect(await f.store.core.enqueue([])).toEqual([]);
  });

  test('1 MiB of input is kept to the byte', async () => {
    await using f = await stores.shared();
    const input = JSON.stringify('é'.repeat(500_000));
    const [key] = await f.add(f.task({ input }));
    expect((await f.taskRow(key ?? 0)).input === input).toBe(true);
    const [claimed] = await f.claim(1);
    expect(claimed?.input === input).toBe(true);
  });
}

type BadUnit = readonly [what: string, spoil: (f: Fixture) => NewTask[], code: string];
const badUnits: readonly BadUnit[] = [
  ['a NUL in a name', (f) => [f.task({ name: 'a\u0000b' })], 'INPUT_NUL'],
  ['a NUL in a payload', (f) => [f.task({ input: '"a\u0000b"' })], 'INPUT_NUL'],
  [
    'a NUL in an idempotency key',
    (f) => [f.task({ idempotencyKey: 'a\u0000b', bodyHash: 'h' })],
    'INPUT_NUL',
  ],
  ['an id used twice inside its unit', (f) => twice(f.task()), 'INPUT_INVALID'],
  ['a route that does not exist', (f) => [f.task({ route: 999_999 })], 'INPUT_INVALID'],
  ['a tenant that does not exist', (f) => [f.task({ tenant: 999_999 })], 'INPUT_INVALID'],
  ['a priority that is no number', (f) => [f.task({ priority: Number.NaN })], 'INPUT_INVALID'],
];

function twice(task: NewTask): NewTask[] {
  return [task, { ...task, name: 'again' }];
}
