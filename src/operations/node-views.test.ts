import { expect, test } from 'vitest';
import { checkGraph } from '../orchestrator/index.ts';
import type { RunState } from '../contract/index.ts';
import { nodeViews } from './node-views.ts';
import { noTasks } from './task-reads.ts';

const graph = checkGraph({
  name: 'g',
  nodes: [
    { kind: 'agent', id: 'a', capabilities: ['echo'] },
    { kind: 'approval', id: 'ask', after: ['a'], message: 'Good?' },
    { kind: 'join', id: 'both', after: ['a', 'ask'] },
    { kind: 'agent', id: 'end', capabilities: ['echo'], after: ['both'] },
  ],
});
const one = { ...noTasks, total: 1 };
const counts = new Map([
  ['a', { ...one, succeeded: 1 }],
  ['ask', { ...one, waiting: 1 }],
]);
const statesIn = (runState: RunState): string[] =>
  nodeViews({ graph, runState, counts }).map(({ state }) => state);

test('what waits is told from what was not reached yet', () => {
  expect(statesIn('running')).toEqual(['completed', 'waiting', 'pending', 'pending']);
  expect(statesIn('paused')).toEqual(['completed', 'waiting', 'pending', 'pending']);
});

test('what was not reached when the run ended says how it ended', () => {
  expect(statesIn('failed').slice(2)).toEqual(['skipped', 'skipped']);
  expect(statesIn('cancelled').slice(2)).toEqual(['cancelled', 'cancelled']);
});
