import { describe, expect, test } from 'vitest';
import { analyse, told } from '../testing.ts';
import { dependencies } from './dependencies.ts';
import { classifyLicence } from './licence-class.ts';
import { readPackageLock, readPnpmLock, readYarnLock } from './npm-files.ts';
import { readTomlLock } from './rust-and-python-files.ts';

const packagesOf = (read: ReturnType<typeof readYarnLock>): string[] =>
  read?.kind === 'lock'
    ? read.packages.map(({ name, version }) => `${name}@${version}`)
    : ['not a lock'];

describe('lock files', () => {
  test('package-lock 1 nests, 3 is flat', () => {
    const one = {
      dependencies: { a: { version: '1.0.0', dependencies: { b: { version: '2.0.0' } } } },
    };
    expect(packagesOf(readPackageLock('', JSON.stringify(one)))).toEqual(['a@1.0.0', 'b@2.0.0']);
    const three = {
      packages: {
        '': {},
        'node_modules/a': { version: '1.0.0' },
        'node_modules/a/node_modules/@s/b': { version: '2.0.0' },
      },
    };
    expect(packagesOf(readPackageLock('', JSON.stringify(three)))).toEqual([
      'a@1.0.0',
      '@s/b@2.0.0',
    ]);
  });

  test('yarn classic and berry', () => {
    expect(
      packagesOf(
        readYarnLock(
          '',
          '"@s/a@^1.0.0", "@s/a@^1.1.0":\n  version "1.2.0"\n\nb@^2:\n  version "2.0.1"\n',
        ),
      ),
    ).toEqual(['@s/a@1.2.0', 'b@2.0.1']);
    expect(
      packagesOf(
        readYarnLock(
          '',
          '"a@npm:^1.0.0":\n  version: 1.2.0\n\n"root@workspace:.":\n  version: 0.0.0-use.local\n',
        ),
      ),
    ).toEqual(['a@1.2.0']);
  });

  test('pnpm, old and new keys', () => {
    const text =
      "lockfileVersion: '9.0'\npackages:\n  /a/1.0.0:\n    x: 1\n  /@s/b@2.0.0(c@1.0.0):\n    x: 1\n  '@s/d@3.0.0':\n    x: 1\nsnapshots:\n  e@1.0.0: {}\n";
    expect(packagesOf(readPnpmLock('', text))).toEqual(['a@1.0.0', '@s/b@2.0.0', '@s/d@3.0.0']);
  });

  test('cargo and poetry', () => {
    expect(
      packagesOf(
        readTomlLock(
          'Cargo.lock',
          '[[package]]\nname = "a"\nversion = "1.0.0"\ndependencies = [\n "b",\n]\n\n[[package]]\nname = "b"\nversion = "0.2.0"\n',
        ),
      ),
    ).toEqual(['a@1.0.0', 'b@0.2.0']);
  });
});

test.each([
  ['MIT', 'permissive'],
  ['GPL-3.0-only', 'strong'],
  ['(MIT OR GPL-3.0)', 'permissive'],
  ['MIT AND AGPL-3.0', 'strong'],
  ['LGPL-2.1', 'permissive'],
  ['GPL-2.0 WITH Classpath-exception-2.0', 'permissive'],
  ['UNLICENSED', 'none'],
])('%s is %s', (licence, kind) => expect(classifyLicence(licence)).toBe(kind));

test('several versions deep in the tree are one finding, prototype names are only names', () => {
  const packages = Object.fromEntries(
    ['1.0.0', '2.0.0', '3.0.0'].flatMap((version, index) => [
      [`node_modules/p${index}/node_modules/constructor`, { version }],
      [`node_modules/p${index}/node_modules/__proto__`, { version }],
    ]),
  );
  const found = analyse(dependencies, [
    ['package-lock.json', JSON.stringify({ packages: { '': {}, ...packages } })],
  ]);
  expect(told(found)).toEqual(['duplicate-transitive package-lock.json:0']);
  expect(found[0]?.message).toContain('__proto__ (3), constructor (3)');
});

test('lines point at the dependency', () => {
  const found = analyse(dependencies, [['requirements.txt', '# a\nflask==1.0\n\nrequests\n']]);
  expect(told(found)).toEqual(['unpinned requirements.txt:4']);
});

test('a local replacement in go.mod is fine inside and told outside', () => {
  const found = analyse(dependencies, [
    [
      'go.mod',
      'module x\n\nrequire a.io/b v1.0.0\n\nreplace (\n\ta.io/b => ./b\n\ta.io/c => ../c\n)\n',
    ],
    ['go.sum', ''],
  ]);
  expect(told(found)).toEqual(['path-outside go.mod:7']);
});
