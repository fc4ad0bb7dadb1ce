import { expect, test } from 'vitest';
import { graphLimits } from '../contract/index.ts';
import type { ClaimedTask, Store } from '../contract/index.ts';
import { idSource, manualClock } from '../kernel/index.ts';
import { ChildRuns } from './child-runs.ts';
import type { ChildRunParts } from './child-runs.ts';
import { suspension } from './suspension.ts';

test('child runs that are asked for together count together', async () => {
  const clock = manualClock();
  const ids = idSource(clock);
  const children = new ChildRuns({
    store: {
      read: () => Promise.resolve([{ n: graphLimits.children - 1 }]),
    } as unknown as Store, // what is asked here
    clock,
    ids,
    random: () => 0.5,
    routesOf: () => Promise.resolve(new Map([['a', 1]])),
  } as unknown as ChildRunParts); // no cache: the parent is a single task
  const task = { key: 1, id: ids.make('task'), tenant: 1, project: 1, runKey: null } as ClaimedTask;
  const graph = { name: 'g', nodes: [{ kind: 'agent', id: 'a', capabilities: ['x'] }] };
  const { unit, outcome } = await suspension(
    task,
    {
      status: 'suspended',
      dueMs: null,
      reason: 'child',
      steps: [0, 1].map((occurrence) => ({
        name: 'child:c',
        occurrence,
        kind: 'child',
        result: null,
        atMs: 1,
      })),
      openWaits: [],
      children: [0, 1].map((occurrence) => ({
        name: 'child:c',
        occurrence,
        title: 'c',
        graph,
        input: null,
      })),
    },
    { ids, children },
  );
  expect(unit.children).toHaveLength(1);
  expect(outcome.steps[0]).toMatchObject({ result: null });
  expect(JSON.parse(outcome.steps[1]?.result ?? '{}')).toMatchObject({
    status: 'failed',
    error: { code: 'CHILD_LIMIT' },
  });
});
