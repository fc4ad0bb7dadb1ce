import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { AgentRunner, AttemptOutcome, JournalStep, Json } from '../../contract/index.ts';
import { deferred, manualClock } from '../../kernel/index.ts';
import type { AgentContext } from '../authoring/agent-context.ts';
import { defineAgent } from '../authoring/define-agent.ts';
import type { AgentResult } from '../authoring/define-agent.ts';
import { createAgentRunner } from './agent-runner.ts';
import { inlineSource } from './agent-source.ts';
import { testAttempt, testHost } from './test-attempt.ts';

type Execute = (context: AgentContext<Json>) => AgentResult | Promise<AgentResult>;

const clock = manualClock();
const runners: AgentRunner[] = [];
afterEach(async () => {
  await Promise.all(runners.splice(0).map((each) => each.close()));
});

const spec = { type: 'test', version: '1', capabilities: ['test'], placement: 'inline' } as const;

function runnerOf(execute: Execute, options: { maxPayloadBytes?: number } = {}): AgentRunner {
  const agent = defineAgent({ ...spec, name: 'tested', execute });
  const runner = createAgentRunner({
    agents: [inlineSource(agent)],
    clock,
    random: () => 0.25,
    threads: 1,
    heapMb: 64,
    ...options,
  });
  runners.push(runner);
  return runner;
}
const attempt = (change: Parameters<typeof testAttempt>[1] = {}) => testAttempt('tested', change);
const errorOf = (outcome: AttemptOutcome): string =>
  'error' in outcome
    ? `${outcome.status} ${outcome.error.code} ${outcome.error.kind}`
    : outcome.status;
const stepsOf = (outcome: AttemptOutcome): readonly JournalStep[] =>
  'steps' in outcome ? (outcome.steps ?? []) : [];
const flush = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('results', () => {
  test('sync and async results, null included', async () => {
    expect(await runnerOf(() => 1).run(attempt(), testHost())).toMatchObject({ result: '1' });
    expect(await runnerOf(async () => null).run(attempt(), testHost())).toMatchObject({
      result: 'null',
    });
  });

  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  test.each([
    ['cyclic', cyclic, 'failed AGENT_OUTPUT_INVALID stop'],
    ['a function', { f: () => 1 }, 'failed AGENT_OUTPUT_INVALID stop'],
    ['NaN', [Number.NaN], 'failed AGENT_OUTPUT_INVALID stop'],
    ['a bigint', 1n, 'failed AGENT_OUTPUT_INVALID stop'],
    ['\\u0000', 'a\u0000b', 'failed AGENT_OUTPUT_INVALID stop'],
    [
      'a throwing toJSON',
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
      'failed AGENT_OUTPUT_INVALID stop',
    ],
    ['oversize', 'x'.repeat(2_000), 'failed INPUT_TOO_LARGE stop'],
    ['undefined', undefined, 'failed AGENT_NO_RESULT stop'],
  ])('%s', async (_what, value, expected) => {
    const runner = runnerOf(() => value as AgentResult, { maxPayloadBytes: 1_000 });
    expect(errorOf(await runner.run(attempt(), testHost()))).toBe(expected);
  });

  test('an output outside its schema names the field', async () => {
    const output = z.object({ n: z.number() });
    const agent = defineAgent({
      ...spec,
      name: 'tested',
      output,
      execute: () => ({ n: 'x' }) as never,
    });
    const runner = createAgentRunner({
      agents: [inlineSource(agent)],
      clock,
      threads: 1,
      heapMb: 64,
    });
    runners.push(runner);
    const outcome = await runner.run(attempt(), testHost());
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { code: 'AGENT_OUTPUT_INVALID', message: expect.stringContaining('n:') },
    });
  });

  test('throwing nothing at all is still an error', async () => {
    const runner = runnerOf(() => Promise.reject(undefined));
    expect(errorOf(await runner.run(attempt(), testHost()))).toBe('failed AGENT_THREW retry');
  });

  test('two agents of one name are refused', () => {
    const source = inlineSource(defineAgent({ ...spec, name: 'tested', execute: () => null }));
    expect(() =>
      createAgentRunner({ agents: [source, source], clock, threads: 1, heapMb: 64 }),
    ).toThrow('two agents');
  });
});

describe('ends from outside', () => {
  test('an agent that ignores its signal is settled at the deadline all the same', async () => {
    const stuck = deferred<null>();
    let context: AgentContext<Json> | undefined;
    const runner = runnerOf((given) => {
      context = given;
      return stuck.promise;
    });
    const host = testHost();
    const running = runner.run(attempt({ timeoutMs: 1_000 }), host);
    clock.advance(999);
    clock.advance(100);
    expect(errorOf(await running)).toBe('timeout AGENT_TIMEOUT retry');
    expect(context?.signal.aborted).toBe(true);
    context?.log('INFO', 'too late');
    await expect(context?.step('late', () => 1)).rejects.toMatchObject({ code: 'AGENT_TIMEOUT' });
    stuck.resolve(null);
    expect(host.lines).toEqual([]);
    expect(host.written).toEqual([]);
  });

  test('R2: after an abort the outcome is cancelled and the signal has fired', async () => {
    const controller = new AbortController();
    const seen: string[] = [];
    const runner = runnerOf(async ({ signal }) => {
      signal.addEventListener('abort', () => seen.push('aborted'));
      await deferred<null>().promise;
      return null;
    });
    const running = runner.run(attempt({ signal: controller.signal }), testHost());
    controller.abort();
    expect(errorOf(await running)).toBe('cancelled TASK_CANCELLED cancelled');
    expect(seen).toEqual(['aborted']);
  });

  test('close settles what runs', async () => {
    const runner = runnerOf(() => deferred<null>().promise);
    const running = runner.run(attempt(), testHost());
    await runner.close();
    expect(errorOf(await running)).toBe('cancelled SHUTTING_DOWN retry');
  });
});

describe('steps', () => {
  test('travel with the outcome, counted per name, and never run twice', async () => {
    const calls: string[] = [];
    const execute: Execute = async ({ step }) => {
      const work = (name: string) => step(name, () => calls.push(name));
      return [await work('a'), await work('a'), await work('b')];
    };
    const host = testHost();
    const outcome = await runnerOf(execute).run(attempt(), host);
    expect(outcome).toMatchObject({ result: '[1,2,3]' });
    expect(host.written).toEqual([]); // R4: no write of their own
    expect(stepsOf(outcome).map((each) => `${each.name}${each.occurrence}`)).toEqual([
      'a0',
      'a1',
      'b0',
    ]);
    const journal = stepsOf(outcome).slice(0, 2);
    const again = await runnerOf(execute).run(attempt({ journal }), testHost());
    expect(again).toMatchObject({ result: '[1,2,4]' });
    expect(calls).toEqual(['a', 'a', 'b', 'b']);
    expect(stepsOf(again)).toMatchObject([{ name: 'b', occurrence: 0 }]);
  });

  test('parallel steps of distinct names work, in any order of ending', async () => {
    const first = deferred<number>();
    const runner = runnerOf(({ step }) =>
      Promise.all([step('slow', () => first.promise), step('fast', () => 2)]).then((all) => {
        return all;
      }),
    );
    const host = testHost();
    const running = runner.run(attempt(), host);
    await flush();
    await flush();
    expect(host.written.map((each) => each.name)).toEqual(['fast']);
    first.resolve(1);
    const outcome = await running;
    expect(outcome).toMatchObject({ result: '[1,2]' });
    expect(stepsOf(outcome).map((each) => each.name)).toEqual(['slow']);
  });

  test('a context can be spread and taken apart', async () => {
    const runner = runnerOf(async (context) => {
      const other = { ...context, input: 'other' };
      return other.step('a', () => typeof other.now());
    });
    expect(await runner.run(attempt(), testHost())).toMatchObject({ result: '"number"' });
  });

  test('a step that throws is not remembered', async () => {
    const host = testHost();
    const runner = runnerOf(({ step }) =>
      step('bad', () => {
        throw new Error('no');
      }),
    );
    expect(errorOf(await runner.run(attempt(), host))).toBe('failed AGENT_THREW retry');
    expect(host.written).toEqual([]);
  });

  test('what a step returns is what a resumed attempt will read: JSON', async () => {
    const runner = runnerOf(async ({ step }) => {
      const made = await step('date', () => ({ at: new Date(0), nothing: undefined }));
      return [typeof made.at, 'nothing' in made, (await step('void', () => {})) ?? 'null'];
    });
    expect(await runner.run(attempt(), testHost())).toMatchObject({
      result: '["string",false,"null"]',
    });
  });

  test('reserved names and other misuse stop the task with a clear error', async () => {
    for (const name of ['sleep', 'now', '', 'x'.repeat(101), 'a\u0000', 'effect:a', 'child:b']) {
      const runner = runnerOf(({ step }) => step(name, () => 1));
      expect(errorOf(await runner.run(attempt(), testHost()))).toBe('failed AGENT_STOPPED stop');
    }
  });

  test('a row of another kind is a mismatch; rows nobody asks for are not', async () => {
    const row = {
      name: 'a',
      occurrence: 0,
      kind: 'sleep',
      result: null,
      dueMs: 1,
      atMs: 1,
    } as const;
    const runner = runnerOf(({ step }) => step('a', () => 1));
    expect(errorOf(await runner.run(attempt({ journal: [row] }), testHost()))).toBe(
      'failed JOURNAL_MISMATCH stop',
    );
    const other = { ...row, name: 'other' };
    expect(await runner.run(attempt({ journal: [other] }), testHost())).toMatchObject({
      result: '1',
    });
  });

  test('a full journal can be resumed; one row more is refused', async () => {
    const steps =
      (count: number): Execute =>
      async ({ step }) => {
        for (let at = 0; at < count; at++) await step('a', () => 1);
        return count;
      };
    const full = await runnerOf(steps(10_000)).run(attempt(), testHost());
    const journal = stepsOf(full);
    expect(journal).toHaveLength(10_000);
    const again = await runnerOf(steps(10_000)).run(attempt({ journal }), testHost());
    expect(again).toMatchObject({ status: 'succeeded' });
    const over = await runnerOf(steps(10_001)).run(attempt({ journal }), testHost());
    expect(errorOf(over)).toBe('failed AGENT_STOPPED stop');
  });

  test('now and random are drawn once, and read back', async () => {
    const execute: Execute = async ({ now, random, step }) => {
      const drawn = [now(), random()];
      await step('after', () => 1);
      return drawn;
    };
    const first = await runnerOf(execute).run(attempt(), testHost());
    expect(stepsOf(first).map((each) => each.name)).toEqual(['now', 'random', 'after']);
    clock.advance(5_000);
    const again = await runnerOf(execute).run(attempt({ journal: stepsOf(first) }), testHost());
    expect(again).toEqual({ status: 'succeeded', result: 'result' in first ? first.result : '' });
  });
});

describe('sleep', () => {
  const execute: Execute = async ({ step, sleep, attempt: tries }) => {
    await step('before', () => 1);
    await sleep(10_000);
    return step('after', () => tries);
  };

  test('R3: goes on in memory, without calling the function again', async () => {
    let calls = 0;
    const runner = runnerOf((context) => {
      calls++;
      return execute(context);
    });
    const host = testHost();
    const outcome = await runner.run(attempt(), host);
    if (outcome.status !== 'suspended') throw new Error(JSON.stringify(outcome));
    expect(outcome.dueMs).toBe(clock.now() + 10_000);
    clock.advance(10_000);
    const journal = [...host.written, ...outcome.steps];
    const second = testHost();
    const done = await runner.run(attempt({ journal }), second);
    expect(done).toMatchObject({ result: '1' });
    expect(calls).toBe(1);
    expect(stepsOf(done).map((each) => each.name)).toEqual(['after']);
  });

  test.each(['forgotten', 'over 60 s', 'journal moved on elsewhere'])(
    'R3: %s, goes on from the journal; finished steps are not called again',
    async (why) => {
      let calls = 0;
      const runner = runnerOf((context) => {
        calls++;
        return execute(context);
      });
      const host = testHost();
      const outcome = await runner.run(attempt(), host);
      if (outcome.status !== 'suspended') throw new Error(JSON.stringify(outcome));
      const journal = [...host.written, ...outcome.steps];
      if (why === 'forgotten') runner.forget(1);
      if (why === 'over 60 s') clock.advance(60_001);
      if (why.startsWith('journal')) {
        journal.push({ name: 'after', occurrence: 0, kind: 'step', result: '7', atMs: 1 });
      }
      clock.advance(10_000);
      const second = testHost();
      const done = await runner.run(attempt({ journal, attempt: 2 }), second);
      expect(done).toMatchObject({ result: why.startsWith('journal') ? '7' : '2' });
      expect(calls).toBe(2);
      expect(stepsOf(done).map((each) => each.name)).toEqual(
        why.startsWith('journal') ? [] : ['after'],
      );
    },
  );

  test('woken far too early it suspends again without a second row; a little early it waits', async () => {
    const runner = runnerOf(execute);
    const host = testHost();
    const outcome = await runner.run(attempt(), host);
    if (outcome.status !== 'suspended') throw new Error(JSON.stringify(outcome));
    const journal = [...host.written, ...outcome.steps];
    expect(await runner.run(attempt({ journal }), host)).toEqual({ ...outcome, steps: [] });
    clock.advance(9_500);
    let isOver = false;
    const running = runner.run(attempt({ journal }), host).finally(() => {
      isOver = true;
    });
    await flush();
    expect(isOver).toBe(false);
    clock.advance(500);
    expect(await running).toMatchObject({ status: 'succeeded' });
  });

  test.each<[string, Execute]>([
    ['in a step', ({ sleep, step }) => step('a', () => sleep(1)).then(() => null)],
    [
      'not awaited',
      ({ sleep }) => {
        void sleep(1);
        return 1;
      },
    ],
    ['a bad delay', ({ sleep }) => sleep(Number.NaN).then(() => null)],
    [
      'in an effect',
      ({ effect, waitFor }) =>
        effect('a', () => waitFor('b'), { onUnknown: 'repeat' }).then(() => null),
    ],
  ])('%s is refused with a clear error', async (_what, misused) => {
    const outcome = await runnerOf(misused).run(attempt(), testHost());
    expect(errorOf(outcome)).toBe('failed AGENT_STOPPED stop');
  });

  test('code that ends while it should sleep is told when its turn comes', async () => {
    const go = deferred<null>();
    const runner = runnerOf(({ sleep }) => {
      void sleep(10).catch(() => {});
      return go.promise;
    });
    const host = testHost();
    const outcome = await runner.run(attempt(), host);
    if (outcome.status !== 'suspended') throw new Error(JSON.stringify(outcome));
    go.resolve(null);
    await flush();
    clock.advance(10);
    const second = await runner.run(attempt({ journal: outcome.steps }), host);
    expect(errorOf(second)).toBe('failed AGENT_STOPPED stop');
  });
});
