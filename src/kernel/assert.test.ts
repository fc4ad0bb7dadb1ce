import { expect, test } from 'vitest';
import { assert, unreachable } from './assert.ts';

test('an assertion stops the work with a code', () => {
  assert(true, 'fine');
  for (const value of [false, 0, '', null, undefined]) {
    expect(() => {
      assert(value, 'planted');
    }).toThrow(expect.objectContaining({ code: 'INTERNAL', message: 'assertion failed: planted' }));
  }
  expect(() => unreachable('x' as never)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
});
