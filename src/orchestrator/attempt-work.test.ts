import { expect, test } from 'vitest';
import { hiveError } from '../contract/index.ts';
import type { AttemptOutcome, ClaimedTask, ErrorCode, SettleUnit } from '../contract/index.ts';
import { idSource, manualClock } from '../kernel/index.ts';
import { AttemptWork } from './attempt-work.ts';
import type { AttemptParts } from './attempt-work.ts';
import { LeaseBook } from './lease-book.ts';
import { defaultSettings } from './orchestrator-settings.ts';

/** What an attempt that ends like this settles as. */
async function settledAs(outcome: AttemptOutcome): Promise<SettleUnit['change']> {
  const clock = manualClock();
  const units: SettleUnit[] = [];
  const nothing = (): void => undefined;
  const parts = {
    store: {
      core: {
        settle: (sent: readonly SettleUnit[]) => {
          units.push(...sent);
          return Promise.resolve(sent.map(() => ({ status: 'ok', taskKeys: [] })));
        },
      },
    },
    runner: { run: () => Promise.resolve(outcome), forget: nothing },
    clock,
    random: () => 0.5,
    settings: defaultSettings,
    telemetry: {
      hasWatchers: false,
      started: nothing,
      worked: nothing,
      ended: nothing,
      log: nothing,
    },
    timerSet: nothing,
    ended: nothing,
    storeTrouble: nothing,
  } as unknown as AttemptParts; // the parts that a task without a run uses
  const task = {
    key: 1,
    id: idSource(clock).make('task'),
    tenant: 1,
    runKey: null,
    runId: null,
    node: null,
    input: 'null',
    fence: 1,
    attempt: 1,
    crashes: 0,
    journalSteps: 0,
    retry: 'none',
    timeoutMs: 1_000,
    createdMs: 0,
  } as unknown as ClaimedTask;
  const book = new LeaseBook();
  const held = book.add(task, 'a');
  await new AttemptWork(parts, { host: 1, book }).run(task, held, nothing);
  expect(book.size).toBe(0);
  return units[0]?.change;
}

const failedWith = (code: ErrorCode): AttemptOutcome => ({
  status: 'failed',
  error: hiveError(code).toRecord(),
});

test('a step that the store could not keep costs no try: the task is ready again', async () => {
  expect(await settledAs(failedWith('STORE_UNAVAILABLE'))).toMatchObject({ to: 'ready' });
  expect(await settledAs(failedWith('STORE_FULL'))).not.toHaveProperty('addErrors');
  expect(await settledAs(failedWith('AGENT_THREW'))).toMatchObject({ to: 'failed', addErrors: 1 });
});
