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

test('a skip under a condition has its reason, and a test in a skipped group is not empty', () => {
  const text = [
    "describe('watch', () => {",
    "  if (process.env.NO_WATCH) { it.skip('excluded', () => {}); return; }",
    "  it.skip('forgotten', () => { expect(1); });",
    '});',
    "describe.skip('off', () => { it('filtered', () => {}); });",
    "describe.skip(name, () => { it('filtered', () => {}); });",
    "it('empty', () => {});",
  ].join('\n');
  expect(told(analyse(testsAgainstCode, [['a.test.ts', text]]))).toEqual([
    'skipped-test a.test.ts:3',
    'skipped-test a.test.ts:5',
    'empty-test a.test.ts:7',
  ]);
});

test('an empty test in the input of a harness only marks that it was reached', () => {
  const empty = "import './a';\nit('should compile', () => {});\n";
  const forgotten = "it('should not load b', () => { const a = false && load(); });\n";
  const found = analyse(testsAgainstCode, [
    ['test/configCases/library/a/index.js', empty],
    ['test/cases/parsing/evaluate/index.js', forgotten],
    ['test/cases/login.js', empty],
    ['test/cases/user/login.test.js', empty],
    ['src/useCases/user/login.test.js', empty],
  ]);
  expect(told(found)).toEqual([
    'empty-test test/cases/login.js:2',
    'empty-test test/cases/user/login.test.js:2',
    'empty-test src/useCases/user/login.test.js:2',
  ]);
});

test('Rust modules of a program that its tests start are not untested', () => {
  const source = 'pub fn f(a: u32) -> u32 {\n    a\n}\n'.repeat(40);
  const inline = '#[test]\nfn t() { assert_eq!(1, 1); }\n';
  const files = (start: string): [string, string][] => [
    ['crates/core/args.rs', source],
    ['crates/core/search.rs', source],
    ['crates/core/config.rs', inline],
    ['tests/feature.rs', `#[test]\nfn finds() {\n    assert!(${start}.status().is_ok());\n}\n`],
  ];
  expect(told(analyse(testsAgainstCode, files('Command::new(rg())')))).toEqual([]);
  expect(told(analyse(testsAgainstCode, files('library()')))).toEqual([
    'untested-source crates/core/args.rs:0',
    'untested-source crates/core/search.rs:0',
  ]);
  const elsewhere = files('Command::new(rg())').map(([path, text]): [string, string] => [
    path.startsWith('tests/') ? `crates/cli/${path}` : path,
    text,
  ]);
  expect(told(analyse(testsAgainstCode, elsewhere))).toHaveLength(2);
});
