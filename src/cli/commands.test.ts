import { describe, expect, test } from 'vitest';
import { errorCodes, hiveError } from '../contract/index.ts';
import { aRun, aTask, tell } from './testing.ts';

const id = 'run_00000000000000000000000001';
const over = (run = aRun({ state: 'completed' })) => ({
  run,
  events: [],
  signals: [],
  cursor: null,
  heard: 0,
  isOver: true,
});

describe('arguments', () => {
  test('an unknown command suggests the nearest and ends with 2', async () => {
    const { exitCode, out, err } = await tell('inspct .');
    expect([exitCode, out]).toEqual([2, '']);
    expect(err).toBe(
      [
        'x Cannot understand the command line (USAGE)',
        "  Why: unknown command 'inspct' (Did you mean inspect?)",
        `  Fix: ${errorCodes.USAGE.advice}`,
        '  More: hive help USAGE',
        '',
      ].join('\n'),
    );
  });

  test.each([
    'run lst',
    'inspect',
    'run list --frobnicate',
    'run list --timeout soon',
    'task create x',
    '--progress loud doctor',
  ])('`hive %s` is a usage error on stderr', async (words) => {
    const { exitCode, out, err } = await tell(words);
    expect([exitCode, out]).toEqual([2, '']);
    expect(err).toContain('(USAGE)');
  });

  test('--version and --help answer on stdout', async () => {
    expect((await tell('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    const { exitCode, out } = await tell('run list --help');
    expect(exitCode).toBe(0);
    expect(out).toContain('Usage: hive run list');
  });

  test('flags reach the configuration, given before or after the command', async () => {
    const seen: unknown[] = [];
    const openHive = (options: unknown) => {
      seen.push(options);
      return Promise.reject(hiveError('LOCK_HELD'));
    };
    await tell('--data /x run list --port 9', { openHive });
    expect(seen).toEqual([{ purpose: 'look', flags: { data: '/x', port: '9' } }]);
  });
});

describe('errors', () => {
  test.each([
    ['NOT_FOUND', 3],
    ['TOKEN_INVALID', 4],
    ['ILLEGAL_TRANSITION', 5],
    ['TIMEOUT', 7],
    ['SERVER_UNREACHABLE', 8],
    ['PORT_IN_USE', 1],
    ['CONFIG_INVALID', 2],
  ] as const)('%s ends with %i', async (code, expected) => {
    const openHive = () => Promise.reject(hiveError(code));
    expect((await tell('run list', { openHive })).exitCode).toBe(expected);
  });

  test('with --json the same facts are one document on stdout', async () => {
    const openHive = () =>
      Promise.reject(hiveError('PORT_IN_USE', { message: 'port 8000 is taken' }));
    const { out } = await tell('start --json', { openHive });
    expect(JSON.parse(out)).toEqual({
      schemaVersion: 1,
      error: {
        code: 'PORT_IN_USE',
        what: 'Cannot start the hive',
        why: 'port 8000 is taken',
        fix: [errorCodes.PORT_IN_USE.advice],
        docs: 'hive help PORT_IN_USE',
        request_id: null,
      },
    });
  });

  test('stack traces only with --debug', async () => {
    const openHive = () => Promise.reject(new Error('boom'));
    expect((await tell('run list', { openHive })).err).not.toContain('    at ');
    expect((await tell('run list --debug', { openHive })).err).toContain('    at ');
  });

  test('an unknown id suggests recent ones', async () => {
    const { exitCode, err } = await tell('run show run_x', {
      answers: {
        'run.show': () => {
          throw hiveError('NOT_FOUND', { message: 'there is no run run_x' });
        },
        'run.list': () => ({ runs: [aRun()], next: null }),
      },
    });
    expect(exitCode).toBe(3);
    expect(err).toContain(`Fix: recent: ${id}`);
  });

  test('a hostile message cannot move the cursor or forge lines', async () => {
    const message = 'a\u001b[2J\u009b31m\rb\u202ec';
    const openHive = () => Promise.reject(hiveError('INTERNAL', { message }));
    const { err } = await tell('run list', { openHive });
    // oxlint-disable-next-line no-control-regex -- because the test looks for control characters
    expect(err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });

  test('every error code has its help', async () => {
    for (const code of Object.keys(errorCodes)) {
      const { exitCode, out } = await tell(`help ${code}`);
      expect(exitCode).toBe(0);
      expect(out).toContain(code);
    }
    const { exitCode, err } = await tell('help NOT_FUND');
    expect(exitCode).toBe(2);
    expect(err).toContain('hive help NOT_FOUND');
    expect((await tell('help exit-codes')).out).toMatch(/^ {2}0 {2}done\n/);
  });
});

describe('answers', () => {
  const answers = {
    'run.list': () => ({ runs: [aRun(), aRun({ state: 'failed' })], next: 'abc' }),
  };

  test('run list: a table, ids, or one document', async () => {
    const table = await tell('run list --limit 2', { answers });
    expect(table.calls).toEqual([{ name: 'run.list', request: { limit: 2 } }]);
    expect(table.out).toContain('RUN  ');
    expect(table.err).toContain('--cursor abc');
    expect((await tell('run list -q', { answers })).out).toBe(`${id}\n${id}\n`);
    const { out } = await tell('run list --json', { answers });
    expect(JSON.parse(out)).toMatchObject({
      schemaVersion: 1,
      next: 'abc',
      runs: [{ id }, { id }],
    });
    expect((await tell('run list --jsonl', { answers })).out.trimEnd()).not.toContain('\n');
  });

  test('task create sends what was asked for', async () => {
    const { calls, out } = await tell(
      'task create sum --needs add mul --input [1,2] --priority 5 --time-limit 2m --idempotency-key k',
      {
        answers: { 'task.create': () => ({ taskId: 'tsk_1', runId: 'run_1', duplicate: false }) },
      },
    );
    expect(out).toBe('tsk_1\n');
    expect(calls[0]?.request).toEqual({
      name: 'sum',
      capabilities: ['add', 'mul'],
      input: [1, 2],
      priority: 5,
      timeoutMs: 120_000,
      idempotencyKey: 'k',
    });
    expect((await tell('task create sum --needs add --input {x')).exitCode).toBe(2);
  });

  test('doctor tells what to mend, and also when no hive can be opened', async () => {
    const checks = [
      { name: 'node', status: 'ok', message: 'Node 24', fix: null },
      { name: 'disk', status: 'fail', message: 'full', fix: 'Free space' },
    ];
    const sick = await tell('doctor', {
      answers: { 'hive.doctor': () => ({ checks, isHealthy: false }) },
    });
    expect([sick.exitCode, sick.out]).toEqual([
      1,
      'ok    node          Node 24\nfail  disk          full\n      fix: Free space\n',
    ]);
    const openHive = () => Promise.reject(hiveError('STORE_CORRUPT'));
    const none = await tell('doctor', { openHive });
    expect(none.exitCode).toBe(1);
    expect(none.out).toContain('STORE_CORRUPT');
  });
});

describe('watching', () => {
  const event = {
    type: 'task.completed',
    cursor: '1',
    atMs: Date.UTC(2026, 0, 1, 10),
    runId: id,
    taskId: 'task_77',
    seq: 1,
    data: { startedMs: 0, endedMs: 4_200 },
  };

  test('piped output is one line per fact, and the exit code tells the end', async () => {
    const answers = { 'run.watch': () => ({ ...over(), events: [event] }) };
    const { exitCode, out } = await tell(`run watch ${id}`, { answers });
    expect(exitCode).toBe(0);
    expect(out).toBe(`2026-01-01T10:00:00Z ${id} task_77 completed 4.2s\n`);
    const failed = {
      'run.watch': () => over(aRun({ state: 'failed', failures: [aTask({ state: 'failed' })] })),
    };
    const end = await tell(`run watch ${id}`, { answers: failed });
    expect(end.exitCode).toBe(6);
    expect(end.err).toContain('(RUN_FAILED)');
  });

  test('--json gives one event per line', async () => {
    const answers = { 'run.watch': () => ({ ...over(), events: [event] }) };
    const { out } = await tell(`run watch ${id} --json`, { answers });
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([event]);
  });

  test('it waits for a run that is not there yet', async () => {
    let asked = 0;
    const watch = () => {
      if (asked++ === 0) throw hiveError('NOT_FOUND');
      return over();
    };
    expect((await tell(`run watch ${id}`, { answers: { 'run.watch': watch } })).exitCode).toBe(0);
    expect(asked).toBe(3);
  });

  test('--timeout ends the waiting with 7, not the work', async () => {
    const watch = () => ({ ...over(aRun()), isOver: false });
    const { exitCode, err } = await tell(`run watch ${id} --timeout 1ms`, {
      answers: { 'run.watch': watch },
    });
    expect(exitCode).toBe(7);
    expect(err).toContain('still running');
  });
});

describe('inspecting', () => {
  const output = {
    report: '/data/reports/r/report.md',
    files: {
      markdown: '/data/reports/r/report.md',
      json: '/data/reports/r/report.json',
      sarif: '/data/reports/r/report.sarif',
    },
    findings: 3,
    bySeverity: { error: 1, note: 2 },
    gaps: [],
  };
  const answers = {
    'inspect.start': () => ({ runId: id, resumed: false }),
    'run.watch': () => over(aRun({ state: 'completed', output })),
  };

  test('inspect prints the findings and the report', async () => {
    const { exitCode, out, err, calls } = await tell('inspect .', { answers });
    expect(exitCode).toBe(0);
    expect(out).toBe('3 findings: 1 error, 2 note\nreport /data/reports/r/report.md\n');
    expect(err).toContain(`run ${id} started`);
    expect(calls[0]).toEqual({ name: 'inspect.start', request: { path: process.cwd() } });
    const { out: document } = await tell('inspect . --json', { answers });
    expect(JSON.parse(document)).toMatchObject({ schemaVersion: 1, runId: id, findings: 3 });
  });

  test('inspect ends with 6 when the run failed, with 130 when interrupted', async () => {
    const failed = { ...answers, 'run.watch': () => over(aRun({ state: 'failed' })) };
    expect((await tell('inspect .', { answers: failed })).exitCode).toBe(6);
    const stop = new AbortController();
    const interrupted = {
      ...answers,
      'run.watch': () => {
        stop.abort();
        return { ...over(aRun()), isOver: false };
      },
    };
    const end = await tell('inspect .', { answers: interrupted, signal: stop.signal });
    expect(end.exitCode).toBe(130);
    expect(end.err).toContain(`hive run cancel ${id}`);
  });

  test('main prints its promised lines, stays up until stopped, and closes the hive', async () => {
    const stop = new AbortController();
    let isClosed = false;
    const hive = {
      mode: 'embedded' as const,
      close: () => {
        isClosed = true;
        return Promise.resolve();
      },
    };
    const resumed = { ...answers, 'inspect.start': () => ({ runId: id, resumed: true }) };
    const running = tell('main .', { answers: resumed, hive, signal: stop.signal });
    const first = await Promise.race([
      running.then(() => 'ended'),
      new Promise((resolve) => setImmediate(resolve)),
    ]);
    expect(first).toBeUndefined();
    setTimeout(() => stop.abort(), 50);
    const { exitCode, out } = await running;
    expect(out.split('\n')).toEqual([
      'Hivewright is ready at http://127.0.0.1:8000',
      `run ${id} resumed`,
      `run ${id} completed`,
      'report /data/reports/r/report.md',
      '',
    ]);
    expect([exitCode, isClosed]).toEqual([0, true]);
  });
});
