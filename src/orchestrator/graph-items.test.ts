import { expect, test } from 'vitest';
import { checkGraph } from './graph-check.ts';
import { itemCounts, itemsAt, resultSources } from './graph-items.ts';

test.each([
  [{ items: [1, 2] }, 'items', [1, 2]],
  [{ a: { b: [3] } }, 'a.b', [3]],
  [[4], 'items', [4]],
  [[], '', []],
  [{ items: 5 }, 'items', null],
  [{ a: [] }, 'a.b', null],
  [null, 'items', null],
  [{}, 'constructor', null],
  [{ items: [] }, '', null],
] as const)('the list in %j at "%s"', (result, path, list) => {
  expect(itemsAt(result, path)).toEqual(list);
});

const graph = checkGraph({
  name: 'g',
  nodes: [
    { kind: 'agent', id: 'list', capabilities: ['c'] },
    { kind: 'map', id: 'one', over: 'list', items: 'a', capabilities: ['c'] },
    { kind: 'map', id: 'two', over: 'list', items: 'b', capabilities: ['c'] },
    { kind: 'join', id: 'inner', after: ['two'] },
    { kind: 'join', id: 'outer', after: ['inner', 'list', 'two'] },
  ],
});

test('each map node fed by a result gets its own count', () => {
  expect(itemCounts(graph, 'list', '{"a":[1,2,3]}')).toEqual({ one: 3, two: null });
});

test('a result that feeds nothing is not even parsed', () => {
  expect(itemCounts(graph, 'one', 'not json')).toEqual({});
});

test('a join stands for the tasks behind it, once each', () => {
  expect(resultSources(graph, 'outer')).toEqual(['list', 'two']);
  expect(resultSources(graph, 'two')).toEqual(['two']);
});
