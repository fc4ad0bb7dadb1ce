import { fixtureArea } from '../fixture-case.ts';

const area = fixtureArea('tests');
const { planted, plantedOn, clean } = area;
export const testCases = area.cases;

const VITEST = "import { describe, expect, it, test } from 'vitest';\n";
const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');
const pythonModule = (count: number): string =>
  `${lines(count, (i) => `def step_${i}(a):\n    return a + ${i}\n`)}\n`;

planted('focused-test', 'it.only', [
  ['test/a.test.ts', `${VITEST}it.only('adds', () => {\n  expect(1).toBe(1);\n});\n`],
]);
planted('focused-test', 'describe.only', [
  [
    'test/b.spec.js',
    "describe.only('sum', () => {\n  it('adds', () => {\n    expect(1).toBe(1);\n  });\n});\n",
  ],
]);
planted('focused-test', 'fit of jasmine', [
  ['spec/c.spec.js', "fit('adds', () => {\n  expect(1).toBe(1);\n});\n"],
]);
planted('focused-test', 'option of node:test', [
  ['test/d.test.mjs', "test('adds', { only: true }, () => {\n  assert.equal(1, 1);\n});\n"],
]);
planted('focused-test', 'focus in RSpec', [
  ['spec/e_spec.rb', "describe Sum do\n  fit 'adds' do\n    expect(1).to eq(1)\n  end\nend\n"],
]);
planted('skipped-test', 'xit', [
  ['test/f.test.js', "xit('adds', () => {\n  expect(1).toBe(2);\n});\n"],
]);
planted('skipped-test', 'pytest skip without a reason', [
  ['tests/test_g.py', '@pytest.mark.skip\ndef test_adds():\n    assert 1 == 2\n'],
]);
planted('skipped-test', 'Rust ignore without a reason', [
  [
    'src/h.rs',
    '#[cfg(test)]\nmod tests {\n    #[test]\n    #[ignore]\n    fn adds() {\n        assert_eq!(1, 2);\n    }\n}\n',
  ],
]);
planted('empty-test', 'empty arrow', [['test/i.test.ts', `${VITEST}test('adds', () => {});\n`]]);
planted('empty-test', 'pass in Python', [
  ['tests/test_j.py', 'def test_adds():\n    """Adds."""\n    pass\n'],
]);
planted('empty-test', 'empty Go test', [
  ['sum_test.go', 'package sum\n\nfunc TestAdds(t *testing.T) {\n}\n'],
]);
planted('no-assertion', 'result is bound and forgotten', [
  [
    'test/k.test.ts',
    `${VITEST}import { add } from '../src/main.ts';\ntest('adds', () => {\n  const sum = add(1, 2);\n});\n`,
  ],
]);
planted('no-assertion', 'result is printed in Python', [
  ['tests/test_l.py', 'def test_adds():\n    total = add(1, 2)\n    print(total)\n'],
]);
plantedOn({ rule: 'no-tests', path: '.' }, 'large Python package without tests', [
  ['lantern/core.py', pythonModule(200)],
]);
plantedOn(
  { rule: 'untested-source', path: 'lantern/pricing.py' },
  'one module that no test names',
  [
    ['lantern/pricing.py', pythonModule(40)],
    ['lantern/orders.py', pythonModule(40)],
    [
      'tests/test_orders.py',
      'from lantern.orders import step_1\n\ndef test_step():\n    assert step_1(1) == 2\n',
    ],
  ],
);

clean('only as a word', [
  [
    'test/a.test.ts',
    `${VITEST}it('is the only one', () => {\n  const only = { only: true };\n  expect(only.only).toBe(true);\n});\n`,
  ],
]);
clean('skip with a condition', [
  [
    'test/b.test.ts',
    `${VITEST}it.skipIf(process.platform === 'win32')('adds', () => {\n  expect(1).toBe(1);\n});\n`,
  ],
]);
clean('skip with a reason in Python', [
  [
    'tests/test_c.py',
    '@pytest.mark.skip(reason="needs a printer")\ndef test_prints():\n    assert printer() is not None\n',
  ],
]);
clean('todo', [
  [
    'test/d.test.ts',
    `${VITEST}it.todo('adds');\ntest('subtracts', () => {\n  expect(2 - 1).toBe(1);\n});\n`,
  ],
]);
clean('must not throw', [
  ['test/e.test.ts', `${VITEST}test('accepts an empty list', () => {\n  parse([]);\n});\n`],
]);
clean('assertion in a helper', [
  [
    'test/f.test.ts',
    `${VITEST}const expectSum = (a: number) => expect(a).toBe(3);\ntest('adds', () => {\n  const sum = 3;\n  expectSum(sum);\n});\n`,
  ],
]);
clean('Go test with a table', [
  [
    'sum_test.go',
    'package sum\n\nfunc TestAdds(t *testing.T) {\n\tfor _, c := range cases {\n\t\tif c.a+c.b != c.sum {\n\t\t\tt.Errorf("no")\n\t\t}\n\t}\n}\n',
  ],
]);
clean('focused in a string', [
  [
    'test/g.test.ts',
    `${VITEST}test('reports', () => {\n  expect(lint("it.only('x', () => {})")).toHaveLength(1);\n});\n`,
  ],
]);
clean('Rust test that unwraps', [
  [
    'src/h.rs',
    '#[cfg(test)]\nmod tests {\n    #[test]\n    fn reads() {\n        read("a").unwrap();\n    }\n}\n',
  ],
]);
clean('abstract base test', [
  [
    'tests/test_base.py',
    'class Base:\n    def test_adds(self):\n        # overridden in subclasses\n        pass\n',
  ],
]);
clean('small module without a test', [
  ['lantern/tiny.py', 'def one():\n    return 1\n'],
  ['lantern/orders.py', pythonModule(40)],
  [
    'tests/test_orders.py',
    'from lantern.orders import step_1\n\ndef test_step():\n    assert step_1(1) == 2\n',
  ],
]);
clean('tested under another file name', [
  ['lantern/pricing.py', pythonModule(40)],
  [
    'tests/test_money.py',
    'from lantern import pricing\n\ndef test_step():\n    assert pricing.step_1(1) == 2\n',
  ],
]);
clean('fit as an ordinary function', [
  ['src/curve.ts', "const fit = (a: string) => a;\nfit('line');\n"],
]);
clean('JUnit with an expected exception', [
  [
    'src/test/java/SumTest.java',
    'class SumTest {\n  @Test(expected = Bad.class)\n  public void fails() {\n    sum(null);\n  }\n}\n',
  ],
]);
