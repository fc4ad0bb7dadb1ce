import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { graphNode } from '../../contract/index.ts';
import type { AttemptOutcome, Json, WaitResult } from '../../contract/index.ts';
import { manualClock } from '../../kernel/index.ts';
import { createAgentRunner } from '../hosting/agent-runner.ts';
import { inlineSource } from '../hosting/agent-source.ts';
import { TestTask } from '../hosting/test-task.ts';
import { flowAgent } from './flow-agent.ts';
import { aggregateAgent, echoAgent } from './plain-agents.ts';

const clock = manualClock();
const from = { list: { n: 3, items: ['a'] } };
const body = { name: 'body', nodes: [{ kind: 'agent', id: 'a', capabilities: ['x'] }] };
const ok = (value: Json): WaitResult => ({ status: 'ok', value });
const resultOf = (outcome: AttemptOutcome): unknown =>
  outcome.status === 'succeeded' ? JSON.parse(outcome.result) : outcome;
const codeOf = (outcome: AttemptOutcome): string =>
  'error' in outcome
    ? `${outcome.status} ${outcome.error.code} ${outcome.error.kind}`
    : outcome.status;
const suspended = (outcome: AttemptOutcome) => {
  if (outcome.status !== 'suspended') throw new Error(JSON.stringify(outcome));
  return outcome;
};

/** A control node at work; every attempt executes the journal again. */
function flow(node: Readonly<Record<string, unknown>>, input: Json = { limit: 2 }) {
  const task = new TestTask(clock);
  const runner = createAgentRunner({
    agents: [inlineSource(flowAgent)],
    clock,
    threads: 1,
    heapMb: 64,
  });
  const given = {
    node: graphNode.parse({ id: 'node', ...node }) as Json,
    from,
    run: { id: 'run_1', input },
  };
  return {
    task,
    run: async (): Promise<AttemptOutcome> => {
      const outcome = await task.run(runner, { agent: 'flow', input: given });
      runner.forget(1);
      return outcome;
    },
  };
}

describe('a decision', () => {
  const node = {
    kind: 'decision',
    choices: [
      { when: 'from.list.n > 5', to: ['big'] },
      { when: 'from.list.n > input.limit', to: ['middle', 'log'] },
      { when: 'true', to: ['never'] },
    ],
  };

  test('takes the first choice that holds, else otherwise', async () => {
    expect(resultOf(await flow(node).run())).toEqual({ taken: ['middle', 'log'] });
    const none = { ...node, choices: node.choices.slice(0, 1), otherwise: ['small'] };
    expect(resultOf(await flow(none).run())).toEqual({ taken: ['small'] });
    expect(resultOf(await flow({ ...none, otherwise: [] }).run())).toEqual({ taken: [] });
  });

  test.each(['from.list.n', 'from.nothing.n > 1', 'item > 1'])('refuses %s', async (when) => {
    const outcome = await flow({ kind: 'decision', choices: [{ when, to: ['a'] }] }).run();
    expect(codeOf(outcome)).toBe('failed EXPRESSION_FAILED stop');
  });
});

describe('an approval', () => {
  const node = {
    kind: 'approval',
    title: 'Deploy?',
    message: 'now',
    show: { items: 'from.list.items', limit: 'input.limit' },
    assignee: 'ann',
    deadlineMs: 1_000,
    escalate: { to: 'boss', deadlineMs: 5_000 },
  };
  const answer = (decision: string) =>
    ok({ decision, answer: null, by: 'ann', comment: decision === 'rejected' ? 'no' : null });

  test('shows facts, and goes on when it is approved', async () => {
    const { task, run } = flow(node);
    const { steps, reason } = suspended(await run());
    expect(reason).toBe('approval');
    expect(JSON.parse(steps[0]?.payload ?? '')).toEqual({
      title: 'Deploy?',
      message: 'now',
      show: { items: ['a'], limit: 2 },
      assignee: 'ann',
      deadlineMs: 1_000,
      escalateTo: 'boss',
    });
    task.answer('approve:node', answer('approved'));
    expect(resultOf(await run())).toMatchObject({ decision: 'approved', by: 'ann' });
  });

  test.each([
    ['rejected', 'fail', 'failed APPROVAL_REJECTED stop'],
    ['rejected', 'continue', 'succeeded'],
    ['expired', 'fail', 'failed APPROVAL_EXPIRED stop'],
    ['expired', 'continue', 'succeeded'],
  ])('%s, %s: %s', async (decision, then, expected) => {
    const { task, run } = flow({ ...node, onReject: then, onExpire: then });
    await run();
    clock.advance(1_000);
    expect(suspended(await run()).dueMs).toBe(clock.now() + 5_000);
    if (decision === 'rejected') task.answer('approve:node escalated 0', answer(decision));
    else clock.advance(5_000);
    const outcome = await run();
    expect(codeOf(outcome)).toBe(expected);
    if (expected === 'succeeded') expect(resultOf(outcome)).toMatchObject({ decision });
  });
});

describe('a wait', () => {
  test.each<[string, () => Readonly<Record<string, unknown>>]>([
    ['a duration', () => ({ forMs: 5_000 })],
    ['milliseconds', () => ({ until: `${clock.now()} + 5000` })],
    ['an ISO time', () => ({ until: `"${new Date(clock.now() + 5_000).toISOString()}"` })],
  ])('for %s', async (_what, node) => {
    const { run } = flow({ kind: 'wait', ...node() });
    expect(suspended(await run()).dueMs).toBe(clock.now() + 5_000);
    clock.advance(5_000);
    expect(resultOf(await run())).toBeNull();
  });

  test('refuses a time that is none', async () => {
    const outcome = await flow({ kind: 'wait', until: '"tomorrow"' }).run();
    expect(codeOf(outcome)).toBe('failed EXPRESSION_FAILED stop');
  });

  test.each([
    ['fail', 'failed WAIT_TIMEOUT stop'],
    ['continue', 'succeeded'],
  ])('for an event, on timeout %s', async (onTimeout, expected) => {
    const node = { kind: 'wait', event: 'go', timeoutMs: 1_000, onTimeout };
    const early = flow(node);
    await early.run();
    early.task.answer('event:go', ok({ event: 'go', data: { n: 1 } }));
    expect(resultOf(await early.run())).toEqual({ event: 'go', data: { n: 1 } });
    const late = flow(node);
    await late.run();
    clock.advance(1_000);
    const outcome = await late.run();
    expect(codeOf(outcome)).toBe(expected);
    if (expected === 'succeeded') expect(resultOf(outcome)).toEqual({ timedOut: true });
  });
});

describe('a sub-workflow', () => {
  test.each([
    ['the run’s input', {}, { limit: 2 }],
    ['fixed input', { input: { a: 1 } }, { a: 1 }],
    [
      'computed over fixed',
      { input: { a: 1, b: 1 }, inputs: { b: 'from.list.n', c: 'run.id' } },
      { a: 1, b: 3, c: 'run_1' },
    ],
  ])('gets %s', async (_what, given, expected) => {
    const { task, run } = flow({ kind: 'workflow', graph: body, ...given });
    expect(suspended(await run()).children).toEqual([
      { name: 'child:node', occurrence: 0, title: 'node', graph: body, input: expected },
    ]);
    task.answer('child:node', ok({ done: true }));
    expect(resultOf(await run())).toEqual({ done: true });
  });

  test('is called by as much of a long title as a name may have, in whole characters', async () => {
    const { run } = flow({ kind: 'workflow', graph: body, title: `${'x'.repeat(99)}😀` });
    expect(suspended(await run()).children).toMatchObject([{ title: 'x'.repeat(99) }]);
  });

  test('takes its graph from data, and its failure is the node’s', async () => {
    const { task, run } = flow({ kind: 'workflow', graphFrom: 'input.plan' }, { plan: body });
    expect(suspended(await run()).children).toMatchObject([{ graph: body }]);
    const error = { code: 'RUN_FAILED', kind: 'stop', message: 'no', advice: '' } as const;
    task.answer('child:node', { status: 'failed', error });
    expect(codeOf(await run())).toBe('failed CHILD_FAILED stop');
  });
});

describe('a loop', () => {
  const node = {
    kind: 'loop',
    title: 'Try',
    body,
    until: 'last.score >= 3 && iteration > 1',
    max: 3,
  };
  const drive = async (scores: readonly number[]): Promise<[AttemptOutcome, Json[]]> => {
    const { task, run } = flow(node);
    const inputs: Json[] = [];
    for (const [at, score] of scores.entries()) {
      const { children } = suspended(await run());
      inputs.push(children[0]?.input ?? null);
      task.answer(`child:Try #${at + 1}`, ok({ score }));
    }
    return [await run(), inputs];
  };

  test('runs one body after another until its condition holds', async () => {
    const [outcome, inputs] = await drive([3, 4]);
    expect(resultOf(outcome)).toEqual({ score: 4 });
    expect(inputs).toEqual([
      { input: { limit: 2 }, last: null, iteration: 1 },
      { input: { limit: 2 }, last: { score: 3 }, iteration: 2 },
    ]);
  });

  test('for any scores: it stops at the first that holds, at the bound at the latest, and never succeeds there by itself', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 3, maxLength: 3 }),
        async (scores) => {
          const holds = scores.findIndex((score, at) => score >= 3 && at > 0);
          const [outcome, inputs] = await drive(holds === -1 ? scores : scores.slice(0, holds + 1));
          expect(inputs).toHaveLength(holds === -1 ? node.max : holds + 1);
          expect(outcome.status).toBe(holds === -1 ? 'failed' : 'succeeded');
        },
      ),
      { numRuns: 60 },
    );
  });

  test('reaching the bound is an error, never a success', async () => {
    const [outcome, inputs] = await drive([0, 1, 2]);
    expect(codeOf(outcome)).toBe('failed LOOP_BOUND stop');
    expect(inputs).toHaveLength(3);
  });
});

test('other nodes are refused by name', async () => {
  const outcome = await flow({ kind: 'agent', capabilities: ['x'] }).run();
  expect(codeOf(outcome)).toBe('failed INPUT_INVALID stop');
});

test('echo returns its input, aggregate joins what comes before', async () => {
  const runner = createAgentRunner({
    agents: [inlineSource(echoAgent), inlineSource(aggregateAgent)],
    clock,
    threads: 1,
    heapMb: 64,
  });
  const run = async (agent: string, input: Json) =>
    resultOf(await new TestTask(clock).run(runner, { agent, input }));
  expect(await run('echo', { a: [1] })).toEqual({ a: [1] });
  expect(await run('aggregate', { input: null, from: { a: 1, b: 2 }, run: 'run_1' })).toEqual({
    results: { a: 1, b: 2 },
  });
});
