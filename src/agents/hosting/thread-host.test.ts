import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AgentRunner, AttemptOutcome, Json } from '../../contract/index.ts';
import { systemClock } from '../../kernel/index.ts';
import { createAgentRunner } from './agent-runner.ts';
import type { ThreadSource } from './agent-source.ts';
import * as agents from './fixtures/agents.ts';
import { testAttempt, testHost } from './test-attempt.ts';

const module = new URL('./fixtures/agents.ts', import.meta.url).href;
const sources: ThreadSource[] = Object.entries(agents).flatMap(([exportName, value]) =>
  'manifest' in value
    ? [{ placement: 'thread' as const, manifest: value.manifest, module, exportName }]
    : [],
);
const broken = (name: string, change: Partial<ThreadSource>): ThreadSource => ({
  placement: 'thread',
  manifest: { ...agents.noop.manifest, name },
  module,
  exportName: 'noop',
  ...change,
});

let runner: AgentRunner;
beforeAll(() => {
  runner = createAgentRunner({
    agents: [
      ...sources,
      broken('not-an-agent', { exportName: 'notAnAgent' }),
      broken('missing-module', { module: 'file:///nowhere/missing.ts' }),
      broken('other-name', {}),
    ],
    clock: systemClock,
    threads: 2,
    heapMb: 64,
  });
});
afterAll(() => runner.close());

const errorOf = (outcome: AttemptOutcome): string =>
  'error' in outcome
    ? `${outcome.status} ${outcome.error.code} ${outcome.error.kind}`
    : outcome.status;

describe('results', () => {
  test('input and output go through the schemas; logs and progress arrive before the end', async () => {
    const host = testHost();
    const outcome = await runner.run(testAttempt('echo', { input: { text: 'hi' } }), host);
    expect(outcome).toEqual({ status: 'succeeded', result: '{"text":"hi"}' });
    expect(host.lines).toEqual([{ level: 'INFO', message: 'echoing', fields: { length: 2 } }]);
    expect(host.signals).toEqual([{ share: 0.5 }]);
  });

  test('an input outside the schema is INPUT_INVALID and names the field', async () => {
    const outcome = await runner.run(testAttempt('echo', { input: { text: 1 } }), testHost());
    expect(errorOf(outcome)).toBe('failed INPUT_INVALID stop');
    expect(outcome).toMatchObject({ error: { message: expect.stringContaining('text:') } });
  });

  test('steps travel with the outcome, pinned to the code, and are read back without running again', async () => {
    const first = await runner.run(testAttempt('stepper'), testHost());
    const code = expect.stringMatching(/^1\.0\.0\+[0-9a-f]{16}$/);
    expect(first).toMatchObject({
      steps: [{ name: 'one', occurrence: 0, kind: 'step', result: '{"made":true}', code }],
    });
    const step = { name: 'one', occurrence: 0, kind: 'step', result: '"read"', atMs: 1 } as const;
    const again = testHost();
    const outcome = await runner.run(testAttempt('stepper', { journal: [step] }), again);
    expect(outcome).toEqual({ status: 'succeeded', result: '"read"' });
    expect(again.written).toEqual([]);
  });

  test('a refused journal write ends the attempt as cancelled', async () => {
    const outcome = await runner.run(testAttempt('effects'), testHost({ refuse: true }));
    expect(errorOf(outcome)).toBe('cancelled STALE_FENCE stop');
  });

  test('what the agent prints becomes a log line of its task', async () => {
    const host = testHost();
    await runner.run(testAttempt('prints'), host);
    expect(host.lines.map((line) => line.message)).toEqual(['hello from the worker']);
  });
});

describe('agents that fail', () => {
  test.each([
    ['throws', 'failed AGENT_THREW retry', null],
    ['throws', 'failed AGENT_STOPPED stop', 'stop'],
    ['throws', 'failed AGENT_THREW retry', 'retry'],
    ['nothing', 'failed AGENT_NO_RESULT stop', null],
    ['exits', 'crashed AGENT_CRASHED retry', null],
    ['throws-later', 'crashed AGENT_CRASHED retry', null],
    ['bomb', 'crashed AGENT_MEMORY retry', null],
    ['not-an-agent', 'failed AGENT_INVALID stop', null],
    ['missing-module', 'failed AGENT_INVALID stop', null],
    ['other-name', 'failed AGENT_INVALID stop', null],
    ['unknown', 'failed AGENT_UNKNOWN stop', null],
  ])('%s: %s', async (agent, expected, input) => {
    const outcome = await runner.run(testAttempt(agent, { input }), testHost());
    expect(errorOf(outcome)).toBe(expected);
    expect(JSON.stringify(outcome)).not.toContain('\\u0000');
    // the pool goes on
    expect(await runner.run(testAttempt('noop'), testHost())).toMatchObject({ result: 'null' });
  });

  test('a looping agent is ended at its deadline and costs only its worker', async () => {
    const looping = runner.run(testAttempt('loops', { timeoutMs: 200 }), testHost());
    const others = await Promise.all(
      Array.from({ length: 20 }, () => runner.run(testAttempt('noop'), testHost())),
    );
    expect(others.every((each) => each.status === 'succeeded')).toBe(true);
    expect(errorOf(await looping)).toBe('timeout AGENT_TIMEOUT retry');
    expect(await runner.run(testAttempt('noop'), testHost())).toMatchObject({ result: 'null' });
  });

  test('with every worker looping, waiting attempts still get theirs afterwards', async () => {
    const loops = Array.from({ length: 3 }, () =>
      runner.run(testAttempt('loops', { timeoutMs: 100 }), testHost()),
    );
    const waiting = runner.run(testAttempt('noop'), testHost());
    expect((await Promise.all(loops)).map(errorOf)).toEqual(
      Array.from({ length: 3 }, () => 'timeout AGENT_TIMEOUT retry'),
    );
    expect(await waiting).toMatchObject({ status: 'succeeded' });
  });
});

describe('cancelling', () => {
  test('R2: an abort settles at once as cancelled, also when the agent loops', async () => {
    for (const agent of ['patient', 'loops']) {
      const controller = new AbortController();
      const host = testHost({ onProgress: () => controller.abort() });
      const running = runner.run(testAttempt(agent, { signal: controller.signal }), host);
      if (agent === 'loops') setTimeout(() => controller.abort(), 50);
      expect(errorOf(await running)).toBe('cancelled TASK_CANCELLED cancelled');
    }
    expect(await runner.run(testAttempt('noop'), testHost())).toMatchObject({ result: 'null' });
  });

  test('an attempt that waits for a worker can be cancelled', async () => {
    const loops = [1, 2].map(() =>
      runner.run(testAttempt('loops', { timeoutMs: 150 }), testHost()),
    );
    const controller = new AbortController();
    const host = testHost();
    const attempt = testAttempt('echo', { input: { text: 'x' }, signal: controller.signal });
    const waiting = runner.run(attempt, host);
    controller.abort();
    expect(errorOf(await waiting)).toBe('cancelled TASK_CANCELLED cancelled');
    await Promise.all(loops);
    await Promise.all([1, 2, 3].map(() => runner.run(testAttempt('noop'), testHost())));
    expect(host.signals).toEqual([]);
  });

  test('an attempt that is aborted already does not start', async () => {
    const host = testHost();
    const attempt = testAttempt('echo', { signal: AbortSignal.abort() });
    expect(errorOf(await runner.run(attempt, host))).toBe('cancelled TASK_CANCELLED cancelled');
    expect(host.lines).toEqual([]);
  });
});

test('R3: a sleeping agent frees its worker and goes on from the journal', async () => {
  const host = testHost();
  const suspended = await runner.run(testAttempt('sleeper'), host);
  if (suspended.status !== 'suspended') throw new Error(JSON.stringify(suspended));
  expect(suspended.steps).toMatchObject([
    { name: 'first', occurrence: 0 },
    { name: 'sleep', occurrence: 0, result: null },
  ]);
  const due = suspended.steps.map((each) => ({ ...each, dueMs: 1 }));
  const outcome = await runner.run(
    testAttempt('sleeper', { journal: [...host.written, ...due] }),
    host,
  );
  expect(outcome).toMatchObject({
    status: 'succeeded',
    result: '{"first":"once","last":"after"}',
    steps: [{ name: 'last' }],
  });
});

describe('the journal through messages', () => {
  test('an effect has its intent written by the hive before it happens, and its result after', async () => {
    const host = testHost();
    const outcome = await runner.run(testAttempt('effects'), host);
    expect(outcome).toMatchObject({ status: 'succeeded', result: '"tsk_1:pay"' });
    const intent = { name: 'effect:pay', kind: 'effect', result: null, subject: 'tsk_1:pay' };
    expect(host.written).toMatchObject([{ name: 'before' }, intent]);
    expect(outcome).toMatchObject({ steps: [{ name: 'effect:pay', result: '"tsk_1:pay"' }] });
    const unknown = await runner.run(testAttempt('effects', { journal: host.written }), testHost());
    expect(unknown).toMatchObject({
      status: 'uncertain',
      error: { code: 'EFFECT_UNKNOWN', details: { effect: 'pay' } },
    });
  });

  test('several waits at once suspend together; answers are read from the journal', async () => {
    const first = await runner.run(testAttempt('waits'), testHost());
    if (first.status !== 'suspended') throw new Error(JSON.stringify(first));
    expect(first).toMatchObject({ reason: 'approval', children: [{ title: 'echo' }] });
    const answers: Record<string, Json> = {
      approval: { decision: 'approved', answer: 7, by: 'ann', comment: null },
      event: { event: 'go', data: 8 },
      child: 9,
    };
    const journal = first.steps.map((each) => ({
      ...each,
      result: JSON.stringify({ status: 'ok', value: answers[each.kind] ?? null }),
    }));
    const outcome = await runner.run(testAttempt('waits', { journal }), testHost());
    expect(outcome).toEqual({ status: 'succeeded', result: '[7,8,9]' });
  });

  test('a replay calls no work and writes nothing', async () => {
    const first = await runner.run(testAttempt('stepper'), testHost());
    const journal = 'steps' in first ? (first.steps ?? []) : [];
    const host = testHost();
    const same = await runner.run(testAttempt('stepper', { journal, mode: 'replay' }), host);
    expect(same).toEqual({ status: 'succeeded', result: '{"made":true}' });
    const diverged = await runner.run(testAttempt('stepper', { mode: 'replay' }), host);
    expect(errorOf(diverged)).toBe('failed REPLAY_DIVERGED stop');
    expect(host.written).toEqual([]);
  });

  test.each([
    ['stepper', 'failed JOURNAL_MISMATCH stop', []],
    ['starts-afresh', 'succeeded', [{ steps: [], reset: true }]],
  ])('a journal of other code: %s', async (agent, expected, resets) => {
    const row = { name: 'one', occurrence: 0, kind: 'step', result: '"old"', atMs: 1 } as const;
    const journal = [{ ...row, code: '1.0.0+0000000000000000' }];
    const host = testHost();
    const outcome = await runner.run(testAttempt(agent, { journal }), host);
    expect(errorOf(outcome)).toBe(expected);
    expect(host.resets).toEqual(resets);
    if (outcome.status === 'succeeded') expect(outcome.result).toBe('{"made":true}');
  });
});

test('close settles what runs, and refuses what comes after', async () => {
  const own = createAgentRunner({ agents: sources, clock: systemClock, threads: 1, heapMb: 64 });
  const running = own.run(testAttempt('loops'), testHost());
  const waiting = own.run(testAttempt('noop'), testHost());
  setTimeout(() => void own.close(), 30);
  expect(errorOf(await running)).toBe('cancelled SHUTTING_DOWN retry');
  expect(errorOf(await waiting)).toBe('cancelled SHUTTING_DOWN retry');
  expect(errorOf(await own.run(testAttempt('noop'), testHost()))).toBe(
    'cancelled SHUTTING_DOWN retry',
  );
});
