// Random sequences of what can happen to tasks: the store answers and holds what the model does.

import fc from 'fast-check';
import { test } from 'vitest';
import { ModelRun, steps } from './model-steps.ts';
import type { Stores } from './store-fixture.ts';

export function modelCases(stores: Stores, runs: number): void {
  test(`${runs} random lives of tasks go as in the model`, { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        await using f = await stores.shared();
        const run = new ModelRun(f);
        try {
          for (const step of sequence) await run.apply(step);
          await run.compare();
        } finally {
          await run.finish();
        }
      }),
      { numRuns: runs },
    );
  });
}
