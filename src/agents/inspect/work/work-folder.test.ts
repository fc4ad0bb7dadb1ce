import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { analysers } from '../../../analysis/index.ts';
import type { Analyser } from '../../../analysis/index.ts';
import { cutShards } from './cut-shards.ts';
import { readFileList, writeFileList } from './file-list.ts';
import { readPart, writePart } from './part-file.ts';
import { writeAtomic } from './write-atomic.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hive-work-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const entries = [
  { path: 'a.ts', bytes: 1 },
  { path: 'b.md', bytes: 2 },
  { path: 'c.ts', bytes: 3, skipped: 'binary' as const },
];

describe('the file list', () => {
  test('is read back under its digest; an analyser sees what it wants of the readable files', () => {
    const digest = writeFileList(directory, { entries, leftOut: [] });
    const list = readFileList(directory, digest);
    expect(list.facts.entries).toEqual(entries);
    const [first] = analysers;
    const wants = (path: string): boolean => path.endsWith('.ts');
    const analyser = { ...first, name: 'only-scripts', wants } as Analyser;
    expect(list.wanted(analyser).map((each) => each.path)).toEqual(['a.ts']);
  });

  test('I1: another list, another version, or none stops the task with advice', () => {
    const digest = writeFileList(directory, { entries, leftOut: [] });
    const other = writeFileList(directory, { entries: [], leftOut: [] });
    expect(other).not.toBe(digest);
    expect(() => readFileList(directory, digest)).toThrow('start a new inspection');
    rmSync(join(directory, 'files.json'));
    expect(() => readFileList(directory, other)).toThrow('is gone');
  });
});

test('a part is accepted under its digest only, and a damaged one is none', () => {
  const place = { workDirectory: directory, analyser: 'secrets', part: 3 };
  const part = { digest: 'd1', findings: [], omitted: [], facts: { files: [] }, unread: ['x'] };
  expect(readPart(place, 'd1')).toBeUndefined();
  writePart(place, part);
  expect(readPart(place, 'd1')).toEqual(part);
  expect(readPart(place, 'd2')).toBeUndefined();
  writeFileSync(join(directory, 'parts', 'secrets-3.json'), '{"digest":"d1",');
  expect(readPart(place, 'd1')).toBeUndefined();
});

describe('shards', () => {
  const files = (count: number, bytes: number) =>
    Array.from({ length: count }, (_, at) => ({ path: `f${at}`, bytes }));

  test('hold at most 200 files and cover all in order', () => {
    expect(cutShards([])).toEqual([]);
    expect(cutShards(files(200, 1))).toEqual([[0, 200]]);
    expect(cutShards(files(401, 1))).toEqual([
      [0, 200],
      [200, 400],
      [400, 401],
    ]);
  });

  test('hold at most 4 MiB, except a file that is larger alone', () => {
    const list = [...files(2, 3_000_000), ...files(1, 9_000_000), ...files(2, 10)];
    expect(cutShards(list)).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 5],
    ]);
  });
});

test('an atomic write replaces the old file and leaves nothing beside it', () => {
  const path = join(directory, 'deep', 'file.txt');
  writeAtomic(path, 'old', { durability: 'power-safe' });
  writeAtomic(path, 'ünew', { durability: 'rebuildable' });
  expect(readFileSync(path, 'utf8')).toBe('ünew');
  expect(readdirSync(join(directory, 'deep'))).toEqual(['file.txt']);
});
