import { expect, test } from 'vitest';
import { hiveError } from '../contract/index.ts';
import type { AttemptOutcome, ClaimedTask, TaskChange } from '../contract/index.ts';
import { idSource, manualClock } from '../kernel/index.ts';
import { AttemptSettle } from './attempt-settle.ts';
import type { AttemptParts } from './attempt-work.ts';
import { checkGraph } from './graph-check.ts';
import { HeldTask } from './lease-book.ts';

/** Children that a suspension resumes when it is written, by what their run does then. */
async function resumed(isHeld: boolean): Promise<number[]> {
  const clock = manualClock();
  const ids = idSource(clock);
  const nothing = (): void => undefined;
  const child = ids.make('run');
  const keys: number[] = [];
  const parts = {
    store: {
      core: { settle: () => Promise.resolve([{ status: 'ok', taskKeys: [] }]) },
      loadRuns: () => Promise.resolve([{ key: 7 }]),
    },
    children: {
      build: () => Promise.resolve({ id: child, unit: { run: { id: child, state: 'paused' } } }),
      isHeld: () => Promise.resolve(isHeld),
    },
    keeper: {
      holdIfNeeded: (key: number) => {
        keys.push(key);
        return Promise.resolve();
      },
    },
    clock,
    ids,
    random: () => 0.5,
    telemetry: { hasWatchers: false, worked: nothing },
  } as unknown as AttemptParts; // the parts that a suspension uses
  const wait = { name: 'child:c', occurrence: 0 };
  const outcome: AttemptOutcome = {
    status: 'suspended',
    dueMs: null,
    reason: 'child',
    steps: [{ ...wait, kind: 'child', result: null, atMs: 1 }],
    openWaits: [wait],
    children: [{ ...wait, title: 'c', graph: null, input: null }],
  };
  const task = { key: 1, id: ids.make('task'), runKey: 2, node: 'n', fence: 1 } as ClaimedTask;
  const settle = new AttemptSettle(parts, 1);
  await settle.persistently(new HeldTask(task, 'a'), { outcome, startedMs: 0, durationMs: 0 });
  return keys;
}

test('a child that began paused is resumed when its run was resumed before the child was there', async () => {
  expect(await resumed(true)).toEqual([]);
  expect(await resumed(false)).toEqual([7]);
});

test('E2: a failed end that the store cannot hold is written as a plain failure, so that the run goes on', async () => {
  const clock = manualClock();
  const ids = idSource(clock);
  const nothing = (): void => undefined;
  const changes: TaskChange[] = [];
  const bad = hiveError('INPUT_NUL').toRecord();
  const parts = {
    keeper: {
      cache: { get: () => Promise.resolve({ graph: checkGraph(oneNode) }) },
      apply: ({ outcome }: { outcome: { change: TaskChange } }) => {
        changes.push(outcome.change);
        return changes.length === 1
          ? Promise.reject(hiveError('INTERNAL', { details: { refused: bad } }))
          : Promise.resolve('ok');
      },
    },
    clock,
    random: () => 0.5,
    telemetry: { hasWatchers: false, worked: nothing, ended: nothing, log: nothing },
  } as unknown as AttemptParts; // the parts that the end of a node uses
  const outcome: AttemptOutcome = {
    status: 'failed',
    error: hiveError('AGENT_STOPPED').toRecord(),
  };
  const task = {
    key: 1,
    id: ids.make('task'),
    runKey: 2,
    node: 'n',
    item: null,
    fence: 1,
    attempt: 1,
    crashes: 0,
    retry: 'none',
  } as ClaimedTask;
  const settle = new AttemptSettle(parts, 1);
  await settle.persistently(new HeldTask(task, 'a'), { outcome, startedMs: 0, durationMs: 0 });
  expect(changes).toHaveLength(2);
  expect(changes[1]).toMatchObject({ to: 'failed', error: { code: 'INPUT_NUL' } });
});

const oneNode = { name: 'g', nodes: [{ kind: 'agent', id: 'n', capabilities: ['x'] }] };
