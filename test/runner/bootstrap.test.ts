import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const SCRIPTS = path.resolve(import.meta.dirname, '../../scripts');

/** Stands in for npm: counts its calls and installs what the lock of the folder names. */
const FAKE_NPM = `
const fs = require('node:fs');
fs.appendFileSync('calls.txt', process.argv.slice(2).join(' ') + '\\n');
if (fs.existsSync('offline')) process.exit(1);
fs.rmSync('node_modules', { recursive: true, force: true });
const lock = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
const dropped = fs.existsSync('drop') ? fs.readFileSync('drop', 'utf8') : '';
for (const name of Object.keys(lock.packages)) {
  if (name === dropped) { delete lock.packages[name]; continue; }
  fs.mkdirSync(name, { recursive: true });
  fs.writeFileSync(name + '/package.json', '{}');
}
fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify(lock));
`;

const NATIVE = `node_modules/native-${process.platform}`;

let root = '';

function writeLock(version: string): void {
  const packages = {
    'node_modules/plain': { version, integrity: `sha512-${version}` },
    [NATIVE]: { version: '1.0.0', integrity: 'sha512-b', optional: true, os: [process.platform] },
    'node_modules/foreign': {
      version: '1.0.0',
      integrity: 'sha512-c',
      optional: true,
      os: ['aix'],
    },
  };
  writeFileSync(path.join(root, 'package-lock.json'), JSON.stringify({ packages }));
}

function bootstrap(): Promise<{ code: number; text: string }> {
  const script = path.join(root, 'scripts', 'bootstrap.mjs');
  const env = { ...process.env, npm_execpath: path.join(root, 'fake-npm.cjs') };
  return new Promise((resolve) => {
    execFile(process.execPath, [script], { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, text: stdout + stderr });
    });
  });
}

const callsOfNpm = (): number => {
  const file = path.join(root, 'calls.txt');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
};

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'hivewright-bootstrap-'));
  mkdirSync(path.join(root, 'scripts'));
  for (const name of ['bootstrap.mjs', 'find-node.mjs', 'missing-packages.mjs']) {
    cpSync(path.join(SCRIPTS, name), path.join(root, 'scripts', name));
  }
  writeFileSync(path.join(root, 'fake-npm.cjs'), FAKE_NPM);
  writeLock('1.0.0');
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('the bootstrap', () => {
  test('installs once, and again when the lock file changes', async () => {
    expect((await bootstrap()).text).toContain('Installing the dependencies');
    expect(await bootstrap()).toEqual({ code: 0, text: '' });
    expect(callsOfNpm()).toBe(1);
    writeLock('1.0.1');
    await bootstrap();
    expect(callsOfNpm()).toBe(2);
    expect(existsSync(path.join(root, '.hivewright-installing'))).toBe(false);
  });

  test('takes an installation made by hand as it is', async () => {
    await bootstrap();
    rmSync(path.join(root, 'node_modules', '.hivewright-installed'));
    expect(await bootstrap()).toEqual({ code: 0, text: '' });
    expect(callsOfNpm()).toBe(1);
  });

  test('a failed installation says what to do and is tried again', async () => {
    writeFileSync(path.join(root, 'offline'), '');
    const { code, text } = await bootstrap();
    expect(code).toBe(1);
    expect(text).toContain('Then run the same command again.');
    rmSync(path.join(root, 'offline'));
    expect((await bootstrap()).code).toBe(0);
  });

  test('a native package that npm dropped is named', async () => {
    writeFileSync(path.join(root, 'drop'), NATIVE);
    const { code, text } = await bootstrap();
    expect(code).toBe(1);
    expect(text).toContain(`npm left out packages that this machine needs: ${NATIVE}`);
  });

  test('the lock of an installation that was killed is taken over', async () => {
    const dead = 2 ** 22 + 1; // above the largest process id of Linux
    writeFileSync(path.join(root, '.hivewright-installing'), String(dead));
    expect((await bootstrap()).code).toBe(0);
    expect(callsOfNpm()).toBe(1);
  });
});
