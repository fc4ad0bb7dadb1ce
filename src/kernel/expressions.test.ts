import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isHiveError } from '../contract/plain.ts';
import { checkExpression, evaluateExpression, referencedFields } from './expressions.ts';

const variables = {
  input: {
    count: 5,
    half: 0.5,
    name: 'bob',
    none: null,
    list: [1, 2, 3],
    users: [
      { name: 'ada', score: 3 },
      { name: 'bob', score: 1 },
    ],
    deep: { er: { x: 1 } },
  },
  from: { a: { score: 4 }, 'b-c': { ok: true } },
  index: 2,
};
const names = Object.keys(variables);
const value = (text: string): unknown => evaluateExpression(text, variables);
function failure(text: string, over: Parameters<typeof evaluateExpression>[1] = variables): string {
  try {
    return `value ${JSON.stringify(evaluateExpression(text, over))}`;
  } catch (error) {
    if (isHiveError(error) && error.code === 'EXPRESSION_FAILED') return error.message;
    throw error;
  }
}

describe('E8: values as people expect of JSON', () => {
  test.each<[string, unknown]>([
    ['input.count > 3', true],
    ['input.count == 5 && input.count != 4', true],
    ['from.a.score * 2', 8],
    ['2 * from.a.score + 1', 9],
    ['from.a.score / 8', 0.5],
    ['7 / 2', 3],
    ['input.count % 3', 2],
    ['index - 1', 1],
    ['input.list[index]', 3],
    ['size(input.list) == 3', true],
    ['size(input.list)', 3],
    ['3 in input.list', true],
    ['[1, "x", null, {"a": input.half}]', [1, 'x', null, { a: 0.5 }]],
    ['input.users.filter(u, u.score > 1).map(u, u.name)', ['ada']],
    ['input.users.exists(u, u.name == input.name)', true],
    ['input.name + "!"', 'bob!'],
    ['string(input.count) + "%"', '5%'],
    ['from["b-c"].ok ? "yes" : "no"', 'yes'],
    ['has(input.nope)', false],
    ['has(input.count) && !has(from.z)', true],
    ['input.none == null', true],
    ['input.list + [4]', [1, 2, 3, 4]],
    ['timestamp("2024-01-01T00:00:00Z") + duration("1h")', '2024-01-01T01:00:00.000Z'],
    ['uint(3)', 3],
    ['{"__proto__": 1}.size() >= 0', true],
  ])('%s', (text, wanted) => {
    expect(value(text)).toEqual(wanted);
  });
});

describe('errors name the expression, the cause and what there is', () => {
  test.each<[string, RegExp]>([
    [
      'input.cuont > 3',
      /^The expression `input.cuont > 3` cannot be computed: there is no `cuont` in input: input has count, half, name, .*; use has\(input.cuont\)/,
    ],
    ['from.a.nope.x', /there is no `nope` in from.a: from.a has score/],
    ['input.deep.er["y"]', /there is no `y` in input.deep.er: input.deep.er has x/],
    ['input.count.x', /there is no `x` in input.count: input.count has no fields/],
    ['input.users.all(u, u.age > 1)', /No such key: age/i],
    ['"n" + input.count', /no such overload.*; use string\(…\)/],
    ['input.count ? 1 : 2', /must be bool/],
    ['input.list[9]', /index 9 >= size 3/],
    ['1 +', /unexpected token/],
    ['unknown.x', /unknown variable: unknown/],
    ['1 / 0', /division by zero/],
    ['input.count / 0', /Infinity, which JSON cannot hold/],
    ['9007199254740993', /too large for a JSON number/],
    ['duration("1h")', /is of type Duration/],
    ['type(input)', /is not JSON/],
  ])('%s', (text, message) => {
    expect(failure(text)).toMatch(message);
  });

  test('checking finds what no value is needed for', () => {
    expect(checkExpression('input.a > 1', names)).toEqual([]);
    expect(checkExpression('inptu.a > 1', names)).toEqual(['unknown variable: inptu']);
    expect(checkExpression('1 > ', names)).toHaveLength(1);
    expect(checkExpression('"a" * 3', names)).toHaveLength(1);
    expect(checkExpression('', names)).toHaveLength(1);
  });
});

test('the fields of a variable that are named', () => {
  expect(
    referencedFields('from.a.x > 1 || from["b-c"].y in input.z && has(from.d.q)', 'from'),
  ).toEqual(['a', 'b-c', 'd']);
  expect(referencedFields('size(from) > 1 && from[input.name] == 1', 'from')).toEqual([]);
  expect(referencedFields('input.list.all(from, from.hidden > 1)', 'from')).toEqual([]);
  expect(referencedFields('from.list.all(from, from.hidden > 1)', 'from')).toEqual(['list']);
  expect(referencedFields('from.', 'from')).toEqual([]);
});

describe('E1 to E4, E7: what could hold the process is refused', () => {
  const many = Array.from({ length: 50_000 }, (_, i) => i);
  test.each<[string, RegExp]>([
    ['input.name.matches("(a+)+$")', /matches\(\) is not available/],
    ['input.list.all(x, input.list.exists(y, y == x))', /cannot stand inside another/],
    ['input.list.map(x, [x].map(y, y))', /cannot stand inside another/],
    ['cel.bind(a, input.name + input.name, a + a)', /cel.bind\(\) is not available/],
    ['input.list.map(x, x + x).map(x, x + x)', /only one of its loops may use \+/],
    [`input.list.map(x, x${' + x'.repeat(9)})`, /at most 8 times/],
    ['input.list.map(x, input.name.split(""))', /split\(\) cannot stand inside a loop/],
    ['b"abc".json()', /not available/],
    ['('.repeat(500), /./],
    [Array.from({ length: 200 }, () => '1').join(' + '), /./],
    [`${'-('.repeat(30)}1${')'.repeat(30)}`, /./],
  ])('%s', (text, message) => {
    expect(checkExpression(text, names).join()).toMatch(message);
    expect(failure(text)).toMatch(message);
  });

  test('loops over too much data', () => {
    const big = { input: { many, few: [1] }, from: {} };
    expect(failure('input.many.exists(x, x in input.many)', big)).toMatch(/too much data/);
    expect(failure('input.many.map(x, [x] + input.many)', big)).toMatch(/too much data/);
    expect(failure('size(input.many.filter(x, x > 10))', big)).toBe('value 49989');
    expect(failure('input.few.exists(x, x in input.few)', big)).toBe('value true'); // the rest of input does not count
    expect(
      failure('size(input.text.split("").map(c, c + input.text))', {
        input: { text: 'x'.repeat(9_000) },
      }),
    ).toMatch(/too much data/);
  });

  test('results that grow beyond a document', () => {
    const text = { input: { text: 'x'.repeat(600_000) } };
    expect(failure('input.text + input.text', text)).toMatch(/the result is over/);
    const deep = JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`) as [];
    expect(failure('input', { input: deep })).toMatch(/32 levels/);
  });
});

const pieces = [
  'input',
  'from',
  'input.o',
  'input.list',
  'input.text',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '__defineGetter__',
  'length',
  '.',
  '[',
  ']',
  '(',
  ')',
  '"',
  "'",
  '+',
  '==',
  '&&',
  '?',
  ':',
  ',',
  '{',
  '}',
  ' ',
  'x',
  '1',
  '-',
  '!',
  'in',
  '"constructor"',
  '["__proto__"]',
  '.constructor',
  '.map(x, x)',
  '.all(x, x)',
  'has(',
  'string(',
  'type(',
  'dyn(',
  'globalThis',
  'process',
  'this',
];
const expressionArb = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 12 }).map((all) => all.join('')),
  fc
    .tuple(
      fc.constantFrom(
        'input',
        'input.o',
        'input.list',
        'input.text',
        'input.num',
        'from',
        '"a"',
        '[1]',
        '{"a": 1}',
        '1',
      ),
      fc.array(
        fc.constantFrom(
          '.constructor',
          '["constructor"]',
          '.__proto__',
          '["__proto__"]',
          '.prototype',
          '.toString',
          '.o',
          '[0]',
          '.length',
          '.valueOf',
        ),
        { minLength: 1, maxLength: 4 },
      ),
    )
    .map(([head, tail]) => head + tail.join('')),
);

test('E5: no expression reaches a prototype, and none ends but with JSON or EXPRESSION_FAILED', () => {
  const secret = 'only-on-the-prototype';
  const o = Object.assign(Object.create({ inherited: secret }) as object, { own: 1 });
  const data = { input: { o, list: [1, { a: 2 }], text: 'abc', num: 1 }, from: {} };
  const before = Object.getOwnPropertyNames(Object.prototype).join();
  fc.assert(
    fc.property(fc.oneof(expressionArb, fc.constant('input.o.inherited')), (text) => {
      const got = failure(text, data);
      if (got.startsWith('value ')) {
        expect(got).not.toContain(secret);
        expect(got).not.toMatch(/native code|function|\[object/);
      }
      expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before);
      expect(({} as Record<string, unknown>)['a']).toBeUndefined();
    }),
    { numRuns: 3_000 },
  );
});
