import { expect, test } from 'vitest';
import { judgeNesting } from './nesting-guard.ts';

/** Line breaks keep the lines short: only nesting can be the reason. */
const deep = (part: string, count = 5_000): string => `x=${`${part}\n`.repeat(count)}`;

test.each([
  '(',
  '[',
  '{',
  'a=>',
  'a=',
  'new ',
  'a?b:',
  '!',
  '`${',
  'typeof ',
  '<a>',
  'A<',
  'if(a)',
  'else ',
  '@',
  'await ',
  'f()',
])('five thousand of "%s" never reach the parser', (part) =>
  expect(judgeNesting(deep(part)).safe).toBe(false),
);

test.each(['/* ) */(', '")"+(', "')'+(", '`)`+(', '/\\)/+(', '// )\n('])(
  'closers in %s do not count',
  (part) => expect(judgeNesting(deep(part)).safe).toBe(false),
);

test('ten thousand statements, calls, members and literals are fine', () => {
  const statement = "const a = b.c(d, [1, 2], { e: `f${g}` }).h ?? /[)(]/.test('i');\n";
  expect(judgeNesting(statement.repeat(3_000))).toEqual({ safe: true });
});

test('code without semicolons is fine', () => {
  expect(
    judgeNesting("import a from 'b'\nfunction c (d) {\n  return d + 1\n}\n\n".repeat(300)),
  ).toEqual({
    safe: true,
  });
});

test('lines as long as data are refused as data', () => {
  expect(judgeNesting(`x='${'a'.repeat(20_000)}'`)).toMatchObject({ safe: false, kind: 'data' });
});
