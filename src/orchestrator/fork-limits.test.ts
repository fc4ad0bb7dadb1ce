import { expect, test } from 'vitest';
import type { NewTask } from '../contract/index.ts';
import { advance } from './advance.ts';
import { withinLimits, withoutLimits } from './fork-limits.ts';
import { checkGraph } from './graph-check.ts';
import { newProgress } from './progress.ts';

const capabilities = ['c'];
const graph = checkGraph({
  name: 'g',
  concurrency: 4,
  nodes: [
    { kind: 'map', id: 'each', capabilities, concurrency: 2 },
    { kind: 'map', id: 'all', capabilities },
    { kind: 'agent', id: 'last', capabilities },
  ],
});
const items = { each: 5, all: 5 };
const task = (node: string, item?: number): NewTask =>
  ({ node, ...(item === undefined ? {} : { item }) }) as NewTask; // what limits look at
const fresh = [
  ...[0, 1, 2, 3, 4].map((item) => task('each', item)),
  ...[0, 1, 2, 3, 4].map((item) => task('all', item)),
  task('last'),
];
const free = withoutLimits(graph);
const started = advance(free, newProgress(free), { type: 'start', items }).state;

test('what has nothing to keep is created and queued as by a plain start', () => {
  const limited = advance(graph, newProgress(graph), { type: 'start', items }).state;
  expect(started.open).toBe(11);
  const made = withinLimits(graph, started, fresh);
  expect(made.progress).toEqual(limited);
  expect(made.fresh.map(({ node, item }) => [node, item])).toEqual([
    ['each', 0],
    ['each', 1],
    ['all', 0],
    ['all', 1],
  ]);
});

test('items before one that is kept stay, also above the limits', () => {
  const ended = { type: 'taskEnded', node: 'each', item: 3, outcome: 'succeeded' } as const;
  const { state } = advance(free, started, ended);
  const made = withinLimits(
    graph,
    state,
    fresh.filter(({ node, item }) => node !== 'each' || item !== 3),
  );
  expect(made.fresh.map(({ node, item }) => [node, item])).toEqual([
    ['each', 0],
    ['each', 1],
    ['each', 2],
    ['all', 0],
  ]);
  expect(made.progress).toMatchObject({ open: 4, queue: [0, 1, 2], nodes: 'rrq' });
  // The next end makes room for another, and the item that was put back is created again.
  const next = advance(graph, made.progress, { ...ended, node: 'all', item: 0 });
  expect(next.commands).toEqual([
    { type: 'createTasks', node: 'all', from: 1, items: 1, total: 5 },
  ]);
});
