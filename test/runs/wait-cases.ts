// What waits: approvals, events, timers, children, effects that may have happened; and what people do to it. Run on both stores.

import { expect, test } from 'vitest';
import { defineAgent } from '../../src/agents/index.ts';
import type { AgentContext, AgentDefinition, AgentResult } from '../../src/agents/index.ts';
import type { ApprovalId, TaskId } from '../../src/contract/index.ts';
import { BY } from './run-hive.ts';
import type { RunHive } from './run-hive.ts';

/** Effects that receivers saw, by idempotency key; what they answer is steered by the input. */
export const receiver = { seen: [] as string[] };
let steps = 0;

const define = (
  name: string,
  execute: (ctx: AgentContext) => AgentResult | Promise<AgentResult>,
  more: { concurrency?: number } = {},
): AgentDefinition =>
  defineAgent({
    name,
    type: 'test',
    version: '1',
    capabilities: [`do:${name}`],
    placement: 'inline',
    concurrency: more.concurrency ?? 50,
    execute,
  });

export const waitAgents: readonly AgentDefinition[] = [
  define('ask-twice', async (ctx) => {
    const [a, b] = await Promise.all([
      ctx.approve({ title: 'first', message: 'ok?' }),
      ctx.approve({ title: 'second', message: 'ok?', assignee: 'boss' }),
    ]);
    return [a.decision, b.decision];
  }),
  define('listen', async (ctx) => {
    const first = await ctx.waitFor('news');
    const second = await ctx.waitFor('news');
    return [first.data, second.data];
  }),
  // One slot: it can only finish when its slot is free while it waits.
  define(
    'parent',
    async (ctx) => {
      const parts = await Promise.all(
        [1, 2, 3].map((n) =>
          ctx.delegate({ agent: 'parent-child', input: { n }, title: `part ${n}` }),
        ),
      );
      return parts;
    },
    { concurrency: 1 },
  ),
  define('parent-child', (ctx) => (ctx.input as { n: number }).n * 10),
  define('pay', async (ctx) => {
    const { onUnknown } = ctx.input as { onUnknown: 'repeat' | 'ask' };
    const before = await ctx.step('before', () => ++steps);
    const paid = await ctx.effect(
      'charge',
      ({ idempotencyKey }) => {
        receiver.seen.push(idempotencyKey);
        if (receiver.seen.length === 1) throw new Error('the line broke');
        return 'paid';
      },
      { onUnknown },
    );
    return { before: before > 0, paid };
  }),
  define('nap', async (ctx) => {
    const { ms } = ctx.input as { ms: number };
    await ctx.sleep(ms);
    return 'rested';
  }),
  define('stepper', async (ctx) => {
    const { bad } = ctx.input as { bad?: boolean };
    const one = await ctx.step('one', () => `one ${++steps}`);
    const two = await ctx.step('two', () => `two ${++steps}`);
    if (bad === true) throw new Error('after two');
    return [one, two];
  }),
];

export function waitCases(hive: () => RunHive): void {
  test('two approvals of one task are open at once and resumed singly', async () => {
    const { task, approvals, verbs, tasks, waiting, hive: opened } = hive();
    const run = await task('ask-twice');
    await waiting(run, 1);
    const open = await approvals(run);
    expect(open.map((each) => each.title).toSorted()).toEqual(['first', 'second']);
    const decide = (title: string, decision: 'approved' | 'rejected') =>
      verbs.decideApproval(
        {
          approval: open.find((each) => each.title === title)?.id as ApprovalId,
          decision,
          answer: null,
          comment: null,
        },
        BY,
      );
    await decide('second', 'rejected');
    await expect(decide('second', 'approved')).rejects.toMatchObject({ code: 'APPROVAL_CLOSED' });
    expect((await approvals(run)).map((each) => each.title)).toEqual(['first']);
    await decide('first', 'approved');
    await hive().waiting(run, 1, 'succeeded');
    expect((await tasks(run))[0]?.result).toEqual(['approved', 'rejected']);
    expect(opened).toBeDefined();
  });

  test('approvals in parallel branches and in a loop have ids of their own', async () => {
    const ask = { kind: 'approval', id: 'ask', message: 'again?', onReject: 'continue' } as const;
    const graph = {
      name: 'branches',
      nodes: [
        { kind: 'approval', id: 'left', message: 'left?' },
        {
          kind: 'approval',
          id: 'right',
          message: 'right?',
          form: { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } },
        },
        {
          kind: 'loop',
          id: 'loop',
          until: 'last.decision == "approved"',
          max: 5,
          body: { name: 'body', nodes: [ask] },
        },
        { kind: 'join', id: 'all', after: ['left', 'right', 'loop'] },
      ],
    };
    const { start, approvals, verbs, ended, waiting, query } = hive();
    const run = await start(graph);
    await waiting(run, 3);
    const [left, right] = (await approvals(run)).toSorted((a, b) => a.title.localeCompare(b.title));
    const decide = (
      id: string | undefined,
      decision: 'approved' | 'rejected',
      answer: { n: unknown } | null = null,
    ) =>
      verbs.decideApproval(
        { approval: id as ApprovalId, decision, answer: answer as never, comment: null },
        BY,
      );
    await expect(decide(right?.id, 'approved', { n: 'x' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await decide(right?.id, 'approved', { n: 5 });
    const loopAsk = async (): Promise<string> => {
      const [row] = await query<{ subject: string }>(
        `select j.subject from journal j join tasks t on t.key = j.task join runs r on r.key = t.run
          where j.kind = 'approval' and j.result is null and r.workflow = 'body' and t.state = 1`,
      );
      return row?.subject ?? '';
    };
    const first = await poll(hive(), loopAsk);
    await decide(first, 'rejected');
    const second = await poll(hive(), async () => {
      const id = await loopAsk();
      return id === first ? '' : id;
    });
    await decide(second, 'approved');
    await decide(left?.id, 'approved');
    expect((await ended(run)).state).toBe('completed');
  });

  test('an approval that nobody decides escalates, then expires', async () => {
    const { start, ended, query, output } = hive();
    const run = await start({
      name: 'late',
      nodes: [
        {
          kind: 'approval',
          id: 'ask',
          message: 'well?',
          assignee: 'clerk',
          deadlineMs: 50,
          escalate: { to: 'boss', deadlineMs: 50 },
          onExpire: 'continue',
        },
      ],
    });
    expect((await ended(run)).state).toBe('completed');
    expect(await output(run)).toMatchObject({ decision: 'expired' });
    const asked = await query<{ payload: string }>(
      `select payload from journal j join tasks t on t.key = j.task join runs r on r.key = t.run where r.workflow = 'late' and j.kind = 'approval' order by j.position`,
    );
    expect(
      asked.map(({ payload }) => (JSON.parse(payload) as { assignee: string }).assignee),
    ).toEqual(['clerk', 'boss']);
  });

  test('events reach the oldest wait of their name; one that comes early is kept', async () => {
    const { task, verbs, tasks, waiting } = hive();
    const run = await task('listen');
    await waiting(run, 1);
    const send = (data: string, key: string) =>
      verbs.signalRun(
        { run, name: 'news', dataJson: JSON.stringify(data), idempotencyKey: key },
        BY,
      );
    expect(await send('one', 'k1')).toEqual({ delivered: true });
    await send('one again', 'k1');
    const two = await send('two', 'k2');
    await waiting(run, 1, 'succeeded');
    expect((await tasks(run))[0]?.result).toEqual(['one', 'two']);
    await expect(send('late', 'k3')).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    // A sender that lost its first answer and sends again after the end.
    expect(await send('two', 'k2')).toEqual(two);
  });

  test('a parent with one slot that waits for three children finishes', async () => {
    const { task, tasks, waiting } = hive();
    const run = await task('parent');
    await waiting(run, 1, 'succeeded');
    expect((await tasks(run))[0]?.result).toEqual([10, 20, 30]);
  });

  test('an effect whose outcome is unknown is repeated with its key when the receiver de-duplicates', async () => {
    receiver.seen = [];
    const { task, tasks, waiting } = hive();
    const run = await task('pay', { onUnknown: 'repeat' });
    await waiting(run, 1, 'succeeded');
    expect((await tasks(run))[0]?.result).toEqual({ before: true, paid: 'paid' });
    expect(receiver.seen).toHaveLength(2);
    expect(new Set(receiver.seen).size).toBe(1);
  });

  test.each([
    ['done', 'paid by hand', 1],
    ['retry', 'paid', 2],
  ] as const)(
    'an unknown effect makes the task uncertain; %s resolves it',
    async (resolution, paid, calls) => {
      receiver.seen = [];
      const { task, tasks, waiting, verbs } = hive();
      const run = await task('pay', { onUnknown: 'ask' });
      const [uncertain] = await waiting(run, 1, 'uncertain');
      expect(receiver.seen).toHaveLength(1);
      await verbs.resolveTask(
        {
          task: uncertain?.id as TaskId,
          resolution,
          ...(resolution === 'done' ? { resultJson: '"paid by hand"' } : {}),
        },
        BY,
      );
      await waiting(run, 1, 'succeeded');
      expect((await tasks(run))[0]?.result).toEqual({ before: true, paid });
      expect(receiver.seen).toHaveLength(calls);
    },
  );

  test('an uncertain task that is given up fails its run', async () => {
    receiver.seen = [];
    const { start, ended, waiting, verbs } = hive();
    const run = await start({
      name: 'give up',
      nodes: [
        { kind: 'agent', id: 'pay', capabilities: ['do:pay'], inputs: { onUnknown: '"ask"' } },
      ],
    });
    const [uncertain] = await waiting(run, 1, 'uncertain');
    await verbs.resolveTask({ task: uncertain?.id as TaskId, resolution: 'fail' }, BY);
    expect((await ended(run)).state).toBe('failed');
  });

  test('a paused run starts nothing new, keeps what it has, and goes on when resumed', async () => {
    const { start, verbs, ended, waiting, tasks, inState, output } = hive();
    const run = await start({
      name: 'pausing',
      nodes: [
        { kind: 'wait', id: 'gate', event: 'go' },
        {
          kind: 'agent',
          id: 'after',
          after: ['gate'],
          capabilities: ['do:nap'],
          inputs: { ms: '1' },
        },
      ],
    });
    await waiting(run, 1);
    await verbs.pauseRun(run, BY);
    await inState(run, 'paused');
    await expect(verbs.pauseRun(run, BY)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    await verbs.signalRun({ run, name: 'go', dataJson: '1' }, BY);
    expect((await tasks(run)).map((task) => [task.node, task.state])).toEqual([['gate', 'paused']]);
    await verbs.resumeRun(run, BY);
    expect((await ended(run)).state).toBe('completed');
    expect(await output(run)).toBe('rested');
  });

  test('a timer of a thousandth of a second and one of an hour: one goes on, one waits', async () => {
    const { task, tasks, waiting } = hive();
    const short = await task('nap', { ms: 1 });
    const long = await task('nap', { ms: 3_600_000 });
    await waiting(short, 1, 'succeeded');
    await waiting(long, 1);
    expect((await tasks(long))[0]).toMatchObject({ state: 'waiting', reason: 'sleep' });
  });

  test('a failed run that is retried keeps what succeeded and the journal of what failed', async () => {
    steps = 0;
    const graph = {
      name: 'retry me',
      nodes: [
        { kind: 'agent', id: 'good', capabilities: ['do:stepper'], inputs: {} },
        {
          kind: 'agent',
          id: 'bad',
          after: ['good'],
          capabilities: ['do:stepper'],
          inputs: { bad: 'true' },
          retry: 'none',
        },
      ],
    };
    const { start, ended, verbs, tasks } = hive();
    const run = await start(graph);
    expect((await ended(run)).state).toBe('failed');
    expect(steps).toBe(4);
    const { runId } = await verbs.retryRun(run, { ...BY, fresh: false });
    expect((await ended(runId)).state).toBe('failed');
    expect(steps).toBe(4);
    const { runId: fresh } = await verbs.retryRun(runId, { ...BY, fresh: true });
    expect((await ended(fresh)).state).toBe('failed');
    expect(steps).toBe(6);
    expect((await tasks(fresh)).map((task) => [task.node, task.state])).toEqual([
      ['good', 'succeeded'],
      ['bad', 'failed'],
    ]);
    await expect(
      verbs.retryRun('run_00000000000000000000000000' as typeof run, { ...BY, fresh: false }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a retry asks anew what was rejected', async () => {
    const { start, ended, verbs, approvals, waiting } = hive();
    const run = await start({
      name: 'ask',
      nodes: [{ kind: 'approval', id: 'ask', message: 'ok?' }],
    });
    const decide = async (of: typeof run, decision: 'approved' | 'rejected'): Promise<void> => {
      await waiting(of, 1);
      const [open] = await approvals(of);
      const approval = open?.id as ApprovalId;
      await verbs.decideApproval({ approval, decision, answer: null, comment: null }, BY);
    };
    await decide(run, 'rejected');
    expect((await ended(run)).state).toBe('failed');
    const { runId } = await verbs.retryRun(run, { ...BY, fresh: false });
    await decide(runId, 'approved');
    expect((await ended(runId)).state).toBe('completed');
  });

  test('a fork with edited input keeps what comes before, from a node and from a step', async () => {
    steps = 0;
    const graph = {
      name: 'fork me',
      nodes: [
        { kind: 'agent', id: 'a', capabilities: ['do:stepper'], inputs: {} },
        {
          kind: 'agent',
          id: 'b',
          after: ['a'],
          capabilities: ['do:stepper'],
          inputs: { seen: 'from.a' },
        },
      ],
    };
    const { start, ended, verbs, output } = hive();
    const run = await start(graph);
    await ended(run);
    expect(await output(run)).toEqual(['one 3', 'two 4']);
    const fromNode = await verbs.forkRun({ run, from: { node: 'b' } }, BY);
    await ended(fromNode.runId);
    expect(await output(fromNode.runId)).toEqual(['one 5', 'two 6']);
    const fromStep = await verbs.forkRun({ run, from: { node: 'b', step: 'two' } }, BY);
    await ended(fromStep.runId);
    expect(await output(fromStep.runId)).toEqual(['one 3', 'two 7']);
    await expect(verbs.forkRun({ run, from: { node: 'zzz' } }, BY)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await expect(verbs.forkRun({ run, from: { node: 'b', step: 'x' } }, BY)).rejects.toThrow(
      /one, two/,
    );
  });

  test('a replay calls nothing and ends the same', async () => {
    const { start, ended, verbs } = hive();
    const run = await start({
      name: 'replay me',
      nodes: [
        { kind: 'agent', id: 'a', capabilities: ['do:stepper'], inputs: {} },
        { kind: 'agent', id: 'n', after: ['a'], capabilities: ['do:nap'], inputs: { ms: '1' } },
      ],
    });
    await ended(run);
    const before = steps;
    const report = await verbs.replayRun(run, BY);
    expect(report).toMatchObject({ same: 2, diverged: 0, skipped: 0 });
    expect(steps).toBe(before);
  });

  test('a replay of effects asks the receiver for nothing: its ledger is as before', async () => {
    receiver.seen = ['an earlier call, so that the first one now goes through'];
    const { start, ended, verbs } = hive();
    const run = await start({
      name: 'replay effects',
      nodes: [
        { kind: 'agent', id: 'pay', capabilities: ['do:pay'], inputs: { onUnknown: '"ask"' } },
      ],
    });
    expect((await ended(run)).state).toBe('completed');
    const ledger = [...receiver.seen];
    expect(ledger).toHaveLength(2);
    expect(await verbs.replayRun(run, BY)).toMatchObject({ same: 1, diverged: 0, skipped: 0 });
    expect(receiver.seen).toEqual(ledger);
  });

  test('a task that failed for good is put in line again as a new one, with its journal', async () => {
    steps = 0;
    const { hive: opened, verbs, waiting, tasks } = hive();
    const { taskId } = await opened.orchestrator.enqueue({
      tenant: 1,
      project: 1,
      name: 'again',
      type: 'test',
      capabilities: ['agent:stepper'],
      inputJson: '{"bad":true}',
      priority: 0,
      timeoutMs: 60_000,
      retry: 'none',
    });
    const run = taskId.replace('tsk_', 'run_') as `run_${string}` as Parameters<typeof tasks>[0];
    await waiting(run, 1, 'failed');
    const { taskId: again } = await verbs.requeueTask(taskId, { ...BY, fresh: false });
    expect(again).not.toBe(taskId);
    await waiting(again.replace('tsk_', 'run_') as typeof run, 1, 'failed');
    expect(steps).toBe(2);
    expect((await tasks(run))[0]).toMatchObject({ state: 'failed' });
  });
}

async function poll(hive: RunHive, look: () => Promise<string>): Promise<string> {
  const { until } = await import('./run-hive.ts');
  return until(hive.hive, 'an approval', async () => (await look()) || undefined);
}
