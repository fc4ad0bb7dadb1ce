import { expect, test } from 'vitest';
import { repositoryFacts } from '../repository-facts.ts';
import { analyse, told } from '../testing.ts';
import { countLines } from './count-lines.ts';
import { inventory } from './inventory.ts';
import { languageOfFile } from './languages.ts';
import { summariseInventory } from './summarise.ts';

test('languages by extension, name and shebang', () => {
  expect(languageOfFile('a/b.tsx', '')?.name).toBe('TypeScript');
  expect(languageOfFile('Dockerfile.dev', '')?.name).toBe('Dockerfile');
  expect(languageOfFile('bin/run', '#!/usr/bin/env python3\n')?.name).toBe('Python');
  expect(languageOfFile('constructor', 'x')).toBeUndefined();
});

test('lines of code, comment and blank', () => {
  expect(countLines(['// a', '', '/* b', 'c', '*/ d', 'e();', '/* f */'], 'slash')).toEqual({
    code: 1,
    comment: 5,
    blank: 1,
  });
  expect(countLines(['# a', 'b', ''], 'hash')).toEqual({ code: 1, comment: 1, blank: 1 });
});

test('the summary counts every kind once, in any order of shards', () => {
  const file = (path: string, text: string) => ({ path, text, bytes: text.length });
  const shared = repositoryFacts([
    { path: 'a.ts', bytes: 5 },
    { path: 'a.test.ts', bytes: 5 },
    { path: 'vendor/b.go', bytes: 9 },
    { path: 'logo.png', bytes: 90, skipped: 'binary' },
    { path: 'big.csv', bytes: 900, skipped: 'too_large' },
  ]);
  const one = inventory.shard([file('a.ts', 'f();\n'), file('a.test.ts', 'g();\n')], shared).facts;
  const two = inventory.shard([file('vendor/b.go', 'package b\n')], shared).facts;
  const summary = summariseInventory([two, one], shared);
  expect(summary).toEqual(summariseInventory([one, two], shared));
  expect(summary).toMatchObject({
    files: 5,
    skippedBinary: 1,
    skippedLarge: 1,
    ownCode: 1,
    testCode: 1,
    vendoredFiles: 1,
  });
  expect(summary.largest[0]).toEqual({ path: 'big.csv', bytes: 900 });
});

test('the manifest of an unpacked crate is the work of its author, a left-over copy is not', () => {
  const found = analyse(inventory, [
    ['packed/.cargo_vcs_info.json', '{}'],
    ['packed/Cargo.toml.orig', '[package]'],
    ['merged/Cargo.toml.orig', '[package]'],
  ]);
  expect(told(found)).toEqual(['committed-artefact merged/Cargo.toml.orig:0']);
});
