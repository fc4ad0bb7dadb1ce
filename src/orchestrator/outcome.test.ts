import { expect, test } from 'vitest';
import { canTransition, hiveError, MAX_CRASHES } from '../contract/index.ts';
import type { AttemptOutcome, ErrorCode, RetryPreset } from '../contract/index.ts';
import { lostOutcome, settleOutcome } from './outcome.ts';
import type { AttemptFacts } from './outcome.ts';

const facts = (over: Partial<AttemptFacts> = {}): AttemptFacts => ({
  attempt: 1,
  crashes: 0,
  retry: 'default',
  fence: 7,
  agent: 'tester',
  host: 3,
  startedMs: 900,
  nowMs: 1_000,
  random: () => 0.5,
  ...over,
});
const record = (code: ErrorCode): ReturnType<ReturnType<typeof hiveError>['toRecord']> =>
  hiveError(code).toRecord();
const failed = (code: ErrorCode): AttemptOutcome => ({ status: 'failed', error: record(code) });
const timeout: AttemptOutcome = { status: 'timeout', error: record('AGENT_TIMEOUT') };
const crashed: AttemptOutcome = { status: 'crashed', error: record('AGENT_CRASHED') };
const cancelled: AttemptOutcome = { status: 'cancelled', error: record('TASK_CANCELLED') };
const shutDown: AttemptOutcome = { status: 'cancelled', error: record('SHUTTING_DOWN') };
const suspended: Extract<AttemptOutcome, { status: 'suspended' }> = {
  status: 'suspended',
  dueMs: 5_000,
  reason: 'sleep',
  steps: [],
  openWaits: [{ name: 'nap', occurrence: 0 }],
  children: [],
};

const preset = (retry: RetryPreset, attempt: number): Partial<AttemptFacts> => ({ retry, attempt });
test.each<[string, AttemptOutcome, Partial<AttemptFacts>, unknown[]]>([
  //                                                                   to, reason, dueMs, attempt row, end
  [
    'success',
    { status: 'succeeded', result: '1' },
    {},
    ['succeeded', 'none', undefined, undefined, 'succeeded'],
  ],
  ['retry, first of five', failed('AGENT_THREW'), {}, ['waiting', 'retry', 1_250, 'error', null]],
  [
    'retry, fourth of five',
    failed('AGENT_THREW'),
    preset('default', 4),
    ['waiting', 'retry', 3_500, 'error', null],
  ],
  [
    'retry, last of five',
    failed('AGENT_THREW'),
    preset('default', 5),
    ['dead', 'attempts', undefined, 'error', 'dead'],
  ],
  [
    'retry, seeds-1-2, second',
    failed('AGENT_THREW'),
    preset('seeds-1-2', 2),
    ['waiting', 'retry', 2_000, 'error', null],
  ],
  [
    'retry, seeds-1-2, last',
    failed('AGENT_THREW'),
    preset('seeds-1-2', 3),
    ['dead', 'attempts', undefined, 'error', 'dead'],
  ],
  [
    'retry, seeds-2-4-8, third',
    failed('AGENT_THREW'),
    preset('seeds-2-4-8', 3),
    ['waiting', 'retry', 5_000, 'error', null],
  ],
  [
    'retry, one try',
    failed('AGENT_THREW'),
    preset('none', 1),
    ['failed', 'error', undefined, 'error', 'failed'],
  ],
  ['stop', failed('AGENT_NO_RESULT'), {}, ['failed', 'error', undefined, 'error', 'failed']],
  ['pause', failed('STORE_FULL'), {}, ['paused', 'error', undefined, 'error', null]],
  [
    'error of kind cancelled',
    failed('TASK_CANCELLED'),
    {},
    ['cancelled', 'user', undefined, 'cancelled', 'cancelled'],
  ],
  ['timeout', timeout, {}, ['waiting', 'retry', 1_250, 'timeout', null]],
  [
    'timeout, last',
    timeout,
    preset('default', 5),
    ['dead', 'timeout', undefined, 'timeout', 'dead'],
  ],
  [
    'timeout, one try',
    timeout,
    preset('none', 1),
    ['failed', 'timeout', undefined, 'timeout', 'failed'],
  ],
  ['first crash', crashed, {}, ['ready', 'none', undefined, 'crash', null]],
  [
    'crash with a used-up preset',
    crashed,
    preset('none', 1),
    ['ready', 'none', undefined, 'crash', null],
  ],
  [
    'last crash',
    crashed,
    { crashes: MAX_CRASHES - 1 },
    ['dead', 'crashes', undefined, 'crash', 'dead'],
  ],
  [
    'lost for the last time',
    lostOutcome(),
    { crashes: MAX_CRASHES },
    ['dead', 'crashes', undefined, 'crash', 'dead'],
  ],
  ['the attempt is aborted', cancelled, {}, ['ready', 'none', undefined, 'cancelled', null]],
  ['the host shuts down', shutDown, {}, ['ready', 'none', undefined, 'cancelled', null]],
  ['suspended', suspended, {}, ['waiting', 'sleep', 5_000, undefined, null]],
])('%s', (...[, outcome, over, row]) => {
  const { change, end } = settleOutcome(outcome, facts(over));
  expect([change.to, change.reason, change.dueMs, change.attempt?.outcome, end]).toEqual(row);
  expect(canTransition('leased', change.to)).toBe(true); // O1
  expect(change.endedMs).toBe(end === null ? undefined : 1_000);
  expect([change.addErrors ?? 0, change.addCrashes ?? 0]).toEqual([
    ['error', 'timeout'].includes(String(row[3])) ? 1 : 0, // O3
    row[3] === 'crash' ? 1 : 0,
  ]);
});

test('what an end and an attempt row carry', () => {
  expect(settleOutcome(failed('AGENT_NO_RESULT'), facts({ attempt: 2 })).change).toEqual({
    to: 'failed',
    reason: 'error',
    error: record('AGENT_NO_RESULT'),
    addErrors: 1,
    startedMs: 900,
    endedMs: 1_000,
    agent: 'tester',
    attempt: {
      attempt: 2,
      fence: 7,
      agent: 'tester',
      host: 3,
      startedMs: 900,
      endedMs: 1_000,
      outcome: 'error',
      error: record('AGENT_NO_RESULT'),
    },
  });
});

test('the wait of a retry stays in its bounds', () => {
  for (const random of [() => 0, () => 0.999_999]) {
    const { dueMs = -1 } = settleOutcome(failed('AGENT_THREW'), facts({ random })).change;
    expect(dueMs).toBeGreaterThanOrEqual(1_000);
    expect(dueMs).toBeLessThanOrEqual(1_500);
  }
});

test('a suspension takes its journal steps along', () => {
  const steps = [
    { name: 'nap', occurrence: 0, kind: 'sleep', result: null, dueMs: 5_000, atMs: 1 },
  ] as const;
  expect(settleOutcome({ ...suspended, steps }, facts()).change.journal).toEqual(steps);
});

test('steps that are not written yet go with the end, good or bad', () => {
  const steps = [{ name: 'a', occurrence: 0, kind: 'step', result: '1', atMs: 1 }] as const;
  const ends: AttemptOutcome[] = [
    { status: 'succeeded', result: '1', steps },
    { ...failed('AGENT_THREW'), steps } as AttemptOutcome,
    { status: 'uncertain', error: record('EFFECT_UNKNOWN'), steps },
  ];
  for (const end of ends) expect(settleOutcome(end, facts()).change.journal).toEqual(steps);
});

test('what may have happened waits for a person and is no end; a false condition is one', () => {
  const uncertain = settleOutcome(
    { status: 'uncertain', error: record('EFFECT_UNKNOWN') },
    facts(),
  );
  expect(uncertain.change).toMatchObject({ to: 'uncertain', reason: 'effect' });
  expect(uncertain.change).not.toHaveProperty('attempt');
  expect(uncertain.end).toBeNull();
  const skipped = settleOutcome({ status: 'skipped' }, facts());
  expect(skipped).toMatchObject({ change: { to: 'skipped', reason: 'branch' }, end: 'skipped' });
});

test('a wait without a time has no due time, and names what is open', () => {
  const { change } = settleOutcome({ ...suspended, dueMs: null, reason: 'approval' }, facts());
  expect(change).toMatchObject({
    to: 'waiting',
    reason: 'approval',
    openWaits: suspended.openWaits,
  });
  expect(change.dueMs).toBeUndefined();
});
