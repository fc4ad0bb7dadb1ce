import { expect, test } from 'vitest';
import { analysers } from './analysers.ts';
import { repositoryFacts } from './repository-facts.ts';

const PATHS = [
  'src/a.ts',
  'src/b.test.js',
  'tests/test_a.py',
  'a_test.go',
  'src/h.rs',
  'ATest.java',
  'spec/a_spec.rb',
  'web/a.html',
  'web/b.vue',
  'web/c.css',
  'README.md',
  'package.json',
  'package-lock.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'Cargo.toml',
  'Cargo.lock',
  'go.mod',
  'requirements.txt',
  'pyproject.toml',
  'Gemfile',
  'composer.lock',
  'pom.xml',
  '.npmrc',
  '.github/workflows/a.yml',
  'Dockerfile',
  'compose.yaml',
  'tsconfig.json',
  '.env',
  '.gitignore',
  '__proto__',
  'constructor/toString.ts',
];
const PARTS = [
  'a',
  ' ',
  '\n',
  ' '.repeat(3_900) + '\n',
  '(',
  '[',
  '{',
  '<',
  '"',
  '`',
  '\\',
  '](',
  '<!--',
  '/*',
  'a=',
  'a: ',
  '- ',
  'password="',
  '&a [*a]\n',
  '{"__proto__":',
  'a{',
  '@a ',
  'import(`./',
  '\u0000',
  '😀',
  '\r',
];
const CHARS = 20_000;
/** What one result of a task may hold. */
const MAX_RESULT_CHARS = 1_048_576;

/** No timing is asserted: a quadratic pattern runs into the time limit of the test. */
test.each(PATHS)('%s full of anything neither throws nor hangs nor swells', (path) => {
  const shared = repositoryFacts([{ path, bytes: CHARS }]);
  for (const part of PARTS) {
    const text = part.repeat(Math.ceil(CHARS / part.length)).slice(0, CHARS);
    for (const analyser of analysers.filter(({ wants }) => wants(path))) {
      const result = analyser.shard([{ path, text, bytes: CHARS }], shared);
      const json = JSON.stringify(result);
      expect(json.length).toBeLessThan(MAX_RESULT_CHARS);
      const joined = analyser.finish?.([(JSON.parse(json) as typeof result).facts], shared) ?? [];
      const failed = [...result.findings, ...joined].filter(
        ({ rule }) => rule === 'analysis/failed',
      );
      expect(failed, `${analyser.name} on ${JSON.stringify(part.slice(0, 20))}`).toEqual([]);
    }
  }
});

test('names of object members are ordinary names', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
  const files = names.flatMap((name) => [
    { path: `${name}/${name}.ts`, text: `export const ${name} = 1;\n`, bytes: 1 },
    {
      path: `${name}/package.json`,
      text: `{"name":"${name}","dependencies":{"${name}":"*"},"scripts":{"${name}":"x"}}`,
      bytes: 1,
    },
    { path: `${name}/${name}.md`, text: `# ${name}\n\n[${name}](#${name})\n`, bytes: 1 },
    { path: `${name}/${name}.css`, text: `${name} { ${name}: 1; --${name}: 2 }\n`, bytes: 1 },
  ]);
  const shared = repositoryFacts(files);
  for (const analyser of analysers) {
    const result = analyser.shard(
      files.filter(({ path }) => analyser.wants(path)),
      shared,
    );
    const all = [...result.findings, ...(analyser.finish?.([result.facts], shared) ?? [])];
    expect(all.filter(({ rule }) => rule === 'analysis/failed')).toEqual([]);
  }
});
