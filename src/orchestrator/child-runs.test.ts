import { expect, test } from 'vitest';
import { idBytes } from '../contract/index.ts';
import type { JournalStep, Store } from '../contract/index.ts';
import { idSource, manualClock } from '../kernel/index.ts';
import { ChildRuns } from './child-runs.ts';
import type { ChildRunParts } from './child-runs.ts';

test('the outputs of all turns of a loop are read together', async () => {
  const ids = idSource(manualClock());
  const runs = Array.from({ length: 150 }, () => ids.make('run'));
  let reads = 0;
  const children = new ChildRuns({
    store: {
      dialect: 'sqlite',
      read: () => {
        reads++;
        return Promise.resolve(
          runs.map((id, at) => ({ id: idBytes('run', id), output: String(at) })),
        );
      },
      loadRuns: () => Promise.reject(new Error('one by one')),
    } as unknown as Store, // what is asked here
  } as unknown as ChildRunParts); // the part that filling uses
  const turn = (occurrence: number, result: string | null): JournalStep => ({
    name: 'child:turn',
    occurrence,
    kind: 'child',
    result,
    atMs: 1,
  });
  const journal = runs.map((run, at) => turn(at, JSON.stringify({ status: 'ok', run })));
  const open = turn(150, null);
  const filled = await children.filled([...journal, open]);
  expect(reads).toBe(1);
  expect(JSON.parse(filled[149]?.result ?? '')).toEqual({
    status: 'ok',
    run: runs[149],
    value: 149,
  });
  expect(filled[150]).toBe(open);
});
