import { expect, test } from 'vitest';
import type { TaskId, TaskState } from '../contract/index.ts';
import { manualClock } from '../kernel/index.ts';
import { Resolutions } from './resolutions.ts';
import type { ResolutionParts } from './resolutions.ts';

const TASK = 'tsk_00000000000000000000000001' as TaskId;

/** Resolutions over a task whose states are read one after the other, and that has no open effect. */
function resolutionsOver(states: TaskState[]): Resolutions {
  const rows = {
    task: () => Promise.resolve({ id: TASK, key: 1, run: null, node: null, state: states.shift() }),
    query: () => Promise.resolve([]),
  };
  return new Resolutions({ rows, clock: manualClock() } as unknown as ResolutionParts); // the parts that are used
}

test.each([
  ['resolved by another person meanwhile', ['uncertain', 'ready'], 'ILLEGAL_TRANSITION'],
  ['uncertain without an effect', ['uncertain', 'uncertain'], 'INTERNAL'],
] as const)('a task that is %s', async (_what, states, code) => {
  const resolutions = resolutionsOver([...states]);
  const request = { task: TASK, resolution: 'retry' } as const;
  await expect(resolutions.resolve(request, { actor: 'b', tenant: 1 })).rejects.toMatchObject({
    code,
  });
});
