import { expect, test } from 'vitest';
import { field, readJson } from './loose-json.ts';

const value = (text: string): unknown => {
  const reading = readJson(text, { comments: true });
  return reading.ok ? reading.value : 'invalid';
};

test('comments and trailing commas are forgiven, strings are kept', () => {
  expect(value('// a\n{ /* b, } */ "c": "// \\" /* ,}", "d": [1, 2,\n], }')).toEqual({
    c: '// " /* ,}',
    d: [1, 2],
  });
  expect(value('\uFEFF{"a": 1}')).toEqual({ a: 1 });
});

test.each(['{', '[1,,2]', '"open', '/* open', '{"a" 1}', ''])(
  '%j is invalid and does not throw',
  (text) => expect(value(text)).toBe('invalid'),
);

test('only own properties are seen', () => {
  expect(field({}, 'constructor')).toBeUndefined();
  expect(field(JSON.parse('{"__proto__": 1}'), '__proto__')).toBe(1);
});
