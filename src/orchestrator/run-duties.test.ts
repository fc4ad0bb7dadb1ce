import { expect, test } from 'vitest';
import { hiveError } from '../contract/index.ts';
import type { Store } from '../contract/index.ts';
import { manualClock } from '../kernel/index.ts';
import { RunDuties } from './run-duties.ts';
import type { ApplyRequest, RunKeeper } from './run-keeper.ts';

test('a run that cannot be changed does not keep the others from their end, and is told', async () => {
  const open = { deadlines: [1, 2], orphans: [3, 4] };
  const duties = new RunDuties({
    store: {
      read: (_scope: unknown, { sql }: { sql: string }) =>
        Promise.resolve(
          (sql.includes('parent_task') ? open.orphans : open.deadlines).map((key) => ({ key })),
        ),
    } as unknown as Store, // the part that a look uses
    clock: manualClock(),
    keeper: {
      apply: ({ run }: ApplyRequest) => {
        if (run === 1 || run === 3)
          return Promise.reject(hiveError('STORE_CORRUPT', { message: `run ${run}` }));
        for (const list of [open.deadlines, open.orphans]) {
          if (list.includes(run)) list.splice(list.indexOf(run), 1);
        }
        return Promise.resolve('ok');
      },
    } as unknown as RunKeeper, // the part that a look uses
  });
  await expect(duties.look()).rejects.toThrow('run 1');
  expect(open).toEqual({ deadlines: [1], orphans: [3] });
});
