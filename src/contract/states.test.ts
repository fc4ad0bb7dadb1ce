import { describe, expect, test } from 'vitest';
import {
  canTransition,
  isRunTerminal,
  isTerminal,
  runStateName,
  runStates,
  taskReasons,
  taskStateName,
  taskStates,
  taskTransitions,
} from './states.ts';
import type { RunState, TaskState } from './states.ts';

const states = Object.keys(taskStates) as TaskState[];
const terminal: readonly TaskState[] = ['succeeded', 'failed', 'dead', 'cancelled', 'skipped'];

describe('task states', () => {
  test('I3: the stored numbers are these and no others', () => {
    expect(taskStates).toEqual({
      blocked: 0,
      waiting: 1,
      ready: 2,
      leased: 3,
      paused: 4,
      uncertain: 5,
      succeeded: 6,
      failed: 7,
      dead: 8,
      cancelled: 9,
      skipped: 10,
    });
  });

  test('numbers and names convert both ways; others are refused', () => {
    for (const state of states) expect(taskStateName(taskStates[state])).toBe(state);
    for (const code of [-1, 11, 1.5, Number.NaN])
      expect(() => taskStateName(code)).toThrow(RangeError);
  });

  test('I1: exactly these states are terminal, and nothing leaves them', () => {
    expect(states.filter(isTerminal).toSorted()).toEqual(terminal.toSorted());
    for (const from of terminal)
      for (const to of states) expect(canTransition(from, to)).toBe(false);
  });

  test('the table names every state and only states, none twice, none to itself', () => {
    expect(Object.keys(taskTransitions)).toEqual(states);
    for (const from of states) {
      const targets = taskTransitions[from];
      expect(new Set(targets).size).toBe(targets.length);
      expect(targets).not.toContain(from);
      for (const to of targets) expect(states).toContain(to);
    }
  });

  test('I2: only ready tasks, and blocked ones by local dispatch, are leased', () => {
    expect(states.filter((from) => canTransition(from, 'leased')).toSorted()).toEqual([
      'blocked',
      'ready',
    ]);
  });

  test('every live state can be cancelled, and every state can be reached from the first ones', () => {
    for (const state of states)
      if (!isTerminal(state)) expect(canTransition(state, 'cancelled'), state).toBe(true);
    const reached = new Set<TaskState>(['ready', 'blocked', 'waiting']);
    for (let before = -1; before !== reached.size;) {
      before = reached.size;
      for (const from of Array.from(reached))
        for (const to of taskTransitions[from]) reached.add(to);
    }
    expect(reached.size).toBe(states.length);
  });

  test('from every live state some terminal state can be reached', () => {
    for (const state of states) {
      const seen = new Set([state]);
      for (const each of seen) for (const to of taskTransitions[each]) seen.add(to);
      expect([...seen].some(isTerminal), state).toBe(true);
    }
  });

  test('reasons are unique', () => {
    expect(new Set(taskReasons).size).toBe(taskReasons.length);
  });
});

describe('run states', () => {
  test('numbers and names convert both ways; the terminal ones', () => {
    const names = Object.keys(runStates) as RunState[];
    for (const name of names) expect(runStateName(runStates[name])).toBe(name);
    expect(() => runStateName(6)).toThrow(RangeError);
    expect(names.filter(isRunTerminal)).toEqual(['completed', 'failed', 'cancelled']);
  });
});
