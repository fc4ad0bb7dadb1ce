/** Commands that start, steer and read runs: what they send, what they print and how they end. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { hiveError } from '../contract/index.ts';
import { aRun, over, aTask, tell } from './testing.ts';

const id = 'run_00000000000000000000000001';
const approvalId = 'apr_00000000000000000000000001';
const folder = mkdtempSync(path.join(tmpdir(), 'hive-cli-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const fileOf = (name: string, text: string): string => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
};

const started = { 'run.start': () => ({ runId: id, duplicate: false, run: null }) };

const anApproval = {
  id: approvalId,
  state: 'open' as const,
  title: 'Release',
  message: 'Ship it?',
  taskId: 'tsk_00000000000000000000000001',
  runId: id,
  runTitle: 'Release',
  show: null,
  form: null,
  assignee: null,
  escalateTo: null,
  askedMs: Date.UTC(2026, 0, 1, 10),
  deadlineMs: null,
  answer: null,
  by: null,
  comment: null,
};

describe('starting', () => {
  test('run start sends task, agents and strategy, follows, and prints the output', async () => {
    const answers = { ...started, 'run.watch': () => over() };
    const { exitCode, out, err, calls } = await tell(
      'run start greet --agents echo,aggregate --strategy parallel --input {"a":1} --time-limit 2h',
      { answers },
    );
    expect([exitCode, out]).toEqual([0, '{"text":"hi"}\n']);
    expect(err).toContain(`run ${id} started`);
    expect(calls[0]?.request).toEqual({
      task: 'greet',
      agents: ['echo', 'aggregate'],
      strategy: 'parallel',
      input: { a: 1 },
      timeoutMs: 7_200_000,
    });
    const document = await tell('run start greet --agents echo --json', { answers });
    expect(JSON.parse(document.out)).toMatchObject({
      runId: id,
      state: 'completed',
      output: { text: 'hi' },
    });
  });

  test('a word that is wrong points at the help of its command; --wait and --detach exclude each other', async () => {
    const { exitCode, err } = await tell('--quiet run start x --agents a --wait 5s --detach');
    expect(exitCode).toBe(2);
    expect(err).toContain('hive run start --help');
    expect((await tell('run start x --agents a --nope')).err).toContain('hive run start --help');
    expect((await tell('run foo')).err).toContain('hive run --help');
    expect((await tell('foo')).err).toContain('hive help');
  });

  test('--detach prints the id and does not watch; a bad strategy or missing agents are usage errors', async () => {
    const detached = await tell('run start greet --agents echo --detach', { answers: started });
    expect([detached.exitCode, detached.out]).toEqual([0, `${id}\n`]);
    expect(detached.calls).toHaveLength(1);
    expect((await tell('run start greet')).exitCode).toBe(2);
    expect((await tell('run start greet --agents echo --strategy best')).exitCode).toBe(2);
  });

  test('a run that fails ends with 6, one that is not over in time with 7 and the command to follow it', async () => {
    const failed = { ...started, 'run.watch': () => over(aRun({ state: 'failed' })) };
    expect((await tell('run start greet --agents echo', { answers: failed })).exitCode).toBe(6);
    const slow = { ...started, 'run.watch': () => ({ ...over(aRun()), isOver: false }) };
    const late = await tell('run start greet --agents echo --wait 1ms', { answers: slow });
    expect(late.exitCode).toBe(7);
    expect(late.err).toContain('it goes on');
    expect(late.err).toContain(`hive run watch ${id}`);
    const own = await tell('run start greet --agents echo --wait 1ms', {
      answers: slow,
      hive: { mode: 'embedded' },
    });
    expect(own.err).toContain('goes on while a hive runs');
    expect(own.err).toContain('hive start');
  });

  test('a run that completed although a task failed says so, beside its output', async () => {
    const counts = { ...aRun().counts, failed: 2 };
    const warned = { ...started, 'run.watch': () => over(aRun({ state: 'completed', counts })) };
    const { exitCode, err } = await tell('run start greet --agents a,b --wait 1s', {
      answers: warned,
    });
    expect(exitCode).toBe(0);
    expect(err).toContain('completed with warnings: 2 tasks of it failed');
  });

  test('an unknown agent shows the nearest', async () => {
    const answers = {
      'run.start': () => {
        throw hiveError('AGENT_UNKNOWN', {
          details: { fix: ['did you mean echo instead of ehco?'] },
        });
      },
    };
    const { exitCode, err } = await tell('run start greet --agents ehco', { answers });
    expect(exitCode).toBe(3);
    expect(err).toContain('Fix: did you mean echo');
  });

  test('a run that is followed is opened so that others can steer it', async () => {
    const seen: unknown[] = [];
    const openHive = (options: { purpose: string }) => {
      seen.push(options.purpose);
      return Promise.reject(hiveError('LOCK_HELD'));
    };
    await tell('run start greet --agents echo', { openHive });
    await tell('run start greet --agents echo --detach', { openHive });
    await tell(`run watch ${id}`, { openHive });
    expect(seen).toEqual(['follow', 'look', 'follow']);
  });
});

describe('steering', () => {
  test.each([
    [
      'pause',
      'run.pause',
      { id, state: 'paused' },
      `${id} paused; go on with: hive run resume ${id}`,
    ],
    ['resume', 'run.resume', { id, state: 'running' }, `${id} goes on`],
    ['retry', 'run.retry', { runId: 'run_2' }, 'run_2'],
    ['fork', 'run.fork', { runId: 'run_2' }, 'run_2'],
  ] as const)('run %s', async (...row) => {
    const [verb, name, answer, line] = row;
    const answers = { [name]: () => answer };
    const told = await tell(`run ${verb} ${id}`, { answers });
    expect([told.exitCode, told.out]).toEqual([0, `${line}\n`]);
    const { out } = await tell(`run ${verb} ${id} --json`, { answers });
    expect(JSON.parse(out)).toMatchObject({ schemaVersion: 1, ...answer });
    const clash = {
      [name]: () => {
        throw hiveError('ILLEGAL_TRANSITION');
      },
    };
    expect((await tell(`run ${verb} ${id}`, { answers: clash })).exitCode).toBe(5);
  });

  test.each([
    ['review', { node: 'review' }],
    ['each#3', { node: 'each', item: 3 }],
    ['review:draft', { node: 'review', step: 'draft' }],
    ['each#3:draft#2', { node: 'each', item: 3, step: 'draft', occurrence: 2 }],
  ])('fork --from %s', async (from, expected) => {
    const answers = { 'run.fork': () => ({ runId: 'run_2' }) };
    const { calls } = await tell(`run fork ${id} --from ${from} --node-input 5`, { answers });
    expect(calls[0]?.request).toEqual({ id, from: expected, nodeInput: 5 });
  });

  test('a place that is none is a usage error', async () => {
    expect((await tell(`run fork ${id} --from #3`)).exitCode).toBe(2);
  });

  test('run signal says whether something waited', async () => {
    for (const [delivered, words] of [
      [true, 'paid delivered'],
      [false, 'paid kept until something waits for it'],
    ] as const) {
      const answers = { 'run.signal': () => ({ id, name: 'paid', delivered }) };
      const { out, calls } = await tell(`run signal ${id} paid {"sum":2} --key k`, { answers });
      expect(out).toBe(`${words}\n`);
      expect(calls[0]?.request).toEqual({
        id,
        name: 'paid',
        data: { sum: 2 },
        idempotencyKey: 'k',
      });
    }
  });

  test('run replay ends with 6 when something diverged, and names it', async () => {
    const task = { taskId: 'tsk_1', node: 'one', item: 2, steps: 3, error: null };
    const report = (verdict: 'same' | 'diverged') => ({
      runId: id,
      tasks: [{ ...task, verdict }],
      same: verdict === 'same' ? 1 : 0,
      diverged: verdict === 'same' ? 0 : 1,
      skipped: 0,
      durationMs: 12,
    });
    const same = await tell(`run replay ${id}`, {
      answers: { 'run.replay': () => report('same') },
    });
    expect([same.exitCode, same.out]).toEqual([
      0,
      `${id}: 1 same, 0 diverged, 0 skipped, in 0.0s\n`,
    ]);
    const other = await tell(`run replay ${id}`, {
      answers: { 'run.replay': () => report('diverged') },
    });
    expect(other.exitCode).toBe(6);
    expect(other.out).toContain('diverged tsk_1 one#2');
  });

  test('run export writes the document to stdout or to a file', async () => {
    const answers = { 'run.export': () => ({ format: 'hivewright.run/1', isComplete: true }) };
    const { out } = await tell(`run export ${id}`, { answers });
    expect(JSON.parse(out)).toMatchObject({ format: 'hivewright.run/1' });
    const file = path.join(folder, 'deep', 'run.json');
    expect((await tell(`run export ${id} --out ${file}`, { answers })).out).toBe(`${file}\n`);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ format: 'hivewright.run/1' });
  });

  test('run prune goes on until it is done and shows the store before and after', async () => {
    const size = (mebibytes: number) => ({
      usedBytes: mebibytes * 1_048_576,
      diskBytes: mebibytes * 1_048_576,
    });
    let calls = 0;
    const answers = {
      'run.prune': () => {
        calls++;
        return {
          runs: 2,
          tasks: 5,
          dryRun: false,
          done: calls === 2,
          before: size(10 - calls),
          after: size(9 - calls),
        };
      },
    };
    const { out } = await tell('run prune --older-than 30d --keep 3', { answers });
    expect(out).toBe(
      'deleted 4 runs and 10 single tasks\ndata    9.0 MiB before, 7.0 MiB after\non disk 9.0 MiB before, 7.0 MiB after\n',
    );
    const refused = await tell('run prune', { answers });
    expect(refused.exitCode).toBe(2);
  });

  test('run retention shows, sets and takes back', async () => {
    const own = { days: 7, runs: null };
    const view = () => ({ days: 7, runs: null, own, hive: { days: 30, runs: null } });
    const answers = { 'retention.show': view, 'retention.set': view };
    const shown = await tell('run retention', { answers });
    expect(shown.out).toBe('days 7 (set by the project)\nruns any number (set by the hive)\n');
    expect(shown.calls[0]?.name).toBe('retention.show');
    const set = await tell('run retention --days 7 --runs default', { answers });
    expect(set.calls[0]).toEqual({ name: 'retention.set', request: { days: 7, runs: null } });
    expect((await tell('run retention --days soon', { answers })).exitCode).toBe(2);
  });

  test('run diff shows both sides and where they differ', async () => {
    const side = { state: 'succeeded', tries: 1, tasks: 1, durationMs: 1_000, costUsd: null };
    const diff = {
      a: aRun({ state: 'completed' }),
      b: aRun({ state: 'failed' }),
      durationMs: { a: 1_000, b: null },
      costUsd: { a: null, b: null },
      input: { result: 'same', paths: [] },
      output: { result: 'differs', paths: ['text'] },
      nodes: [
        {
          node: 'draft',
          a: side,
          b: { ...side, state: 'failed', tries: 3 },
          result: 'differs',
          paths: ['text'],
          steps: { same: 2, differs: 1, onlyA: 0, onlyB: 0 },
        },
      ],
    };
    const { out } = await tell(`run diff ${id} ${id}`, { answers: { 'run.diff': () => diff } });
    expect(out).toContain('input same; output differs at text');
    expect(out).toMatch(
      /draft +succeeded > failed +1 > 3 +1\.0s +2 same, 1 differ +differs at text/,
    );
  });
});

describe('approvals', () => {
  test('list, show and decide', async () => {
    const answers = {
      'approval.list': () => ({ approvals: [anApproval], next: null }),
      'approval.show': () => anApproval,
      'approval.edit': () => ({ id: approvalId, decision: 'approved' }),
      'approval.reject': () => ({ id: approvalId, decision: 'rejected' }),
    };
    expect((await tell('approval list -q', { answers })).out).toBe(`${approvalId}\n`);
    expect((await tell('approval list', { answers })).out).toContain('Ship it?');
    const shown = await tell(`approval show ${approvalId}`, { answers });
    expect(shown.out).toContain(`hive approval reject ${approvalId}`);
    const edit = await tell(`approval edit ${approvalId} --answer {"n":2} --comment ok`, {
      answers,
    });
    expect(edit.calls[0]?.request).toEqual({ id: approvalId, answer: { n: 2 }, comment: 'ok' });
    expect(edit.out).toBe(`${approvalId} approved\n`);
    expect((await tell(`approval edit ${approvalId}`, { answers })).exitCode).toBe(2);
    const closed = {
      'approval.approve': () => {
        throw hiveError('APPROVAL_CLOSED', {
          message: `${approvalId} is already rejected by dana`,
        });
      },
    };
    const late = await tell(`approval approve ${approvalId}`, { answers: closed });
    expect(late.exitCode).toBe(5);
    expect(late.err).toContain('already rejected by dana');
  });
});

describe('tasks', () => {
  test('a batch is one call with every line, and its summary tells failures by the exit code', async () => {
    const file = fileOf(
      'batch.jsonl',
      '{"needs":["echo"],"input":{"n":1}}\n\n{"capabilities":["echo"]}\n',
    );
    const none = { total: 2, waiting: 0, running: 0, cancelled: 0, skipped: 0 };
    const end = (failed: number) => ({
      'task.batch': () => ({ runId: id, duplicate: false, tasks: 2, summary: null }),
      'run.watch': () =>
        over(aRun({ state: 'completed', counts: { ...none, succeeded: 2 - failed, failed } })),
    });
    const good = await tell(`task batch ${file} --at-once 4`, { answers: end(0) });
    expect([good.exitCode, good.out]).toEqual([0, '2 tasks in 4.2s: 2 succeeded, 0 failed\n']);
    expect(good.calls[0]?.request).toEqual({
      tasks: [{ capabilities: ['echo'], input: { n: 1 } }, { capabilities: ['echo'] }],
      concurrency: 4,
    });
    expect((await tell(`task batch ${file}`, { answers: end(1) })).exitCode).toBe(6);
  });

  test('what the hive refuses of a batch is told of its line', async () => {
    const file = fileOf('lines.jsonl', '{"needs":["echo"]}\n\n{"needs":["ekho"],"input":{}}\n');
    const refusal = (error: Error) => ({
      'task.batch': () => {
        throw error;
      },
    });
    for (const [error, why, exitCode] of [
      [
        hiveError('INPUT_INVALID', {
          message: 'tasks.1: unknown "x"; tasks.0.input: must be an object',
        }),
        `${file}:3: unknown "x"; ${file}:1: input: must be`,
        2,
      ],
      [
        hiveError('CAPABILITY_UNKNOWN', {
          message: 'node "tasks2": no agent offers ekho',
          details: { missing: ['ekho'] },
        }),
        `${file}:3: no agent offers ekho`,
        3,
      ],
    ] as const) {
      const told = await tell(`task batch ${file}`, { answers: refusal(error) });
      expect([told.exitCode, told.err]).toEqual([exitCode, expect.stringContaining(why)]);
    }
  });

  test.each([
    ['', 'has no task'],
    ['{"needs":["a"]}\n{nope', 'bad.jsonl:2 is not JSON'],
    ['[1]', 'bad.jsonl:1 is no object'],
    ['{"input":{}}', 'bad.jsonl:1 does not say which capabilities'],
  ])('a batch file with %j is refused at its line', async (text, why) => {
    const { exitCode, err } = await tell(`task batch ${fileOf('bad.jsonl', text)}`);
    expect(exitCode).toBe(2);
    expect(err).toContain(why);
  });

  test('resolve wants exactly one answer', async () => {
    const answers = { 'task.resolve': () => ({ id: 'tsk_1', resolution: 'done' }) };
    const done = await tell('task resolve tsk_1 --done --result {"ok":true}', { answers });
    expect([done.exitCode, done.out]).toEqual([0, 'tsk_1 resolved: done\n']);
    expect(done.calls[0]?.request).toEqual({
      id: 'tsk_1',
      resolution: 'done',
      result: { ok: true },
    });
    expect((await tell('task resolve tsk_1', { answers })).exitCode).toBe(2);
    expect((await tell('task resolve tsk_1 --done --fail', { answers })).exitCode).toBe(2);
  });

  test('requeue says when it is a new task', async () => {
    const answers = { 'task.requeue': () => ({ taskId: 'tsk_2' }) };
    const { out, err } = await tell('task requeue tsk_1 --fresh', { answers });
    expect(out).toBe('tsk_2\n');
    expect(err).toContain('tsk_1 had ended');
  });
});

describe('looking', () => {
  test('a waiting run shows each wait with the command that helps', async () => {
    const wait = { occurrence: 0, sinceMs: 0, dueMs: null, message: null };
    const run = aRun({
      approvals: [anApproval],
      waiting: [
        {
          task: aTask({ state: 'waiting', name: 'pay' }),
          waits: [{ ...wait, kind: 'event', name: 'w', subject: 'paid' }],
        },
        { task: aTask({ id: 'tsk_9', state: 'uncertain', name: 'mail' }), waits: [] },
      ],
      children: [aRun({ id: 'run_child', title: 'Body' })],
      parent: { taskId: 'tsk_p', runId: 'run_p', rootId: null },
      origin: { kind: 'fork', runId: 'run_o', from: 'each#2' },
    });
    const { out } = await tell(`run show ${id}`, { answers: { 'run.show': () => run } });
    expect(out).toContain(`hive approval approve ${approvalId}`);
    expect(out).toContain(`hive run signal ${id} paid`);
    expect(out).toContain('mail needs a decision: hive task why tsk_9');
    expect(out).toContain('child run_child  Running  Body');
    expect(out).toContain('child of run_p, for its task tsk_p');
    expect(out).toContain('fork of run_o from each#2');
  });

  test('watching prints what agents say live, in order, and an approval once with its command', async () => {
    const at = Date.UTC(2026, 0, 1, 10);
    const event = { cursor: null, runId: id, taskId: 'tsk_1', seq: null };
    const progress = (atMs: number, data: object) => ({
      ...event,
      type: 'task.progress',
      atMs,
      data: { name: 'one', node: 'one', agent: 'echo', attempt: 1, ...data },
    });
    const done = { ...event, type: 'task.completed', atMs: at + 1_000, data: {} };
    let asked = 0;
    const answers = {
      'run.watch': () => {
        const isLast = asked++ === 3; // the first look only waits for the run to appear
        return {
          run: aRun({
            state: isLast ? 'completed' : 'running',
            approvals: isLast ? [] : [anApproval],
          }),
          events: isLast ? [] : asked === 2 ? [done] : [],
          signals:
            asked === 2
              ? [progress(at + 2_000, { chunk: 7 }), progress(at, { percent: 50, message: 'half' })]
              : [],
          cursor: null,
          heard: 0,
          isOver: isLast,
        };
      },
    };
    const { out } = await tell(`run watch ${id}`, { answers });
    expect(out.trimEnd().split('\n')).toEqual([
      `2026-01-01T10:00:00Z ${id} tsk_1 progress one 50% half`,
      `2026-01-01T10:00:01Z ${id} tsk_1 completed`,
      `2026-01-01T10:00:02Z ${id} tsk_1 progress one {"chunk":7}`,
      `2026-01-01T10:00:00Z ${id} waits for approval: Ship it?; hive approval approve ${approvalId}`,
    ]);
  });
});
