/** Files of code as Node itself loads them: in a process of its own, because the test runner has its own way of importing. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(path.join(tmpdir(), 'hive-code-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const script = `
  const { loadCode } = await import(${JSON.stringify(new URL('load-code.ts', import.meta.url).href)});
  try {
    const loaded = await loadCode(process.argv[1]);
    console.log(JSON.stringify(Object.keys(loaded.default.graph)));
  } catch (error) {
    console.log(error.message + '\\n' + error.details.fix);
  }
`;

function load(name: string, text: string): string {
  writeFileSync(path.join(folder, name), text);
  return execFileSync(process.execPath, ['--input-type=module', '-e', script, name], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

test("'hivewright' is there for a file that stands anywhere", () => {
  const text = `import { defineWorkflow } from 'hivewright';
    export default defineWorkflow({ name: 'far', nodes: [{ kind: 'agent', id: 'a', capabilities: ['echo'] }] });`;
  expect(JSON.parse(load('far.mts', text))).toContain('nodes');
});

test.each([
  ['enum.mts', 'const a = 1;\nenum B { c }', 'enum.mts:2 cannot be loaded: TypeScript enum'],
  ['throws.mts', '\nthrow new Error("boom");\nexport {}', 'throws.mts:2:7 cannot be loaded: boom'],
  [
    'gone.mts',
    "import 'no-such-package';",
    "cannot be loaded: Cannot find package 'no-such-package'",
  ],
])('%s is refused with its line', (name, text, told) => {
  expect(load(name, text)).toContain(told);
});

test('a file that Node takes for CommonJS is told how to become a module', () => {
  writeFileSync(path.join(folder, 'package.json'), '{"type":"commonjs"}');
  expect(load('old.ts', "import path from 'node:path';\nexport default path;")).toContain('.mts');
});
