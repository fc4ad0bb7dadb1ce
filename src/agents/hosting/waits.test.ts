import { describe, expect, test } from 'vitest';
import { graph as graphSchema } from '../../contract/index.ts';
import type { AttemptOutcome, Json, WaitResult } from '../../contract/index.ts';
import { manualClock } from '../../kernel/index.ts';
import type { ApprovalQuestion } from '../authoring/agent-context.ts';
import { runnerOf, TestTask } from './test-task.ts';
import type { Execute } from './test-task.ts';

const ok = (value: Json): WaitResult => ({ status: 'ok', value });
const approved = ok({ decision: 'approved', answer: null, by: 'ann', comment: null });
const rejected = ok({ decision: 'rejected', answer: null, by: 'bob', comment: 'no' });
const codeOf = (outcome: AttemptOutcome): string =>
  'error' in outcome ? `${outcome.status} ${outcome.error.code}` : outcome.status;
const suspended = (outcome: AttemptOutcome) => {
  if (outcome.status !== 'suspended') throw new Error(JSON.stringify(outcome));
  return outcome;
};

/** Kept: goes on in memory. Dropped: every attempt executes the journal again. */
const lives = ['kept', 'dropped'] as const;

function living(life: (typeof lives)[number], execute: Execute) {
  const clock = manualClock();
  const task = new TestTask(clock);
  const calls = { count: 0 };
  const runner = runnerOf(
    (context) => {
      calls.count++;
      return execute(context);
    },
    { clock },
  );
  const run = async (): Promise<AttemptOutcome> => {
    const outcome = await task.run(runner);
    if (life === 'dropped') runner.forget(1);
    return outcome;
  };
  return { clock, task, run, calls };
}

describe.each(lives)('waits, %s', (life) => {
  test('several at once suspend together, and are resumed as they are answered', async () => {
    const works: string[] = [];
    const { task, run, calls } = living(life, async ({ approve, delegate, waitFor, step }) => {
      const after = async (name: string, wait: Promise<unknown>) => {
        await wait;
        return step(`after ${name}`, () => works.push(name));
      };
      return Promise.all([
        after('a', approve({ title: 'A', message: 'a?' })),
        after('b', delegate({ capabilities: ['x'], input: { n: 1 } })),
        after('c', waitFor('go')),
        after('d', delegate({ capabilities: ['x'], input: { n: 2 } })),
      ]);
    });
    const first = suspended(await run());
    expect(first).toMatchObject({ reason: 'approval', dueMs: null });
    expect(first.steps.map(({ name, occurrence }) => `${name}${occurrence}`)).toEqual([
      'approve:A0',
      'child:x0',
      'event:go0',
      'child:x1',
    ]);
    expect(first.openWaits).toEqual(
      first.steps.map(({ name, occurrence }) => ({ name, occurrence })),
    );
    expect(
      first.children.map(({ name, occurrence, input }) => ({ name, occurrence, input })),
    ).toEqual([
      { name: 'child:x', occurrence: 0, input: { n: 1 } },
      { name: 'child:x', occurrence: 1, input: { n: 2 } },
    ]);
    task.answer('child:x', ok('two'), { occurrence: 1 });
    task.answer('approve:A', approved);
    const second = suspended(await run());
    expect(second).toMatchObject({ reason: 'event', children: [] });
    expect(second.steps.map(({ name }) => name).sort()).toEqual(['after a', 'after d']);
    expect(second.openWaits).toEqual([
      { name: 'child:x', occurrence: 0 },
      { name: 'event:go', occurrence: 0 },
    ]);
    const idle = suspended(await run());
    expect(idle).toEqual({ ...second, steps: [] });
    task.answer('event:go', ok({ event: 'go', data: 1 }));
    task.answer('child:x', ok('one'));
    expect(await run()).toMatchObject({ status: 'succeeded' });
    expect(works.sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(calls.count).toBe(life === 'kept' ? 1 : 4);
  });

  test('the earliest of timers and deadlines is when the task is due', async () => {
    const { clock, task, run } = living(life, ({ sleep, sleepUntil, waitFor }) =>
      Promise.all([
        sleep(29_999.5).then(() => 'slept'),
        sleepUntil(clock.now() + 20_000).then(() => 'until'),
        waitFor('go', { timeoutMs: 10_000 }).catch((error: { code: string }) => error.code),
        sleepUntil(clock.now() - 1).then(() => 'past'),
      ]),
    );
    const startMs = clock.now();
    for (const dueMs of [10_000, 20_000, 30_000]) {
      expect(suspended(await run()).dueMs).toBe(startMs + dueMs);
      clock.advance(10_000);
    }
    const done = await run();
    expect(done).toMatchObject({ result: '["slept","until","WAIT_TIMEOUT","past"]' });
    expect(task.writes).toEqual([['event:go']]);
    expect(task.journal.find(({ kind }) => kind === 'event')?.result).toBe('{"status":"timeout"}');
  });

  test('steps beside a wait go on; the slot is given back when only waits are left', async () => {
    const turn = () => new Promise((resolve) => setImmediate(resolve, 1));
    const { task, run } = living(life, async ({ sleep, step }) => {
      const slow = async () => {
        for (const name of ['a', 'b', 'c']) await step(name, turn);
      };
      await Promise.all([sleep(5_000), slow()]);
      return 'done';
    });
    const outcome = suspended(await run());
    expect(outcome.steps.at(-1)).toMatchObject({ name: 'sleep' });
    expect(task.journal.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c', 'sleep']);
  });

  test('a timeout that an answer overtook is not seen; the next attempt sees the answer', async () => {
    const { clock, task, run } = living(life, async ({ waitFor }) => {
      const { data } = await waitFor('go', { timeoutMs: 1_000 });
      return data;
    });
    await run();
    clock.advance(2_000);
    task.onCommit = () => {
      task.onCommit = undefined;
      task.answer('event:go', ok({ event: 'go', data: 'in time' }));
    };
    expect(codeOf(await run())).toBe('cancelled STALE_FENCE');
    expect(await run()).toMatchObject({ result: '"in time"' });
  });

  test.each([
    [approved, 'approved'],
    [rejected, 'rejected'],
    [undefined, 'expired'],
  ])('an approval escalates at its deadline, once: %#', async (answer, decision) => {
    const question: ApprovalQuestion = {
      title: 'Deploy?',
      message: 'v2',
      name: 'deploy',
      show: { version: 2 },
      form: { type: 'object', properties: { when: { type: 'string' } } },
      assignee: 'ann',
      deadlineMs: 10_000,
      escalateTo: 'boss',
      escalateDeadlineMs: 50_000,
    };
    const { clock, task, run } = living(life, ({ approve }) => approve(question));
    const first = suspended(await run());
    const { name: _name, escalateDeadlineMs: _ms, ...form } = question;
    expect(JSON.parse(first.steps[0]?.payload ?? '')).toEqual(form);
    clock.advance(10_000);
    const second = suspended(await run());
    expect(second.dueMs).toBe(clock.now() + 50_000);
    expect(second.openWaits).toEqual([{ name: 'approve:deploy escalated 0', occurrence: 0 }]);
    const payload = JSON.parse(second.steps[0]?.payload ?? '') as Record<string, Json>;
    expect(payload).toMatchObject({ assignee: 'boss', deadlineMs: 50_000 });
    expect(payload).not.toHaveProperty('escalateTo');
    if (answer === undefined) clock.advance(50_000);
    else task.answer('approve:deploy escalated 0', answer);
    const done = await run();
    expect(done.status === 'succeeded' && JSON.parse(done.result)).toMatchObject({ decision });
  });

  test('a child run that failed throws its error; a late request times out', async () => {
    const { clock, task, run } = living(life, async ({ run: child, request }) => {
      const caught = await child({ title: 'sub', graph: { name: 'g', nodes: [] }, input: 1 }).catch(
        (error: { code: string; details: Json }) => ({
          code: error.code,
          ...(error.details as object),
        }),
      );
      const late = await request({ agent: 'bob', input: 1, timeoutMs: 5_000 }).catch(
        (error: { code: string }) => error.code,
      );
      return [caught, late];
    });
    expect(suspended(await run())).toMatchObject({ reason: 'child', dueMs: null });
    const error = { code: 'AGENT_STOPPED', kind: 'stop', message: 'no', advice: '' } as const;
    task.answer('child:sub', { status: 'failed', error }, { subject: 'run_7' });
    expect(suspended(await run()).dueMs).toBe(clock.now() + 5_000);
    clock.advance(5_000);
    const done = await run();
    expect(done.status === 'succeeded' && JSON.parse(done.result)).toEqual([
      { code: 'CHILD_FAILED', run: 'run_7', error },
      'WAIT_TIMEOUT',
    ]);
  });
});

test('delegate builds a valid graph of one node that computes exactly the given input', async () => {
  const clock = manualClock();
  const inputs: Json[] = [{ a: 1, 'odd "key"': 2, ['long'.repeat(50)]: 3 }, [1, 2], 'text', {}];
  const runner = runnerOf(
    ({ delegate }) =>
      Promise.all(
        inputs.map((input) =>
          delegate({ agent: 'bob', input, title: 'ask', timeoutMs: 1_000, retry: 'none' }),
        ),
      ),
    { clock },
  );
  const { children } = suspended(await new TestTask(clock).run(runner));
  const built = children.map(({ graph, input }) => {
    const [node] = graphSchema.parse(graph).nodes;
    if (node?.kind !== 'agent') throw new Error('not an agent node');
    expect(node).toMatchObject({ capabilities: ['agent:bob'], timeoutMs: 1_000, retry: 'none' });
    // as `inputs` are computed, by hand: input["key"]
    const computed = Object.entries(node.inputs ?? { missing: '' }).map(([key, text]) => {
      const field = JSON.parse(text.slice('input['.length, -1)) as string;
      return [key, (input as Record<string, Json>)[field]];
    });
    return { ...(node.input as object), ...Object.fromEntries(computed) } as Json;
  });
  expect(built).toEqual([inputs[0], { value: [1, 2] }, { value: 'text' }, {}]);
});

describe('misuse', () => {
  test('using the context after the slot was given back ends the task with a clear error', async () => {
    const { task, run, clock } = living('kept', async ({ sleep, step }) => {
      const aside = async () => {
        for (let at = 0; at < 5; at++) await new Promise((resolve) => setImmediate(resolve));
        return step('late', () => 1);
      };
      const [, late] = await Promise.allSettled([sleep(1_000), aside()]);
      return late.status;
    });
    expect(suspended(await run()).steps.map(({ name }) => name)).toEqual(['sleep']);
    for (let at = 0; at < 8; at++) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(1_000);
    const outcome = await run();
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { code: 'AGENT_STOPPED', message: expect.stringContaining('slot was given back') },
    });
    expect(task.journal.map(({ name }) => name)).toEqual(['sleep']);
  });

  test.each<[string, Execute]>([
    ['an event without a name', ({ waitFor }) => waitFor('').then(() => null)],
    ['a negative timeout', ({ waitFor }) => waitFor('a', { timeoutMs: -1 }).then(() => null)],
    [
      'a form that is no schema',
      ({ approve }) =>
        approve({ title: 'a', message: 'b', form: { type: 'thing' } as never }).then(() => null),
    ],
    [
      'an escalation without a deadline',
      ({ approve }) => approve({ title: 'a', message: 'b', escalateTo: 'c' }).then(() => null),
    ],
    ['a name that no agent has', ({ delegate }) => delegate({ agent: 'No One', input: 1 })],
    [
      'a race that leaves a wait open',
      async ({ sleep, step }) => {
        await Promise.race([sleep(10), step('a', () => 1)]);
        return null;
      },
    ],
  ])('%s is refused', async (_what, execute) => {
    expect(codeOf(await living('kept', execute).run())).toBe('failed AGENT_STOPPED');
  });

  test('an answer that is none is a mismatch', async () => {
    const { task, run } = living('dropped', ({ waitFor }) => waitFor('a').then(() => null));
    await run();
    task.change('event:a', { result: '{"status":"perhaps"}' });
    expect(codeOf(await run())).toBe('failed JOURNAL_MISMATCH');
  });
});

test('a closure is not kept when its wake-up is more than a minute away', async () => {
  for (const [delayMs, calls] of [
    [60_000, 1],
    [60_001, 2],
  ] as const) {
    const {
      clock,
      run,
      calls: called,
    } = living('kept', ({ sleep }) => sleep(delayMs).then(() => null));
    await run();
    clock.advance(50_000);
    await run();
    expect(called.count).toBe(calls);
  }
});
