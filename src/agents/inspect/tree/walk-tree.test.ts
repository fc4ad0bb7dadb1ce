import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { walkTree } from './walk-tree.ts';
import type { Walk, WalkOptions } from './walk-tree.ts';

let root = '';
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'hive-walk-')));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(path: string, content: string | Buffer = 'text\n'): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}
const walk = (options: Partial<WalkOptions> = {}): Walk =>
  walkTree({ root, exclude: [], maxBytesFor: () => 1_000, ...options });
const paths = (found: Walk): string[] => found.entries.map((each) => each.path);
const counts = (found: Walk): Record<string, number> =>
  Object.fromEntries(found.leftOut.map((each) => [each.reason, each.count]));

describe('.gitignore', () => {
  test('is obeyed as git does it: nested, negated, anchored, case-sensitive', () => {
    write('.gitignore', 'build\n*.log\n!keep.log\n/only-root.txt\nlib/*\n!lib/kept/\n# comment\n');
    write('build/a.js');
    write('Build/a.js');
    write('x.log');
    write('keep.log');
    write('only-root.txt');
    write('sub/only-root.txt');
    write('lib/a.js');
    write('lib/kept/a.js');
    write('lib/kept/x.log');
    write('nested/.gitignore', '!build\n!special.log\ninner.txt\n');
    write('nested/build/b.js');
    write('nested/special.log');
    write('nested/other.log');
    write('nested/inner.txt');
    write('nested/deeper/inner.txt');
    execFileSync('git', ['init', '-q'], { cwd: root });
    const git = execFileSync('git', ['ls-files', '--others', '--exclude-standard'], { cwd: root });
    expect(paths(walk())).toEqual(git.toString().trim().split('\n').toSorted());
  });

  test('costly patterns are left out and counted, the rest holds', () => {
    const trap = `${'*a'.repeat(30)}b`;
    write('.gitignore', `${trap}\n${'**/a/'.repeat(20)}b\ndropped\n${'x'.repeat(600)}\n`);
    write('a'.repeat(200));
    write('dropped');
    const found = walk();
    expect(paths(found)).toEqual(['.gitignore', 'a'.repeat(200)]);
    expect(counts(found)).toEqual({ ignored: 1, pattern: 3 });
  });

  test('a link or a directory of that name is not read', () => {
    write('sub/.gitignore/file.txt');
    write('rules', '*.txt\n');
    symlinkSync('rules', join(root, '.gitignore'));
    expect(paths(walk())).toEqual(['rules', 'sub/.gitignore/file.txt']);
  });
});

describe('a hostile tree', () => {
  test('links are never followed, .git is never entered', () => {
    const outside = realpathSync(mkdtempSync(join(tmpdir(), 'hive-outside-')));
    try {
      writeFileSync(join(outside, 'secret.txt'), 'secret');
      write('inside.txt');
      symlinkSync(outside, join(root, 'out'));
      symlinkSync(join(outside, 'secret.txt'), join(root, 'secret.txt'));
      symlinkSync('.', join(root, 'loop'));
      write('.git/config');
      write('sub/.git', 'gitdir: /elsewhere\n');
      write('sub/a.txt');
      const found = walk();
      expect(paths(found)).toEqual(['inside.txt', 'sub/a.txt']);
      expect(counts(found)).toEqual({ link: 3 });
    } finally {
      rmSync(outside, { recursive: true });
    }
  });

  test('pipes are not opened; binary and large files are listed, not read', () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    write('large.txt', 'x'.repeat(1_001));
    write('image.dat', Buffer.from([1, 0, 2]));
    write('empty.txt', '');
    const found = walk();
    expect(found.entries).toEqual([
      { path: 'empty.txt', bytes: 0 },
      { path: 'image.dat', bytes: 3, skipped: 'binary' },
      { path: 'large.txt', bytes: 1_001, skipped: 'too_large' },
    ]);
    expect(counts(found)).toEqual({ binary: 1, too_large: 1, not_regular: 1 });
  });

  test('weird names are only names', () => {
    const names = [
      '-rf',
      '$(touch x)',
      'a\nb.txt',
      '__proto__',
      'constructor',
      '...',
      '~',
      'a\\b',
      'ünï.txt',
    ];
    for (const name of names) write(name);
    write('..dir/x');
    write('.gitignore', '~\n');
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe, 0x2e])]), 'x');
    const found = walk();
    expect(paths(found)).toEqual(
      [...names.filter((each) => each !== '~'), '..dir/x', '.gitignore'].toSorted(),
    );
    expect(counts(found)).toEqual({ unreadable: 1, ignored: 1 });
  });

  test('a deep tree, and one deeper than paths may be', () => {
    const segment = 'd'.repeat(100);
    let directory = root;
    // relative steps, because the whole path is longer than the system accepts
    const previous = process.cwd();
    try {
      for (let depth = 0; depth < 60; depth++) {
        process.chdir(directory);
        mkdirSync(segment);
        writeFileSync('f.txt', 'x');
        directory = segment;
      }
    } finally {
      process.chdir(previous);
    }
    const found = walk();
    expect(found.entries.length).toBeGreaterThan(30);
    expect(counts(found)['unreadable']).toBeGreaterThan(0);
  });

  test('a directory that cannot be read costs only itself', () => {
    write('open/a.txt');
    write('shut/b.txt');
    chmodSync(join(root, 'shut'), 0);
    const found = walk();
    chmodSync(join(root, 'shut'), 0o755);
    // root reads everything; for other users the directory is left out
    expect(paths(found)).toContain('open/a.txt');
  });

  test('limits end the walk with what was found', () => {
    for (let at = 0; at < 10; at++) write(`d${at}/f.txt`);
    const found = walk({ maxFiles: 4 });
    expect(paths(found)).toEqual(['d0/f.txt', 'd1/f.txt', 'd2/f.txt', 'd3/f.txt']);
    expect(counts(found)['limit']).toBe(1);
  });
});

test('what is excluded is not there, and not counted', () => {
  write('.hive/work/x');
  write('a.txt');
  expect(walk({ exclude: ['.hive'] })).toEqual({
    entries: [{ path: 'a.txt', bytes: 5 }],
    leftOut: [],
  });
});

test('a root that cannot be read is PATH_INVALID', () => {
  expect(() => walk({ root: join(root, 'missing') })).toThrow('ENOENT');
});

test('the order is that of code units over whole paths', () => {
  for (const path of ['a/b', 'a.b', 'a-b', 'B', 'é', 'a/c.d/e']) write(path);
  expect(paths(walk())).toEqual(['B', 'a-b', 'a.b', 'a/b', 'a/c.d/e', 'é']);
});
