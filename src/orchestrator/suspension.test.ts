import { expect, test } from 'vitest';
import { graphLimits, hiveError } from '../contract/index.ts';
import type { ClaimedTask, Store } from '../contract/index.ts';
import { idSource, manualClock } from '../kernel/index.ts';
import { ChildRuns } from './child-runs.ts';
import type { ChildRunParts } from './child-runs.ts';
import { suspension } from './suspension.ts';
import type { Suspended } from './suspension.ts';

/** A single task that asks for two child runs at once. */
function asked(parts: { count: number; routesOf: ChildRunParts['routesOf'] }) {
  const clock = manualClock();
  const ids = idSource(clock);
  const children = new ChildRuns({
    store: {
      read: () => Promise.resolve([{ n: parts.count }]),
    } as unknown as Store, // what is asked here
    clock,
    ids,
    random: () => 0.5,
    routesOf: parts.routesOf,
  } as unknown as ChildRunParts); // no cache: the parent is a single task
  const task = { key: 1, id: ids.make('task'), tenant: 1, project: 1, runKey: null } as ClaimedTask;
  const graph = { name: 'g', nodes: [{ kind: 'agent', id: 'a', capabilities: ['x'] }] };
  const wait = (occurrence: number) => ({ name: 'child:c', occurrence });
  const outcome: Suspended = {
    status: 'suspended',
    dueMs: null,
    reason: 'child',
    steps: [0, 1].map((at) => ({ ...wait(at), kind: 'child', result: null, atMs: 1 })),
    openWaits: [],
    children: [0, 1].map((at) => ({ ...wait(at), title: 'c', graph, input: null })),
  };
  return suspension(task, outcome, { ids, children });
}

test('child runs that are asked for together count together', async () => {
  const { unit, outcome } = await asked({
    count: graphLimits.children - 1,
    routesOf: () => Promise.resolve(new Map([['a', 1]])),
  });
  expect(unit.children).toHaveLength(1);
  expect(outcome.steps[0]).toMatchObject({ result: null });
  expect(JSON.parse(outcome.steps[1]?.result ?? '{}')).toMatchObject({
    status: 'failed',
    error: { code: 'CHILD_LIMIT' },
  });
});

test.each(['STORE_UNAVAILABLE', 'STORE_FULL', 'QUEUE_FULL'] as const)(
  'a child run is not refused for good because of the store: %s',
  async (code) => {
    const routesOf = () => Promise.reject(hiveError(code));
    await expect(asked({ count: 0, routesOf })).rejects.toMatchObject({ code });
  },
);
