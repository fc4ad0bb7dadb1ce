import { expect, test } from 'vitest';
import { diffValues } from './diff-values.ts';

test.each([
  [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, []],
  [{ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }, ['a[1].b']],
  [{ a: 1 }, { b: 1 }, ['a', 'b']],
  [[1, 2], [1], ['[1]']],
  [null, {}, ['']],
  [{ a: null }, {}, ['a']],
  [[1], { 0: 1 }, ['']],
  ['x', 'y', ['']],
])('%j against %j differs at %j', (a, b, paths) => {
  expect(diffValues(a, b)).toEqual({ result: paths.length === 0 ? 'same' : 'differs', paths });
});

test('only the first places are named', () => {
  const list = (first: number) => Array.from({ length: 100 }, (_, at) => first + at);
  expect(diffValues(list(0), list(1)).paths).toEqual(['[0]', '[1]', '[2]', '[3]', '[4]']);
});
