import { describe, expect, test } from 'vitest';
import { formatDuration, formatWait } from './format-duration.ts';
import {
  agentLooks,
  healthLooks,
  runLabel,
  runLooks,
  taskLabel,
  taskLooks,
  tones,
} from './labels.ts';
import type { StateLabel, TaskLabelFacts } from './labels.ts';
import { runStates, taskReasons, taskStates } from './states.ts';
import type { RunState, TaskReason, TaskState } from './states.ts';

const facts = (change: Partial<TaskLabelFacts>): TaskLabelFacts => ({
  state: 'ready',
  reason: 'none',
  errors: 0,
  maxAttempts: 3,
  dueMs: null,
  nowMs: 1_000,
  ...change,
});

const expectGood = (look: StateLabel, name: string): void => {
  expect(tones, name).toContain(look.tone);
  expect(look.icon, name).not.toBe('');
  expect(look.text, name).toMatch(/^[A-Z][^\n]*$/);
  expect(look.text, name).not.toMatch(/undefined|NaN|null/);
};

describe('taskLabel', () => {
  test('has a look for every state, reason and time', () => {
    for (const state of Object.keys(taskStates) as TaskState[]) {
      for (const reason of taskReasons) {
        for (const dueMs of [null, 0, 5_000])
          expectGood(taskLabel(facts({ state, reason, dueMs })), `${state} ${reason}`);
      }
    }
  });

  test('a retry counts the next try and the seconds', () => {
    const retry = facts({ state: 'waiting', reason: 'retry', errors: 1, dueMs: 4_900 });
    expect(taskLabel(retry)).toMatchObject({
      tone: 'warning',
      icon: 'rotate',
      text: 'Retry 2/3 in 4 s',
    });
    expect(taskLabel({ ...retry, dueMs: 900 }).text).toBe('Retry 2/3 now');
    expect(taskLabel({ ...retry, errors: 5 }).text).toBe('Retry 6/6 in 4 s');
  });

  test('words follow the reason', () => {
    const label = (change: Partial<TaskLabelFacts>): string => taskLabel(facts(change)).text;
    expect(label({ state: 'waiting', reason: 'delay', dueMs: 62_000 })).toBe(
      'Scheduled, starts in 1m 01s',
    );
    expect(label({ state: 'waiting', reason: 'sleep', dueMs: 3_000 })).toBe(
      'Sleeping, goes on in 2 s',
    );
    expect(label({ state: 'waiting', reason: 'event' })).toBe('Waiting for an event');
    expect(label({ state: 'waiting', reason: 'approval' })).toBe('Waiting for approval');
    expect(label({ state: 'leased' })).toBe('Running');
    expect(label({ state: 'leased', errors: 1 })).toBe('Running (try 2/3)');
    expect(label({ state: 'dead', reason: 'attempts', errors: 5 })).toBe('Failed after 5 tries');
    expect(label({ state: 'dead', reason: 'timeout' })).toBe('Timed out');
    expect(label({ state: 'skipped', reason: 'upstream' })).toBe('Upstream failed');
    expect(label({ state: 'skipped', reason: 'branch' })).toBe('Skipped');
  });
});

test('runs, agents and health have looks; no two looks of a kind are the same', () => {
  for (const state of Object.keys(runStates) as RunState[]) expectGood(runLabel({ state }), state);
  expect(runLabel({ state: 'completed', hasWarnings: true }).tone).toBe('warning');
  expect(runLabel({ state: 'failed', hasWarnings: true }).tone).toBe('danger');
  for (const looks of [taskLooks, runLooks, agentLooks, healthLooks]) {
    const all: StateLabel[] = Object.values(looks);
    for (const look of all) expectGood(look, look.text);
    expect(new Set(all.map(({ text }) => text)).size).toBe(all.length);
    expect(new Set(all.map(({ tone, icon }) => `${tone} ${icon}`)).size).toBe(all.length);
  }
});

test('a run that cannot go on says what it waits for, and that it undoes', () => {
  const text = (waitsFor: readonly (TaskReason | 'uncertain')[]): string =>
    runLabel({ state: 'running', waitsFor }).text;
  expect(text([])).toBe('Running');
  expect(text(['sleep', 'approval'])).toBe('Waiting for approval');
  expect(text(['approval', 'uncertain'])).toBe('Needs a decision');
  expect(text(['event'])).toBe('Waiting for an event');
  expect(text(['child'])).toBe('Waiting for a child run');
  expect(runLabel({ state: 'running', isCompensating: true, waitsFor: ['approval'] }).text).toBe(
    'Undoing what was done',
  );
  expect(runLabel({ state: 'paused', waitsFor: ['approval'] }).text).toBe('Paused');
});

test('durations', () => {
  const texts = [
    -5, 0, 999, 4_200, 9_949, 9_960, 59_400, 59_600, 64_000, 3_599_600, 7_500_000, 273_600_000,
  ].map(formatDuration);
  expect(texts).toEqual([
    '0 ms',
    '0 ms',
    '999 ms',
    '4.2 s',
    '9.9 s',
    '10 s',
    '59 s',
    '1m 00s',
    '1m 04s',
    '1h 00m',
    '2h 05m',
    '3d 04h',
  ]);
  expect([0, 1, 1_000, 59_001].map(formatWait)).toEqual(['0 s', '1 s', '1 s', '1m 00s']);
});
