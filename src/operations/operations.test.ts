/** Operations over the real store and orchestrator, with agents that a test can hold back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAgentRunner, defineAgent, inlineSource } from '../agents/index.ts';
import { operationNames, operationTable } from '../contract/index.ts';
import type {
  GraphInput,
  HiveEvent,
  OperationName,
  OperationOutput,
  OperationRequest,
  Store,
} from '../contract/index.ts';
import { deferred, idSource, systemClock, systemUniform } from '../kernel/index.ts';
import type { Deferred } from '../kernel/index.ts';
import { Orchestrator } from '../orchestrator/index.ts';
import type { HostTelemetry } from '../orchestrator/index.ts';
import { openSqliteStore, queryBuilder } from '../store/index.ts';
import type { HivePort } from './hive-port.ts';
import type { OperationContext } from './operation.ts';
import { invokeOperation, operations } from './operation-list.ts';
import { fakeHive, owner } from './testing.ts';

let directory: string;
let store: Store;
let orchestrator: Orchestrator;
let context: OperationContext;
let gate: Deferred<void>;
/** Holds the speaker back until somebody heard it. */
let spoken: Deferred<void>;
const ids = idSource(systemClock);

/** Calls and holds the answer against the operation's own schema: what is promised is what is sent. */
async function call<Name extends OperationName>(
  name: Name,
  request: OperationRequest<Name>,
): Promise<OperationOutput<Name>> {
  const answer = await invokeOperation(context, name, request);
  return operationTable[name].output.parse(answer) as OperationOutput<Name>;
}

const graph = (): GraphInput => ({
  name: 'inspect',
  nodes: [
    { kind: 'agent', id: 'list', title: 'List', capabilities: ['list'] },
    {
      kind: 'map',
      id: 'each',
      title: 'Each',
      over: 'list',
      after: ['list'],
      capabilities: ['hold'],
    },
    { kind: 'agent', id: 'report', after: ['each'], capabilities: ['list'] },
  ],
});

const agents = [
  defineAgent({
    name: 'lister',
    type: 'test',
    version: '1',
    capabilities: ['list'],
    placement: 'inline',
    execute: () => ({ items: [1, 2, 3] }),
  }),
  defineAgent({
    name: 'holder',
    type: 'test',
    version: '1',
    capabilities: ['hold'],
    placement: 'inline',
    concurrency: 2,
    execute: async () => {
      await gate.promise;
      return 'held';
    },
  }),
  defineAgent({
    name: 'speaker',
    type: 'test',
    version: '1',
    capabilities: ['speak'],
    placement: 'inline',
    execute: async ({ progress }) => {
      await gate.promise;
      progress({ percent: 50, message: 'half' });
      await spoken.promise;
      return 'said';
    },
  }),
  defineAgent({
    name: 'thrower',
    type: 'test',
    version: '1',
    capabilities: ['throw'],
    placement: 'inline',
    execute: (): string => {
      throw new Error('no luck');
    },
  }),
];

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'hive-operations-'));
  gate = deferred();
  store = await openSqliteStore({ directory, clock: systemClock, minFreeBytes: 0 });
  const listeners = new Set<(signal: HiveEvent) => void>();
  orchestrator = await Orchestrator.start({
    store,
    runner: createAgentRunner({
      agents: agents.map(inlineSource),
      clock: systemClock,
      threads: 1,
      heapMb: 64,
    }),
    clock: systemClock,
    ids,
    random: systemUniform,
    telemetry: quietTelemetry(listeners),
    host: { id: ids.make('host'), boot: ids.make('instance') },
    redact: (text) => text,
  });
  const hive: HivePort = {
    ...fakeHive().hive,
    host: { key: orchestrator.host, id: 'hst_test' },
    reportsDirectory: path.join(directory, 'reports'),
    workDirectory: path.join(directory, 'work'),
    sql: queryBuilder(store.dialect),
    store,
    onSignal: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    startRun: (request) => orchestrator.startRun(request),
    enqueueTask: (request) => orchestrator.enqueue(request),
    cancelTask: (task) => orchestrator.cancelTask(task),
    cancelRun: (id, reason) => orchestrator.cancelRun(id, reason),
    runOutput: (id) => orchestrator.runOutput(id),
    inspectGraph: graph,
  };
  context = { hive, principal: owner, clock: systemClock, ids };
});

afterAll(async () => {
  gate.resolve();
  await orchestrator.stop();
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

function quietTelemetry(listeners: Set<(signal: HiveEvent) => void>): HostTelemetry {
  const nothing = (): void => undefined;
  return {
    started: nothing,
    worked: nothing,
    ended: nothing,
    slotBusy: nothing,
    slotFree: nothing,
    slotsAvailable: nothing,
    log: nothing,
    signal: (event) => {
      for (const listener of listeners) listener(event);
    },
    get hasWatchers() {
      return listeners.size > 0;
    },
  };
}

/** Follows a run until it is over, or until `enough` is satisfied. */
async function follow(id: string, enough?: (answer: OperationOutput<'run.watch'>) => boolean) {
  const events: string[] = [];
  let cursor: string | null = null;
  for (let turn = 0; turn < 100; turn++) {
    const answer: OperationOutput<'run.watch'> = await call('run.watch', {
      id,
      waitMs: 2_000,
      ...(cursor === null ? {} : { cursor }),
    });
    events.push(...answer.events.map(({ type }) => type));
    cursor = answer.cursor;
    if (answer.isOver || enough?.(answer) === true) return { run: answer.run, events };
  }
  throw new Error(`${id} did not get there`);
}

test('every operation of the table has its handler, its route and a permission', () => {
  expect(operations.map(({ name }) => name).toSorted()).toEqual(operationNames.toSorted());
  const routes = operations.map(({ http }) => `${http.method} ${http.path}`);
  expect(new Set(routes).size).toBe(routes.length);
});

describe('inspections', () => {
  test('one directory has one unfinished run: it is resumed, also when both ask at once', async () => {
    gate = deferred();
    const target = path.join(directory, '.');
    const [first, second] = await Promise.all([
      call('inspect.start', { path: target }),
      call('inspect.start', { path: target }),
    ]);
    expect([first.resumed, second.resumed].filter(Boolean)).toHaveLength(1);
    expect(second.runId).toBe(first.runId);
    const { run } = await follow(first.runId, (answer) => answer.run.counts.running >= 2);
    expect(run.title).toContain(directory);
    expect(run.nodes.map(({ id, state }) => [id, state])).toEqual([
      ['list', 'completed'],
      ['each', 'running'],
      ['report', 'pending'],
    ]);
    expect(run.active.length).toBeGreaterThanOrEqual(2);
    expect(run.input).toMatchObject({
      path: directory,
      reportDirectory: path.join(directory, 'reports', run.id),
    });

    gate.resolve();
    const end = await follow(first.runId);
    expect(end.run).toMatchObject({ state: 'completed', counts: { total: 5, succeeded: 5 } });
    expect(end.run.output).toEqual({ items: [1, 2, 3] });
    expect(end.events.at(-1)).toBe('run.completed');
    const third = await call('inspect.start', { path: target });
    expect(third.resumed).toBe(false);
    expect(third.runId).not.toBe(first.runId);
    await follow(third.runId);
  });

  test('a path that is no directory is refused by name', async () => {
    for (const bad of ['relative/path', path.join(directory, 'absent'), import.meta.filename]) {
      await expect(call('inspect.start', { path: bad })).rejects.toMatchObject({
        code: 'PATH_INVALID',
      });
    }
  });

  test('cancelling ends what is open, once', async () => {
    gate = deferred();
    const { runId } = await call('inspect.start', { path: directory });
    await follow(runId, ({ run }) => run.counts.running >= 2);
    expect(await call('run.cancel', { id: runId })).toEqual({ id: runId, state: 'cancelled' });
    const { run } = await follow(runId);
    expect(run).toMatchObject({ state: 'cancelled', label: { text: 'Cancelled' } });
    expect(run.counts.running).toBe(0);
    await expect(call('run.cancel', { id: runId })).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
    });
    gate.resolve();
  });
});

describe('single tasks', () => {
  test('a task is a run of one node, with the same 26 characters', async () => {
    const created = await call('task.create', {
      name: 'one',
      capabilities: ['list'],
      input: { a: 1 },
    });
    expect(created.runId.slice(4)).toBe(created.taskId.slice(4));
    const { run, events } = await follow(created.runId);
    expect(run).toMatchObject({
      state: 'completed',
      isSingleTask: true,
      title: 'one',
      output: { items: [1, 2, 3] },
    });
    expect(events).toEqual(['task.completed']);
    const task = await call('task.show', { id: created.taskId });
    expect(task).toMatchObject({
      state: 'succeeded',
      agent: 'lister',
      input: { a: 1 },
      capabilities: ['list'],
    });
    const { runs } = await call('run.list', {});
    expect(runs.map(({ id }) => id)).toContain(created.runId);
  });

  test('what an agent says of its progress reaches a watcher while it works', async () => {
    gate = deferred();
    spoken = deferred();
    const { runId } = await call('task.create', { name: 'talk', capabilities: ['speak'] });
    // The first call only begins to listen; what is said before the next one is not lost.
    let { heard } = await call('run.watch', { id: runId, cursor: 'head', waitMs: 0 });
    gate.resolve();
    const signals: { type: string }[] = [];
    while (!signals.some(({ type }) => type === 'task.progress')) {
      const next = await call('run.watch', { id: runId, cursor: 'head', heard, waitMs: 2_000 });
      expect(next.isOver).toBe(false);
      signals.push(...next.signals);
      ({ heard } = next);
    }
    expect(signals.filter(({ type }) => type === 'task.progress')).toHaveLength(1);
    expect(signals.find(({ type }) => type === 'task.progress')).toMatchObject({
      cursor: null,
      data: { percent: 50, message: 'half', agent: 'speaker' },
    });
    spoken.resolve();
    await follow(runId);
  });

  test('a failure shows its tries and its error', async () => {
    const { runId, taskId } = await call('task.create', {
      name: 'bad',
      capabilities: ['throw'],
      retry: 'none',
    });
    const { run } = await follow(runId);
    expect(run).toMatchObject({
      state: 'failed',
      counts: { failed: 1 },
      error: { code: 'AGENT_THREW' },
    });
    const why = await call('task.why', { id: taskId });
    expect(why.answer).toContain('no luck');
  });

  test('bad input has its own code each', async () => {
    const bad = [
      [{ name: 'x', capabilities: ['nobody-has-this'] }, 'CAPABILITY_UNKNOWN'],
      [{ name: 'x', capabilities: ['list', 'hold'] }, 'CAPABILITY_UNKNOWN'],
      [{ name: 'x', capabilities: ['list'], input: 'a\u0000b' }, 'INPUT_NUL'],
      [{ name: 'x', capabilities: ['list'], input: 'y'.repeat(1_100_000) }, 'INPUT_TOO_LARGE'],
      [{ name: 'x', capabilities: [] }, 'INPUT_INVALID'],
    ] as const;
    for (const [request, code] of bad) {
      const sent = { ...request, capabilities: [...request.capabilities] };
      await expect(call('task.create', sent)).rejects.toMatchObject({ code });
    }
    await expect(call('task.show', { id: 'tsk_1' })).rejects.toMatchObject({ code: 'ID_INVALID' });
    await expect(call('task.show', { id: ids.make('task') })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(call('run.show', { id: ids.make('run') })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(call('run.list', { cursor: 'zzz' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });

  test('an idempotency key makes one task; with another body it is refused', async () => {
    const body = { name: 'keyed', capabilities: ['list'], idempotencyKey: 'k1' };
    const first = await call('task.create', body);
    expect(await call('task.create', { ...body })).toMatchObject({
      taskId: first.taskId,
      duplicate: true,
    });
    const other = { ...body, name: 'other' };
    await expect(call('task.create', other)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
  });

  test('waiting has a reason, and a waiting task can be cancelled once', async () => {
    const { taskId } = await call('task.create', {
      name: 'later',
      capabilities: ['list'],
      delayMs: 3_600_000,
    });
    expect(await call('task.why', { id: taskId })).toMatchObject({
      state: 'waiting',
      code: 'waiting.delay',
    });
    await call('task.cancel', { id: taskId });
    expect(await call('task.show', { id: taskId })).toMatchObject({ state: 'cancelled' });
    await expect(call('task.cancel', { id: taskId })).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
    });
  });

  test('a busy agent is the reason of a ready task', async () => {
    gate = deferred();
    const created = await Promise.all(
      Array.from({ length: 12 }, (_, at) => `t${at}`).map((name) =>
        call('task.create', { name, capabilities: ['hold'] }),
      ),
    );
    const answers = await Promise.all(
      created.map(({ taskId }) => call('task.why', { id: taskId })),
    );
    const codes = new Set(answers.map(({ code }) => code.split('.')[0]));
    expect(codes).toEqual(new Set(['leased', 'ready']));
    expect(answers.at(-1)).toMatchObject({ state: 'ready', code: 'ready.busy' });
    gate.resolve();
    await Promise.all(created.map(({ runId }) => follow(runId)));
  });
});

describe('lists', () => {
  test('pages of runs hold every run once, newest first', async () => {
    const all = await call('run.list', { limit: 500 });
    const paged: string[] = [];
    let cursor: string | null = null;
    do {
      const page: OperationOutput<'run.list'> = await call('run.list', {
        limit: 3,
        ...(cursor === null ? {} : { cursor }),
      });
      paged.push(...page.runs.map(({ id }) => id));
      cursor = page.next;
    } while (cursor !== null);
    expect(paged).toEqual(all.runs.map(({ id }) => id));
    expect(new Set(paged).size).toBe(paged.length);
    const failed = await call('run.list', { state: 'failed' });
    expect(failed.runs.map(({ title }) => title)).toEqual(['bad']);
  });

  test('tasks of a run come in the order of their making', async () => {
    const { runs } = await call('run.list', { state: 'completed' });
    const inspection = runs.find(({ workflow }) => workflow === 'inspect');
    const { tasks } = await call('run.tasks', { id: inspection?.id ?? '' });
    expect(tasks.map(({ node }) => node)).toEqual(['list', 'each', 'each', 'each', 'report']);
  });

  test('the hive tells its status, its health and its events', async () => {
    const status = await call('hive.status', {});
    expect(status.agents.map(({ name, slots }) => [name, slots])).toEqual([
      ['holder', 2],
      ['lister', 1],
      ['speaker', 1],
      ['thrower', 1],
    ]);
    expect(status.tasks.failed).toBe(1);
    const { checks } = await call('hive.doctor', {});
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'node',
        'store',
        'schema',
        'disk',
        'lock',
        'threads',
        'agents',
        'configuration',
      ]),
    );
    const { events, cursor } = await call('event.list', { limit: 5 });
    expect(events).toHaveLength(5);
    const rest = await call('event.list', { cursor: cursor ?? '' });
    expect(rest.events[0]?.cursor).not.toBe(events.at(-1)?.cursor);
  });

  test('another tenant sees nothing, and cannot tell foreign from absent', async () => {
    const { runs } = await call('run.list', {});
    const foreign = { ...context, principal: { ...owner, tenant: 2 } };
    expect(await invokeOperation(foreign, 'run.list', {})).toEqual({ runs: [], next: null });
    for (const id of [runs[0]?.id, ids.make('run')]) {
      const refusal = invokeOperation(foreign, 'run.show', { id });
      await expect(refusal).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: `there is no run ${id}`,
      });
    }
  });
});
