// docs/execution-models.md and its example, done as they are printed: commands, calls with curl, and the typed client.

import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHive } from '../../src/app/index.ts';
import type { Hive } from '../../src/app/index.ts';
import { loadConfig } from '../../src/config/index.ts';
import { temporaryFolder } from './hive-process.ts';
import type { TemporaryFolder } from './hive-process.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = readFileSync(join(root, 'docs/execution-models.md'), 'utf8');
const blocks = [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block = '']) => block);
const missing = ['bash', 'curl'].find((each) => spawnSync(each, ['--version']).status !== 0);

let data: TemporaryFolder;
let hive: Hive;

beforeAll(async () => {
  data = temporaryFolder('execution');
  const config = loadConfig({
    flags: { data: data.path, port: 0, threads: 1 },
    env: {},
    cwd: data.path,
    searchFrom: null,
  });
  hive = await startHive({ config: { ...config, minFreeBytes: 0 }, api: true });
});

afterAll(async () => {
  await hive.stop();
  data[Symbol.dispose]();
});

interface Ended {
  error: Error | null;
  stdout: string;
  stderr: string;
}

/** Not the synchronous form: the hive runs in this process and has to answer meanwhile. */
const run = (file: string, args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], HIVE_DATA: data.path };
    execFile(file, args, { env, encoding: 'utf8' }, (error, stdout, stderr) => {
      resolve({ error, stdout, stderr });
    });
  });

test.skipIf(missing !== undefined)(
  'the commands and the calls are right as they stand',
  async () => {
    expect(blocks).toHaveLength(3); // the last needs a PostgreSQL: test/conformance has two hosts on one
    const [commands = '', calls = ''] = blocks;
    const script = [
      `set -e; cd '${data.path}'; hive() { '${process.execPath}' '${join(root, 'bin/hive.js')}' "$@"; }`,
      commands.replace(/^hive start .*$/m, ''),
      'echo ---',
      calls.replace('http://127.0.0.1:8000', hive.url ?? ''),
    ].join('\n');
    const { error, stdout, stderr } = await run('bash', ['-c', script]);
    expect(error, `${stdout}\n${stderr}`).toBeNull();
    const [told = '', answers = ''] = stdout.split('---');
    expect(told).toContain('{"task":"greet","previous":null}');
    expect(told).toContain('3 tasks in');
    for (const part of [
      '"output":{"task":"greet"',
      '"duplicate":false',
      '"succeeded":2',
      '"isOver":true',
    ])
      expect(answers).toContain(part);
  },
  60_000,
);

test('the program runs and tells what it did', async () => {
  const file = join(root, 'examples/client/execution-models.ts');
  const { error, stdout, stderr } = await run(process.execPath, [
    file,
    hive.url ?? '',
    join(data.path, 'token'),
  ]);
  expect(error, stderr).toBeNull();
  expect(stdout.trim().split('\n')).toEqual([
    'synchronous: completed',
    expect.stringMatching(/^asynchronous: run_/),
    'streaming: run.started',
    'streaming: task.completed',
    'streaming: run.completed',
    'batch: 20 of 20 succeeded',
  ]);
});
