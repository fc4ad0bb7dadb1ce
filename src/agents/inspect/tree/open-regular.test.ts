import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fileFact, readText } from './open-regular.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hive-open-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});
const at = (name: string): string => join(directory, name);

test('text is decoded; broken UTF-8 and late NULs cost nothing', () => {
  writeFileSync(at('a'), Buffer.concat([Buffer.from('ü\xff'), Buffer.from([0xff, 0x41])]));
  expect(readText(at('a'), 100)).toEqual({ kind: 'text', text: 'üÿ\uFFFDA', bytes: 6 });
  writeFileSync(at('late'), `${'x'.repeat(8_000)}\u0000y`);
  const late = readText(at('late'), 10_000);
  expect(late.kind === 'text' && late.text.endsWith('x y')).toBe(true);
});

test('a pipe that nobody writes to does not hold the reader', () => {
  execFileSync('mkfifo', [at('pipe')]);
  expect(readText(at('pipe'), 100)).toEqual({ kind: 'not_regular' });
  expect(fileFact('/dev/zero', 100)).toEqual({ kind: 'not_regular' });
});

test('links, directories and what is gone are refused', () => {
  writeFileSync(at('target'), 'x');
  symlinkSync('target', at('link'));
  mkdirSync(at('directory'));
  expect(readText(at('link'), 100)).toEqual({ kind: 'unreadable' });
  expect(readText(at('directory'), 100)).toEqual({ kind: 'not_regular' });
  expect(readText(at('gone'), 100)).toEqual({ kind: 'unreadable' });
});

test('size is checked on what was opened', () => {
  writeFileSync(at('a'), 'x'.repeat(11));
  expect(readText(at('a'), 10)).toEqual({ kind: 'too_large', bytes: 11 });
  expect(fileFact(at('a'), 11)).toEqual({ kind: 'text', bytes: 11 });
});
