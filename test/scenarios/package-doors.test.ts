/** The names under which others import the package: they resolve in a clone, and give what the doors of the sources give. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
interface Door {
  types: string;
  default: string;
}
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  files: string[];
  exports: Record<string, Door | string>;
};

function namesOf(specifier: string): string[] {
  const script = `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(specifier)})).sort()))`;
  const told = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(told) as string[];
}

test.each([
  ['hivewright', './src/index.ts'],
  ['hivewright/client', './src/client/index.ts'],
])('%s is %s', (specifier, source) => {
  expect(namesOf(specifier)).toEqual(namesOf(source));
});

test('every door of the package is in what is published', () => {
  const doors = Object.values(manifest.exports).filter((door) => typeof door !== 'string');
  expect(doors.length).toBeGreaterThan(1);
  for (const file of doors.flatMap((door) => Object.values(door) as string[]))
    expect(manifest.files).toContain(file.split('/')[1]);
});
