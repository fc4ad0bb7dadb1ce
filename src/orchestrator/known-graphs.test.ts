import { expect, test } from 'vitest';
import { graphText, knownGraph, pinnedGraph } from './known-graphs.ts';

const input = (id: string) => ({ name: 'g', nodes: [{ kind: 'agent', id, capabilities: ['x'] }] });

test('Q1: equal inputs and what their runs pin are one checked object', () => {
  const graph = knownGraph(input('a'));
  expect(knownGraph(input('a'))).toBe(graph);
  expect(pinnedGraph(graphText(graph))).toBe(graph);
  expect(knownGraph({ ...input('a'), version: '1' })).toBe(graph);
  expect(graph.output).toBe('a');
});

test('Q2: hundreds of other graphs push the oldest out, and it is still the same when it comes again', () => {
  const first = knownGraph(input('first'));
  for (let n = 0; n < 300; n++) knownGraph(input(`n${n}`));
  const again = knownGraph(input('first'));
  expect(again).not.toBe(first);
  expect(again).toEqual(first);
});
