// The examples and the text that teaches them, tried as a reader would: validated, run, watched, decided and done again by commands.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHive } from '../../src/app/index.ts';
import type { Hive } from '../../src/app/index.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import type { TerminalStream } from '../../src/cli/terminal.ts';
import { loadConfig } from '../../src/config/index.ts';
import { startCommand, temporaryFolder } from './hive-process.ts';
import type { TemporaryFolder } from './hive-process.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = join(root, 'examples/workflows');
const example = (name: string): string => join(folder, name);

let data: TemporaryFolder;
let hive: Hive;

beforeAll(async () => {
  data = temporaryFolder('workflows');
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
  code: number;
  out: string;
  err: string;
}

/** One command line against the hive that runs. */
async function command(...words: string[]): Promise<Ended> {
  const kept = { out: '', err: '' };
  const stream = (name: 'out' | 'err'): TerminalStream => ({
    write: (text) => {
      kept[name] += text;
    },
    isTerminal: false,
    hasColor: false,
    columns: () => 200,
    rows: () => 50,
  });
  const code = await runCommandLine({
    words: [...words, '--data', data.path],
    terminal: { out: stream('out'), err: stream('err'), isInputTerminal: false },
    signal: new AbortController().signal,
    door: () => import('../../src/app/embedded.ts'),
  });
  return { code, ...kept };
}

async function json(...words: string[]): Promise<Record<string, unknown>> {
  const { out, err } = await command(...words, '--json');
  if (out === '') throw new Error(err);
  return JSON.parse(out) as Record<string, unknown>;
}

async function detached(file: string, input: unknown): Promise<string> {
  const words = ['workflow', 'run', example(file), '--input', JSON.stringify(input), '--detach'];
  const { out, err } = await command(...words);
  expect(out, err).toMatch(/^run_\w+\n$/);
  return out.trim();
}

/** Looks again whenever something happened in the run, until `ready` finds what it needs. */
async function until<Found>(
  run: string,
  ready: (view: Record<string, unknown>) => Found | undefined,
): Promise<Found> {
  const { client } = await import('../../src/app/embedded.ts').then(({ openHive }) =>
    openHive({ purpose: 'look', flags: { data: data.path } }),
  );
  for (let turn = 0; turn < 60; turn++) {
    const found = ready(await client.call('run.show', { id: run }));
    if (found !== undefined) return found;
    await client.call('run.watch', { id: run, cursor: 'head', waitMs: 250 });
  }
  throw new Error(`${run} did not get there: ${(await command('run', 'show', run)).out}`);
}

interface Waiting {
  approvals: { id: string }[];
  waiting: { waits: { kind: string; subject: string }[] }[];
}
const openApproval = (view: Record<string, unknown>): string | undefined =>
  (view as unknown as Waiting).approvals[0]?.id;
const openEvent = (view: Record<string, unknown>): string | undefined =>
  (view as unknown as Waiting).waiting
    .flatMap(({ waits }) => waits)
    .find(({ kind }) => kind === 'event')?.subject;

describe('the examples', () => {
  const yaml = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

  test.each(yaml)('%s is valid, and docs/workflows.md names it', async (name) => {
    const { code, out, err } = await command('workflow', 'validate', example(name));
    expect(code, err).toBe(0);
    expect(out).toContain('is valid');
    expect(readFileSync(join(root, 'docs/workflows.md'), 'utf8')).toContain(name);
  });

  test.each([
    [
      'hello.yaml',
      { name: 'Ada' },
      { results: { greeting: { text: 'Hello, Ada!' }, question: { text: 'How are you, Ada?' } } },
    ],
    [
      'pages.yaml',
      { pages: ['a', 'b', 'c'] },
      {
        results: {
          pages: [
            { page: 'a', number: 1 },
            { page: 'b', number: 2 },
            { page: 'c', number: 3 },
          ],
        },
      },
    ],
    ['improve.yaml', { goal: 30 }, { score: 30 }],
    ['order.yaml', { parcels: 3 }, { parcels: 3 }],
  ])('%s runs to its output', async (name, input, output) => {
    const { code, out, err } = await command(
      'workflow',
      'run',
      example(name),
      '--input',
      JSON.stringify(input),
    );
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toEqual(output);
  });

  test('order.yaml undoes what was done, in reverse order, and says why it failed', async () => {
    const { code, err } = await command(
      'workflow',
      'run',
      example('order.yaml'),
      '--input',
      '{"parcels":13}',
    );
    expect(code).toBe(6);
    expect(err).toMatch(
      /undoes what was done[^]*completed[^\n]* refund\n[^]*completed[^\n]* release\n/,
    );
    expect(err).toMatch(/Why: run_\w+ failed in ship/);
  });

  test('a loop that does not get there fails with its bound', async () => {
    const { code, err } = await command(
      'workflow',
      'run',
      example('improve.yaml'),
      '--input',
      '{"goal":51}',
    );
    expect(code).toBe(6);
    expect(err).toContain('5 times');
  });

  test('publish.yaml takes the short way for a short text', async () => {
    const run = await detached('publish.yaml', { title: 'Bees', words: 12 });
    expect(await until(run, openEvent)).toBe('window-open');
    expect((await command('run', 'signal', run, 'window-open')).out).toContain('delivered');
    const { code, err } = await command('run', 'watch', run);
    expect(code, err).toBe(0);
  });

  test('publish.yaml asks, is paused and resumed, is edited, waits for its event, and can be done again', async () => {
    const run = await detached('publish.yaml', { title: 'Bees', words: 1_200 });
    const approval = await until(run, openApproval);
    const shown = await command('approval', 'show', approval);
    expect(shown.out).toContain('"words": 1200');
    expect((await command('run', 'pause', run)).code).toBe(0);
    expect(await json('run', 'show', run)).toMatchObject({ state: 'paused' });
    expect((await command('run', 'resume', run)).code).toBe(0);
    const slip = await command('approval', 'edit', approval, '--answer', '{"chanel":"mail"}');
    expect([slip.code, slip.err]).toEqual([2, expect.stringContaining('chanel: is unknown')]);
    const bad = await command('approval', 'edit', approval, '--answer', '{"channel":"radio"}');
    expect([bad.code, bad.err]).toEqual([2, expect.stringContaining('channel')]);
    const edited = await command(
      'approval',
      'edit',
      approval,
      '--answer',
      '{"channel":"mail"}',
      '--comment',
      'fine',
    );
    expect(edited.code, edited.err).toBe(0);
    expect((await command('approval', 'approve', approval)).code).toBe(5);
    await until(run, openEvent);
    expect(
      (await command('run', 'signal', run, 'window-open', '{"by":"clock"}', '--key', 'once')).code,
    ).toBe(0);
    const watched = await command('run', 'watch', run);
    expect(watched.code, watched.err).toBe(0);
    expect(await json('run', 'show', run)).toMatchObject({
      state: 'completed',
      output: {
        results: {
          draft: { title: 'Bees', words: 1_200 },
          window: { event: 'window-open', data: { by: 'clock' } },
        },
      },
    });

    const replayed = await command('run', 'replay', run);
    expect([replayed.code, replayed.out]).toEqual([0, expect.stringContaining('0 diverged')]);
    const { runId: short } = await json(
      'run',
      'fork',
      run,
      '--input',
      '{"title":"Ants","words":3}',
    );
    await until(String(short), openEvent);
    const diff = await command('run', 'diff', run, String(short));
    expect(diff.out).toContain('input differs at title, words');
    expect(diff.out).toMatch(/review +succeeded > -/);
    expect((await command('run', 'cancel', String(short))).code).toBe(0);
    expect(await json('run', 'export', run)).toMatchObject({
      format: 'hivewright.run/1',
      isComplete: true,
    });
    const { approvals } = await json('approval', 'list', '--all');
    expect(approvals).toMatchObject([
      { id: approval, state: 'approved', comment: 'fine', answer: { channel: 'mail' } },
    ]);
  });
});

describe('without a workflow file', () => {
  test.each(['sequential', 'parallel'])('%s', async (strategy) => {
    const { code, out, err } = await command(
      'run',
      'start',
      'greet',
      '--agents',
      'echo,echo',
      '--strategy',
      strategy,
    );
    expect(code, err).toBe(0);
    expect(out).toContain('"task":"greet"');
  });

  test('a command that follows its run lets another one decide', async () => {
    using own = temporaryFolder('follow');
    const at = ['--data', own.path];
    const input = '{"title":"Bees","words":1200}';
    const first = startCommand([
      'workflow',
      'run',
      example('publish.yaml'),
      '--input',
      input,
      ...at,
      '--progress',
      'plain',
    ]);
    try {
      const [, approval = ''] = await first.matchError(/hive approval approve (apr_\w+)/);
      const decided = startCommand(['approval', 'approve', approval, ...at]);
      expect(await decided.exited, decided.stderr()).toBe(0);
      expect(decided.stdout()).toContain(`${approval} approved`);
    } finally {
      await first.kill('SIGINT');
    }
  });
});

test('every whole workflow in the documents is valid', async () => {
  using blocks = temporaryFolder('blocks');
  const { writeFileSync } = await import('node:fs');
  let checked = 0;
  for (const page of ['docs/workflows.md', 'docs/runs.md', 'README.md']) {
    const text = readFileSync(join(root, page), 'utf8');
    for (const [, block = ''] of text.matchAll(/^```yaml\n([^]*?)^```$/gm)) {
      if (!/^name:/m.test(block)) continue;
      const file = join(blocks.path, `block${checked++}.yaml`);
      writeFileSync(file, block);
      const { code, err } = await command('workflow', 'validate', file);
      expect(code, `${page}\n${block}\n${err}`).toBe(0);
    }
  }
  expect(checked).toBeGreaterThan(3);
});
