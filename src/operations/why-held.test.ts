import { expect, test } from 'vitest';
import { taskReasons, taskStates } from '../contract/index.ts';
import type { TaskState, WaitView } from '../contract/index.ts';
import { whyHeld } from './why-held.ts';
import type { HeldFacts } from './why-held.ts';

const wait = (fields: Partial<WaitView>): WaitView => ({
  kind: 'event',
  name: 'w',
  occurrence: 0,
  sinceMs: 0,
  dueMs: null,
  subject: 'paid',
  message: null,
  ...fields,
});
const facts = (fields: Partial<HeldFacts>): HeldFacts => ({
  nowMs: 1_000,
  taskId: 'tsk_1',
  runId: 'run_1',
  state: 'waiting',
  reason: 'event',
  isHeld: false,
  waits: [],
  error: null,
  ...fields,
});

test('it answers for every state and reason, and never without the facts', () => {
  for (const state of Object.keys(taskStates) as TaskState[]) {
    for (const reason of taskReasons) {
      const answer = whyHeld(facts({ state, reason, runId: null }));
      expect(answer?.sentence ?? '').not.toMatch(/undefined|null/);
    }
  }
});

test('several waits are named, the first ones, with the earliest end', () => {
  const waits = ['a', 'b', 'c', 'd', 'e'].map((subject, at) =>
    wait({ kind: 'approval', subject, dueMs: 1_000 + (5 - at) * 60_000 }),
  );
  expect(whyHeld(facts({ reason: 'approval', waits }))).toEqual({
    code: 'waiting.approval',
    sentence:
      'It waits for a person to decide a, b, c and 2 more, at the latest in 1m 00s: `hive approval show a`, then `hive approval approve a` or `hive approval reject a`.',
    links: ['a', 'b', 'c'].map((id) => ({ kind: 'approval', id })),
  });
  expect(whyHeld(facts({ waits: [wait({ dueMs: 900 })] }))?.sentence).toContain('has passed');
});

test('a single task takes events by the run id that it has', () => {
  const { sentence } = whyHeld(facts({ runId: null, waits: [wait({})] })) ?? {};
  expect(sentence).toContain('`hive run signal run_1 paid`');
});

test('an uncertain effect is named with its key and the three ways out', () => {
  const effect = wait({ kind: 'effect', name: 'charge', subject: 'tsk_1:charge' });
  const { sentence, code } = whyHeld(facts({ state: 'uncertain', waits: [effect] })) ?? {};
  expect(code).toBe('uncertain.effect');
  expect(sentence).toContain('the effect "charge"');
  expect(sentence).toContain('tsk_1:charge');
  expect(sentence).toContain('`hive task resolve tsk_1 --done`, `--retry` or `--fail`');
  const error = { code: 'EFFECT_UNKNOWN', message: '', details: { effect: 'mail' } };
  expect(whyHeld(facts({ state: 'uncertain', error }))?.sentence).toContain('the effect "mail"');
});

test('pauses tell who must act: the run, or the task', () => {
  const paused = (fields: Partial<HeldFacts>): string | undefined =>
    whyHeld(facts({ state: 'paused', ...fields }))?.sentence;
  expect(paused({ reason: 'run' })).toBe('Its run is paused; go on with `hive run resume run_1`.');
  expect(paused({ reason: 'user' })).toContain('hive task requeue tsk_1');
  const error = { code: 'STORE_FULL', message: 'No room.' };
  expect(paused({ reason: 'error', error })).toContain('(STORE_FULL: No room)');
  expect(whyHeld(facts({ state: 'leased', isHeld: true }))?.code).toBe('leased.held');
  expect(whyHeld(facts({ state: 'leased' }))).toBeUndefined();
});
