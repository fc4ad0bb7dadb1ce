import { expect, test } from 'vitest';
import { hiveError, installCrashPlan } from '../contract/index.ts';
import type { Lease, SettleUnit, SettleVerdict, Store } from '../contract/index.ts';
import { idSource, manualClock } from '../kernel/index.ts';
import { advance } from './advance.ts';
import { checkGraph } from './graph-check.ts';
import { newProgress } from './progress.ts';
import type { CachedRun } from './run-cache.ts';
import { RunKeeper } from './run-keeper.ts';

const RUN = 7;
const ITEMS = 200;

/** A keeper over a store that answers as told, with one run: `list` gives ITEMS items to `each`, then `last`. */
function keeperOf(
  onFailure: 'stop' | 'continue',
  settle: (units: readonly SettleUnit[]) => Promise<SettleVerdict[]>,
) {
  const clock = manualClock();
  const ids = idSource(clock);
  const slots = { taken: 0, reads: 0 };
  const store = {
    core: { settle },
    read: () => {
      slots.reads++;
      return Promise.resolve([]);
    },
  } as unknown as Store; // the parts that the keeper uses with a cached run
  const lease: Lease = { host: 1, agent: 'a', assignment: 'test', untilMs: 1 };
  const keeper = new RunKeeper({
    store,
    clock,
    ids,
    random: () => 0.5,
    routesOf: () => Promise.resolve([]),
    reserve: () => {
      slots.taken++;
      return lease;
    },
    release: () => slots.taken--,
    leased: () => undefined,
    changed: () => undefined,
  });
  const capabilities = ['x'];
  const graph = checkGraph({
    name: 'g',
    nodes: [
      { kind: 'agent', id: 'list', capabilities },
      { kind: 'map', id: 'each', over: 'list', after: ['list'], capabilities, onFailure },
      { kind: 'agent', id: 'last', after: ['each'], capabilities },
    ],
  });
  const started = advance(graph, newProgress(graph), { type: 'start' }).state;
  const run: CachedRun = {
    key: RUN,
    id: ids.make('run'),
    tenant: 1,
    project: 1,
    graph,
    routes: new Map(graph.nodes.map((node) => [node.id, 1])),
    input: 'null',
    title: 'g',
    workflow: 'g',
    createdMs: 0,
    startedMs: 0,
    version: 0,
    token: 0,
    seq: 0,
    state: 'running',
    progress: started,
    parent: null,
    inFlight: 0,
    results: new Map(),
  };
  keeper.cache.put(run);
  return { keeper, slots, run };
}

const listEnded = {
  run: RUN,
  event: {
    type: 'taskEnded',
    node: 'list',
    item: null,
    outcome: 'succeeded',
    items: { each: ITEMS },
  },
} as const;
const itemFailed = (item: number) =>
  ({ run: RUN, event: { type: 'taskEnded', node: 'each', item, outcome: 'failed' } }) as const;

const accept = (units: readonly SettleUnit[]): Promise<SettleVerdict[]> =>
  Promise.resolve(
    units.map((unit) => ({ status: 'ok', taskKeys: (unit.insert ?? []).map((_, at) => at + 1) })),
  );

test('a settle that the store fails gives the slots back that it had reserved for new tasks', async () => {
  const { keeper, slots } = keeperOf('stop', () => Promise.reject(hiveError('STORE_UNAVAILABLE')));
  await expect(keeper.apply(listEnded)).rejects.toThrow('');
  expect(slots.taken).toBe(0);
});

test('hundreds of tasks of one run that fail at once are all applied', async () => {
  const { keeper } = keeperOf('stop', accept);
  await keeper.apply(listEnded);
  const failures = Array.from({ length: ITEMS }, (_, item) => keeper.apply(itemFailed(item)));
  expect(new Set(await Promise.all(failures))).toEqual(new Set(['ok']));
});

test('a failed item that counts as done reads no open tasks: a map costs the same per item', async () => {
  const { keeper, slots, run } = keeperOf('continue', accept);
  await keeper.apply(listEnded);
  const { reads } = slots;
  for (let item = 0; item < ITEMS; item++) await keeper.apply(itemFailed(item));
  expect(slots.reads).toBe(reads);
  expect(run.progress.maps[1]).toEqual([ITEMS, 0, ITEMS, ITEMS]);
});

test('C17 stands before and after the commit of a cancel, and between two compensations', async () => {
  const seen: string[] = [];
  const { keeper, run } = keeperOf('stop', (units) => {
    seen.push('commit');
    return accept(units);
  });
  const capabilities = ['x'];
  const undo = (id: string) =>
    ({ kind: 'compensate', id: `undo-${id}`, undoes: id, capabilities }) as const;
  run.graph = checkGraph({
    name: 'g',
    nodes: [
      { kind: 'agent', id: 'a', capabilities },
      { kind: 'agent', id: 'b', after: ['a'], capabilities },
      { kind: 'agent', id: 'c', after: ['b'], capabilities },
      undo('a'),
      undo('b'),
    ],
  });
  run.routes = new Map(run.graph.nodes.map((node) => [node.id, 1]));
  run.progress = advance(run.graph, newProgress(run.graph), { type: 'start' }).state;
  const end = (node: string) =>
    keeper.apply({
      run: RUN,
      event: { type: 'taskEnded', node, item: null, outcome: 'succeeded' },
    });
  installCrashPlan((point) => {
    if (point === 'C17') seen.push(point);
  });
  try {
    await end('a');
    await end('b');
    await keeper.apply({ run: RUN, event: { type: 'cancel', reason: 'test' } });
    await end('undo-b');
    await end('undo-a');
  } finally {
    installCrashPlan(undefined);
  }
  expect(seen).toEqual(
    ['commit', 'commit', ['C17', 'commit', 'C17'], ['commit', 'C17'], ['commit', 'C17']].flat(),
  );
  expect(run.progress.phase).toBe('cancelled');
});
