import { expect, test } from 'vitest';
import { analyse, told } from '../testing.ts';
import { testsAgainstCode } from './tests-against-code.ts';

test('reads focus and skip through chains and tables', () => {
  const text = [
    "test.describe.only('a', () => {});",
    "it.each([1])('b %s', () => { expect(1); });",
    "describe.skip('c', () => { it('d', () => { expect(1); }); });",
    "it.skip('e: flaky, see #12', () => { expect(1); });",
    'test.skip(true);',
    "const only = () => it('f', () => { expect(1); });",
  ].join('\n');
  expect(told(analyse(testsAgainstCode, [['a.test.ts', text]]))).toEqual([
    'focused-test a.test.ts:1',
    'skipped-test a.test.ts:3',
  ]);
});

test('Java, Kotlin and Go by their conventions', () => {
  const found = analyse(testsAgainstCode, [
    [
      'ATest.java',
      'class ATest {\n  @Test\n  void empty() {\n  }\n  @Disabled\n  @Test\n  void off() {\n    check();\n  }\n  @Disabled("needs X")\n  @Test\n  void told() {\n    check();\n  }\n}\n',
    ],
    ['BTest.kt', 'class BTest {\n  @Test\n  fun `adds two`() {\n  }\n}\n'],
    [
      'c_test.go',
      'package c\n\nfunc TestSkip(t *testing.T) {\n\tt.Skip()\n}\n\nfunc TestNothing(t *testing.T) {\n\tadd(1, 2)\n}\n\nfunc TestShort(t *testing.T) {\n\tif testing.Short() {\n\t\tt.Skip("slow")\n\t}\n}\n',
    ],
  ]);
  expect(told(found)).toEqual([
    'empty-test ATest.java:3',
    'skipped-test ATest.java:5',
    'empty-test BTest.kt:3',
    'skipped-test c_test.go:3',
    'no-assertion c_test.go:7',
  ]);
});

test('a repository where few files are tested gets one sentence, not a list', () => {
  const source = 'export function f(a: number) {\n  return a;\n}\n'.repeat(30);
  const sources = Array.from({ length: 30 }, (_, index): [string, string] => [
    `src/part-${index}.ts`,
    source,
  ]);
  const tests = [0, 1, 2, 3].map((index): [string, string] => [
    `src/part-${index}.test.ts`,
    `import { f } from './part-${index}.ts';\ntest('f', () => { expect(f(1)).toBe(1); });\n`,
  ]);
  const found = analyse(testsAgainstCode, [...sources, ...tests]);
  expect(told(found)).toEqual(['untested-source .:0']);
  expect(found[0]?.message).toContain('26 of 30');
});
