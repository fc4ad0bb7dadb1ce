import { expect, test } from 'vitest';
import type { HiveEvent } from '../contract/index.ts';
import { manualClock } from '../kernel/index.ts';
import { openSignalLog } from './signal-log.ts';

const signal = (runId: string): HiveEvent => ({
  type: 'task.progress',
  cursor: null,
  atMs: 0,
  tenant: 1,
  runId,
  taskId: null,
  seq: null,
  data: {},
});

function aHive() {
  const listeners = new Set<(signal: HiveEvent) => void>();
  return {
    hive: {
      onSignal: (listener: (signal: HiveEvent) => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    say: (runId: string) => {
      for (const tell of listeners) tell(signal(runId));
    },
    count: () => listeners.size,
  };
}
const all = (): boolean => true;

test('what is said between two calls is there at the second, once', () => {
  const clock = manualClock();
  const { hive, say, count } = aHive();
  const first = openSignalLog(hive, clock);
  const heard = first.log.newest();
  first.release();
  say('run_1');
  say('run_2');
  const second = openSignalLog(hive, clock);
  expect(second.log.since(heard, ({ runId }) => runId === 'run_1')).toHaveLength(1);
  expect(second.log.since(second.log.newest(), all)).toEqual([]);
  expect(count()).toBe(1);
  second.release();
});

test('without watchers it stops listening, and numbers are not used again', () => {
  const clock = manualClock();
  const { hive, say, count } = aHive();
  const first = openSignalLog(hive, clock);
  say('run_1');
  first.release();
  clock.advance(9_999);
  expect(count()).toBe(1);
  clock.advance(1);
  expect(count()).toBe(0);
  const second = openSignalLog(hive, clock);
  expect(second.log.since(0, all)).toEqual([]);
  say('run_1');
  expect(second.log.newest()).toBe(2);
  // The number of another process means nothing here.
  expect(second.log.since(1_000, all)).toEqual([]);
  second.release();
});

test('it keeps a bounded number, the newest', () => {
  const clock = manualClock();
  const { hive, say } = aHive();
  const { log, release } = openSignalLog(hive, clock);
  for (let at = 0; at < 20_000; at++) say(`run_${at}`);
  const kept = log.since(0, all);
  expect(kept.length).toBeLessThanOrEqual(10_000);
  expect(kept.at(-1)?.runId).toBe('run_19999');
  release();
});
