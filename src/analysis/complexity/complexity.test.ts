import { expect, test } from 'vitest';
import { parseSync } from 'oxc-parser';
import { isNode } from '../reading/syntax-node.ts';
import { analyse, told } from '../testing.ts';
import { complexity } from './complexity.ts';
import { measureFunctions } from './measure-functions.ts';

const measure = (text: string) => {
  const { program } = parseSync('a.ts', text);
  return isNode(program) ? measureFunctions(program) : [];
};

test('counts as the definition of cognitive complexity does', () => {
  const [sum] = measure(`function sumOfPrimes(max) {
    let total = 0;
    for (let i = 1; i <= max; ++i) {
      for (let j = 2; j < i; ++j) {
        if (i % j === 0) { break; }
      }
      total += i;
    }
    return total;
  }`);
  expect(sum).toMatchObject({ name: 'sumOfPrimes', cognitive: 6, cyclomatic: 4, depth: 3 });
});

test('a switch costs once, else-if does not nest, operators count per sequence', () => {
  const [words] = measure(
    'function w(n) { switch (n) { case 1: return 1; case 2: return 2; default: return 3; } }',
  );
  expect(words).toMatchObject({ cognitive: 1, cases: 2 });
  const [chain] = measure(
    'const c = (a) => { if (a) { x(); } else if (a.b) { y(); } else { z(); } };',
  );
  expect(chain).toMatchObject({ name: 'c', cognitive: 3, depth: 1 });
  const [mixed] = measure('function m(a, b, c) { return a && b && c || a; }');
  expect(mixed).toMatchObject({ cognitive: 2, parameters: 3 });
});

test('a nested function is measured on its own', () => {
  const [outer, inner] = measure('function o() { return list.map((x) => { if (x) { y(); } }); }');
  expect(outer).toMatchObject({ name: 'o', cognitive: 0 });
  expect(inner).toMatchObject({ name: '(callback of map)', cognitive: 1 });
});

test('methods, fields and assignments name their functions', () => {
  const names = measure(
    'class A { m() {} f = () => 1; } a.b = function () {}; const o = { k() {} };',
  ).map(({ name }) => name);
  expect(names).toEqual(['m', 'f', 'b', 'k']);
});

test('syntax errors are told with their line, except in tests, fixtures and templates', () => {
  const broken = 'const a = 1;\nconst = ;\n';
  const found = analyse(complexity, [
    ['src/a.js', broken],
    ['test/fixtures/a.js', broken],
    ['test/a.test.js', broken],
    ['src/t.js', `${broken}{{ name }}`],
    ['src/a.d.ts', broken],
  ]);
  expect(told(found)).toEqual(['parse-error src/a.js:2']);
});

test('parameters count in sources, not in the stubs of a test', () => {
  const text = 'export const watcher = { watch(a, b, c, d, e, f, g) { g(); } };\n';
  const found = analyse(complexity, [
    ['src/watcher.js', text],
    ['test/watcher.test.js', text],
  ]);
  expect(told(found)).toEqual(['many-parameters src/watcher.js:1']);
});
