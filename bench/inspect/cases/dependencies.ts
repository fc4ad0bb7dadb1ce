import { fixtureArea } from '../fixture-case.ts';
import type { FixtureFile } from '../fixture-case.ts';

const area = fixtureArea('dependencies');
const { planted, plantedOn, clean } = area;
export const dependencyCases = area.cases;

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
const manifest = (
  dependencies: Record<string, string>,
  extra: Record<string, unknown> = {},
): FixtureFile => [
  'package.json',
  json({
    name: 'lantern',
    version: '1.0.0',
    private: true,
    main: 'src/main.ts',
    dependencies,
    ...extra,
  }),
];
type Entry = { version: string; license?: string; resolved?: string; dev?: boolean };
const lock = (root: Record<string, string>, packages: Record<string, Entry>): FixtureFile => [
  'package-lock.json',
  json({
    name: 'lantern',
    lockfileVersion: 3,
    packages: { '': { dependencies: root }, ...packages },
  }),
];
const YARN: FixtureFile = ['yarn.lock', '# yarn lockfile v1\n\nhono@^4.0.0:\n  version "4.1.0"\n'];

planted('unpinned', 'npm star', [manifest({ hono: '*' }), YARN]);
planted('unpinned', 'bare name in requirements.txt', [
  ['requirements.txt', 'flask==3.0.0\nrequests\n'],
]);
planted('unpinned', 'cargo star', [
  ['Cargo.toml', '[package]\nname = "lantern"\n\n[dependencies]\nserde = "*"\n'],
]);
planted('unpinned', 'Maven LATEST', [
  [
    'pom.xml',
    '<project><dependencies><dependency>\n<artifactId>guava</artifactId>\n<version>LATEST</version>\n</dependency></dependencies></project>\n',
  ],
]);
planted('missing-lock', 'application without a lock file', [manifest({ hono: '^4.0.0' })]);
planted('several-locks', 'npm and yarn side by side', [
  manifest({ hono: '^4.0.0' }),
  YARN,
  lock({ hono: '^4.0.0' }, { 'node_modules/hono': { version: '4.1.0', license: 'MIT' } }),
]);
planted('mutable-source', 'git branch', [manifest({ hono: 'github:honojs/hono#main' }), YARN]);
planted('mutable-source', 'pip from a repository without revision', [
  ['requirements.txt', 'git+https://github.com/pallets/flask.git#egg=flask\n'],
]);
planted('path-outside', 'file dependency on a neighbour folder', [
  manifest({ shared: 'file:../shared' }),
  YARN,
]);
plantedOn({ rule: 'plain-http', path: 'package-lock.json' }, 'lock resolved by http', [
  manifest({ hono: '^4.0.0' }),
  lock(
    { hono: '^4.0.0' },
    {
      'node_modules/hono': {
        version: '4.1.0',
        license: 'MIT',
        resolved: 'http://registry.internal.io/hono.tgz',
      },
    },
  ),
]);
plantedOn({ rule: 'lock-drift', path: 'package-lock.json' }, 'manifest raised without the lock', [
  manifest({ hono: '^5.0.0' }),
  lock({ hono: '^4.0.0' }, { 'node_modules/hono': { version: '4.1.0', license: 'MIT' } }),
]);
plantedOn({ rule: 'copyleft-licence', path: 'package-lock.json' }, 'AGPL in production', [
  manifest({ ghost: '^1.0.0' }),
  lock(
    { ghost: '^1.0.0' },
    { 'node_modules/ghost': { version: '1.0.0', license: 'AGPL-3.0-only' } },
  ),
]);
plantedOn({ rule: 'duplicate-direct', path: 'package-lock.json' }, 'two copies of react', [
  manifest({ react: '^19.0.0', grid: '^1.0.0' }),
  lock(
    { react: '^19.0.0', grid: '^1.0.0' },
    {
      'node_modules/react': { version: '19.0.0', license: 'MIT' },
      'node_modules/grid': { version: '1.0.0', license: 'MIT' },
      'node_modules/grid/node_modules/react': { version: '18.2.0', license: 'MIT' },
    },
  ),
]);
planted('invalid-manifest', 'manifest after a bad merge', [
  ['tools/package.json', '{\n  "name": "tools",\n  "dependencies": {\n    "a": "1.0.0",\n  }\n'],
]);

clean('caret ranges with a lock', [
  manifest({ hono: '^4.0.0' }),
  lock(
    { hono: '^4.0.0' },
    {
      'node_modules/hono': {
        version: '4.1.0',
        license: 'MIT',
        resolved: 'https://registry.npmjs.org/hono.tgz',
      },
    },
  ),
]);
clean('star as a peer', [manifest({ hono: '^4.0.0' }, { peerDependencies: { react: '*' } }), YARN]);
clean('workspace protocol', [manifest({ shared: 'workspace:*' })]);
clean('library without a lock', [
  [
    'packages/core/package.json',
    json({
      name: 'core',
      version: '1.0.0',
      main: '../../src/main.ts',
      dependencies: { hono: '^4.0.0' },
    }),
  ],
]);
clean('git pinned to a commit', [
  manifest({
    hono: 'git+https://github.com/honojs/hono.git#8f3b2c1d9e0a7b6c5d4e3f2a1b0c9d8e7f6a5b4c',
  }),
  YARN,
]);
clean('git pinned to a release tag', [manifest({ hono: 'github:honojs/hono#v4.1.0' }), YARN]);
clean('file dependency inside the repository', [
  manifest({ shared: 'file:./packages/shared' }),
  ['packages/shared/package.json', json({ name: 'shared', private: true, main: 'index.js' })],
  ['packages/shared/index.js', 'module.exports = 1;\n'],
]);
clean('requirements with hashes, markers and extras', [
  [
    'requirements.txt',
    '# pinned\nflask[async]==3.0.0 ; python_version >= "3.9"\nrequests>=2,<3\n-r other.txt\n',
  ],
  ['other.txt', 'click==8.1.0\n'],
]);
clean('dual licence with a mild choice', [
  manifest({ zip: '^3.0.0' }),
  lock(
    { zip: '^3.0.0' },
    { 'node_modules/zip': { version: '3.0.0', license: '(MIT OR GPL-3.0-or-later)' } },
  ),
]);
clean('GPL only in development', [
  manifest({}, { devDependencies: { checker: '^1.0.0' } }),
  [
    'package-lock.json',
    json({
      name: 'lantern',
      lockfileVersion: 3,
      packages: {
        '': { devDependencies: { checker: '^1.0.0' } },
        'node_modules/checker': { version: '1.0.0', license: 'GPL-3.0', dev: true },
      },
    }),
  ],
]);
clean('two minors of a helper deep in the tree', [
  manifest({ hono: '^4.0.0' }),
  lock(
    { hono: '^4.0.0' },
    {
      'node_modules/hono': { version: '4.1.0', license: 'MIT' },
      'node_modules/ms': { version: '2.1.2', license: 'MIT' },
      'node_modules/hono/node_modules/ms': { version: '2.0.0', license: 'MIT' },
    },
  ),
]);
clean('path dependency between crates of a workspace', [
  ['Cargo.toml', '[workspace]\nmembers = ["core"]\n'],
  [
    'core/Cargo.toml',
    '[package]\nname = "core"\n\n[dependencies]\nbase = { path = "../base" }\nserde = { version = "1", features = ["derive"] }\n',
  ],
]);
clean('dependency called constructor', [
  manifest({ constructor: '^1.0.0', 'is-object': '~1.0.2' }),
  YARN,
]);
