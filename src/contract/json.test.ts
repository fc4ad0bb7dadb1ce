import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeJson, jsonLimits } from './json.ts';

const code = (value: string): unknown => expect.objectContaining({ code: value });
const nested = (levels: number): unknown => {
  let value: unknown = 1;
  for (let i = 1; i < levels; i++) value = [value];
  return value;
};

describe('encodeJson', () => {
  test('what passes can be read again and is the same', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes(String.raw`\u0000`));
        expect(encodeJson(value, 'v')).toBe(text);
      }),
    );
  });

  test('depth: 32 levels pass, 33 do not', () => {
    expect(encodeJson(nested(32), 'v')).toBe(JSON.stringify(nested(32)));
    expect(() => encodeJson(nested(33), 'v')).toThrow(code('INPUT_TOO_DEEP'));
    expect(() => encodeJson(nested(200_000), 'v')).toThrow(code('INPUT_TOO_DEEP'));
  });

  test('nodes: the limit passes, one more does not', () => {
    const list = Array.from({ length: jsonLimits.nodes - 1 }, () => 0);
    expect(encodeJson(list, 'v')).toHaveLength(2 * list.length + 1);
    expect(() => encodeJson([...list, 0], 'v')).toThrow(code('INPUT_TOO_DEEP'));
  });

  test('bytes are counted as UTF-8: the limit passes, one more does not', () => {
    expect(encodeJson('a'.repeat(98), 'v', 100)).toHaveLength(100);
    expect(() => encodeJson('a'.repeat(99), 'v', 100)).toThrow(code('INPUT_TOO_LARGE'));
    expect(encodeJson('é'.repeat(49), 'v', 100)).toHaveLength(51);
    expect(() => encodeJson('é'.repeat(50), 'v', 100)).toThrow(code('INPUT_TOO_LARGE'));
    expect(() => encodeJson('€'.repeat(400_000), 'v')).toThrow(code('INPUT_TOO_LARGE'));
  });

  test('NUL is refused in values, in keys and at any depth; other control characters pass', () => {
    for (const value of ['a\u0000', ['\u0000'], { a: { b: ['x\u0000y'] } }, { 'k\u0000': 1 }]) {
      expect(() => encodeJson(value, 'v')).toThrow(code('INPUT_NUL'));
    }
    expect(encodeJson('\u0001\u001f', 'v')).toBe(String.raw`"\u0001\u001f"`);
  });

  test('what JSON cannot hold is refused, and the message names the value', () => {
    for (const value of [
      Number.NaN,
      Infinity,
      -Infinity,
      1n,
      () => 1,
      Symbol('s'),
      undefined,
      { a: [Number.NaN] },
      [10n],
    ]) {
      expect(() => encodeJson(value, 'the result')).toThrow(code('INPUT_INVALID'));
    }
    expect(() => encodeJson({ a: 1n }, 'the result')).toThrow(/the result/);
  });

  test('a cycle is refused, not an endless loop', () => {
    const value: { self?: unknown } = {};
    value.self = value;
    expect(() => encodeJson(value, 'v')).toThrow(code('INPUT_TOO_DEEP'));
  });

  test('undefined inside an object is dropped, as JSON does', () => {
    expect(encodeJson({ a: undefined, b: 1 }, 'v')).toBe('{"b":1}');
  });
});
