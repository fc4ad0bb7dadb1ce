import { describe, expect, test } from 'vitest';
import { advance } from './advance.ts';
import { checkGraph } from './graph-check.ts';
import { decodeProgress, encodeProgress } from './progress-text.ts';
import { newProgress, nodeStatus, progressCounts } from './progress.ts';
import type { RunProgress } from './progress.ts';

const graph = checkGraph({
  name: 'g',
  nodes: [
    { kind: 'agent', id: 'list', capabilities: ['c'] },
    { kind: 'map', id: 'each', over: 'list', capabilities: ['c'], onFailure: 'continue' },
    { kind: 'join', id: 'end', after: ['each'] },
  ],
});

function after(items: number, ends: readonly ('succeeded' | 'failed')[]): RunProgress {
  let { state } = advance(graph, newProgress(graph), { type: 'start' });
  const list = {
    type: 'taskEnded',
    node: 'list',
    item: null,
    outcome: 'succeeded',
    items: { each: items },
  } as const;
  ({ state } = advance(graph, state, list));
  for (const [item, outcome] of ends.entries()) {
    ({ state } = advance(graph, state, { type: 'taskEnded', node: 'each', item, outcome }));
  }
  return state;
}

test('P1: 10,000 items cost four numbers', () => {
  expect(encodeProgress(after(10_000, ['succeeded', 'failed']))).toBe(
    '{"v":2,"phase":"open","nodes":"srw","maps":{"1":[10000,1,1,10000]},"open":9998}',
  );
});

test('P2: version 1 is read as what it meant', () => {
  const old = '{"v":1,"phase":"open","nodes":"srwr","maps":{"1":[9,2,1],"2":[4,0,0]}}';
  expect(decodeProgress(old)).toEqual({
    v: 2,
    phase: 'open',
    nodes: 'srwr',
    maps: [null, [9, 2, 1, 9], [4, 0, 0, 0], null],
    open: 7,
    queue: [],
    done: [],
    cut: [],
    undo: [],
    ending: null,
  });
});

test('P3: decode gives back what encode was given', () => {
  for (const state of [newProgress(graph), after(3, ['failed']), after(0, [])]) {
    expect(decodeProgress(encodeProgress(state))).toEqual(state);
  }
});

describe('P2: what is refused', () => {
  test('another version, by name', () => {
    expect(() => decodeProgress('{"v":3,"anything":true}')).toThrow(
      /version 3; this Hivewright reads versions 1 and 2/,
    );
    expect(() => decodeProgress('{"v":3}')).toThrow(
      expect.objectContaining({ code: 'SCHEMA_FUTURE' }),
    );
  });
  test.each([
    '',
    'null',
    '{}',
    '{"v":"1"}',
    '{"v":1,"phase":"open","nodes":"q","maps":{}}',
    '{"v":1,"phase":"open","nodes":"w","maps":{},"extra":1}',
    '{"v":1,"phase":"open","nodes":"q","maps":{}}',
    '{"v":2,"phase":"open","nodes":"w","queue":[1]}',
    '{"v":2,"phase":"open","nodes":"w","maps":{"1":[1,0,0,0]}}',
    '{"v":2,"phase":"open","nodes":"w","maps":{"length":[1,0,0,0]}}',
  ])('damage: %s', (text) => {
    expect(() => decodeProgress(text)).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }));
  });
  test('a node that is not there', () => {
    expect(() => nodeStatus(newProgress(graph), 3)).toThrow(
      expect.objectContaining({ code: 'INTERNAL' }),
    );
  });
});

test('counts for people', () => {
  expect(progressCounts(newProgress(graph)).tasks).toEqual({
    created: 0,
    done: 0,
    failed: 0,
    open: 0,
    cancelled: 0,
  });
  expect(progressCounts(after(4, ['succeeded', 'failed']))).toEqual({
    phase: 'open',
    nodes: { total: 3, ended: 1, running: 1, failed: 0, skipped: 0 },
    tasks: { created: 5, done: 2, failed: 1, open: 2, cancelled: 0 },
  });
  const { state } = advance(graph, after(4, ['succeeded']), { type: 'cancel', reason: 'user' });
  expect(progressCounts(state)).toEqual({
    phase: 'cancelled',
    nodes: { total: 3, ended: 3, running: 0, failed: 0, skipped: 1 },
    tasks: { created: 5, done: 2, failed: 0, open: 0, cancelled: 3 },
  });
});
