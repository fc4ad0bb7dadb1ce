import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');
const BUNDLED = path.join(REPOSITORY, 'node_modules', `node-${process.platform}-${process.arch}`);

/** The command's stand-in: says who runs it, and ends as its arguments ask. */
const MAIN = `
const [how]: string[] = process.argv.slice(2);
if (how === 'wait') {
  process.on('SIGTERM', () => process.exit(9));
  setInterval(() => 0, 1_000);
} else if (how === 'die') process.kill(process.pid, 'SIGKILL');
else process.exitCode = 7;
console.log(process.versions.node, process.argv.slice(2).join(' '));
`;

/** Makes the running Node believe that it is an old one; children are not affected. */
const PRETEND_OLD =
  'data:text/javascript,' +
  encodeURIComponent(
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });",
  );

let root = '';
let child: ChildProcess | undefined;

type Ended = { code: number | null; signal: NodeJS.Signals | null; text: string };

function hive(nodeOptions: readonly string[], ...args: readonly string[]): Promise<Ended> {
  const started = spawn(process.execPath, [
    ...nodeOptions,
    path.join(root, 'bin', 'hive.js'),
    ...args,
  ]);
  child = started;
  let text = '';
  for (const stream of [started.stdout, started.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (args[0] === 'wait') started.kill('SIGTERM');
    });
  }
  return new Promise((resolve) => {
    started.on('close', (code, signal) => resolve({ code, signal, text }));
  });
}

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'hivewright-bin-'));
  mkdirSync(path.join(root, 'src', 'cli'), { recursive: true });
  cpSync(path.join(REPOSITORY, 'bin'), path.join(root, 'bin'), { recursive: true });
  writeFileSync(path.join(root, 'package.json'), '{ "type": "module" }');
  writeFileSync(path.join(root, 'src', 'cli', 'main.ts'), MAIN);
});

afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

describe('bin/hive.js', () => {
  test('runs the sources on a Node that can', async () => {
    const ended = await hive([], 'task', 'list');
    expect(ended).toEqual({ code: 7, signal: null, text: `${process.versions.node} task list\n` });
  });

  test('on an old Node without another says what to install', async () => {
    const ended = await hive(['--import', PRETEND_OLD]);
    expect(ended.code).toBe(1);
    expect(ended.text).toContain('Node 22.18 or later is needed, this is 20.20.2');
  });

  describe('on an old Node', () => {
    beforeEach((context) => {
      if (!existsSync(BUNDLED)) context.skip('npm has no Node for this platform');
      symlinkSync(path.join(REPOSITORY, 'node_modules'), path.join(root, 'node_modules'));
    });

    test('starts the one npm installed, with the arguments and the exit code', async () => {
      const ended = await hive(['--import', PRETEND_OLD], 'run', 'list');
      expect(ended.code).toBe(7);
      expect(ended.text).toMatch(/^24\.\S+ run list\n$/);
    });

    test('passes signals on and ends as the command ended', async () => {
      expect((await hive(['--import', PRETEND_OLD], 'wait')).code).toBe(9);
      expect((await hive(['--import', PRETEND_OLD], 'die')).signal).toBe('SIGKILL');
    });
  });
});
