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

test('Q2: large graphs push others out before there are many', () => {
  const small = knownGraph(input('small'));
  const large = (n: number) => ({
    ...input('large'),
    nodes: [{ ...input('large').nodes[0], input: `${n} ${'x'.repeat(1_000_000)}` }],
  });
  for (let n = 0; n < 20; n++) knownGraph(large(n));
  expect(knownGraph(input('small'))).not.toBe(small);
  expect(knownGraph(large(19))).toBe(knownGraph(large(19)));
});

test('Q2: hundreds of other graphs push the oldest out, and it is still the same when it comes again', () => {
  const first = knownGraph(input('first'));
  for (let n = 0; n < 300; n++) knownGraph(input(`n${n}`));
  const again = knownGraph(input('first'));
  expect(again).not.toBe(first);
  expect(again).toEqual(first);
});

test('a pinned graph is taken as it is, whatever rules came later', () => {
  const text = JSON.stringify({ ...knownGraph(input('a')), name: 'of an older version', extra: 1 });
  expect(pinnedGraph(text)).toMatchObject({ name: 'of an older version', extra: 1 });
});
