import { expect, test } from 'vitest';
import { analyse, told } from '../testing.ts';
import { deadExports } from './dead-exports.ts';

const manifest = (extra = {}): [string, string] => [
  'package.json',
  JSON.stringify({ name: 'app', version: '1.0.0', private: true, main: 'src/main.ts', ...extra }),
];

test('a name is followed through barrels to where it is defined', () => {
  const found = analyse(
    deadExports,
    [
      manifest(),
      ['src/main.ts', "import { a } from './barrel';\na();\n"],
      ['src/barrel/index.ts', "export * from './one.ts';\nexport { b as c } from './two.ts';\n"],
      ['src/barrel/one.ts', 'export const a = () => 1;\nexport const z = 2;\n'],
      ['src/barrel/two.ts', 'export const b = 1;\n'],
    ],
    1,
  );
  expect(told(found)).toEqual([
    'unused-export src/barrel/one.ts:2',
    'unused-export src/barrel/two.ts:1',
  ]);
});

test('says nothing about a published package whose entry points are not in the tree', () => {
  const files: [string, string][] = [
    manifest({ private: false, main: 'compiled/out.js' }),
    ['src/main.ts', "import { a } from './a.ts';\na();\n"],
    ['src/a.ts', 'export const a = 1;\nexport const b = 2;\n'],
  ];
  expect(analyse(deadExports, files)).toEqual([]);
});

test('a file that does not parse still counts as a user of what it names', () => {
  const files: [string, string][] = [
    manifest(),
    ['src/main.ts', "import './broken.ts';\n"],
    ['src/broken.ts', "import { a } from './a.ts';\nconst = ;\n"],
    ['src/a.ts', 'export const a = 1;\nexport const b = 2;\n'],
  ];
  expect(analyse(deadExports, files)).toEqual([]);
});

test('packages of a workspace use each other by name', () => {
  const files: [string, string][] = [
    [
      'packages/core/package.json',
      '{"name":"@x/core","private":true,"exports":{".":"./dist/index.js"}}',
    ],
    ['packages/core/src/index.ts', "export { a } from './a.ts';\n"],
    ['packages/core/src/a.ts', 'export const a = 1;\nexport const b = 2;\n'],
    ['packages/app/package.json', '{"name":"app","private":true,"main":"src/main.ts"}'],
    ['packages/app/src/main.ts', "import { a } from '@x/core';\nconsole.log(a);\n"],
  ];
  expect(told(analyse(deadExports, files))).toEqual(['unused-export packages/core/src/a.ts:2']);
});
