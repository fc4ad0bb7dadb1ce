import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { settings } from '../src/config/index.ts';
import { errorCodes, runStates, taskReasons, taskStates } from '../src/contract/index.ts';
import { renderConfigDocs } from './generate-config-docs.ts';
import { renderErrorDocs } from './generate-error-docs.ts';
import { renderStateDocs } from './generate-state-docs.ts';
import { markdownTable, repositoryRoot } from './generated-file.ts';

const read = (file: string): string => readFileSync(path.join(repositoryRoot, file), 'utf8');

test('docs/errors.md and the registry name the same codes, both ways', () => {
  const text = read('docs/errors.md');
  const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, code]) => code);
  expect(new Set(headings)).toEqual(new Set(Object.keys(errorCodes)));
  for (const { advice, message } of Object.values(errorCodes)) {
    expect(text).toContain(advice);
    expect(text).toContain(message);
  }
});

test('docs/configuration.md and the table name the same variables, both ways', () => {
  const names = [...read('docs/configuration.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(
    ([, name]) => name,
  );
  expect(new Set(names)).toEqual(new Set(Object.values(settings).map(({ name }) => name)));
});

test('docs/states.md names every state and reason', () => {
  const text = read('docs/states.md');
  for (const word of [...Object.keys(taskStates), ...Object.keys(runStates), ...taskReasons]) {
    if (word !== 'none') expect(text).toMatch(new RegExp(`\\b${word}\\b`));
  }
});

test('the committed files are what the generators write', () => {
  expect(read('docs/errors.md')).toBe(renderErrorDocs());
  expect(read('docs/states.md')).toBe(renderStateDocs());
  expect(read('docs/configuration.md')).toBe(renderConfigDocs());
});

test('--check ends with 1 for a file that differs, and 0 for one that does not', () => {
  const check = (file: string): number | null => {
    const program = `
      import { runGenerator } from ${JSON.stringify(path.join(import.meta.dirname, 'generated-file.ts'))};
      process.argv = [process.execPath, '/generator.ts', '--check'];
      runGenerator({ url: 'file:///generator.ts', file: ${JSON.stringify(file)}, render: () => 'another text' });`;
    return spawnSync(process.execPath, ['--input-type=module', '--eval', program]).status;
  };
  expect(check('docs/errors.md')).toBe(1);
  expect(check('docs/no-such-file.md')).toBe(1);
  for (const name of ['error', 'state', 'config']) {
    const script = path.join(import.meta.dirname, `generate-${name}-docs.ts`);
    expect(spawnSync(process.execPath, [script, '--check']).status, name).toBe(0);
  }
});

test('a table escapes its cells', () => {
  expect(markdownTable(['a'], [['x|y']])).toBe('| a |\n| --- |\n| x\\|y |');
});
