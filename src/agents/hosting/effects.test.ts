import { describe, expect, test } from 'vitest';
import { installCrashPlan } from '../../contract/index.ts';
import type { AttemptOutcome } from '../../contract/index.ts';
import { deferred, manualClock } from '../../kernel/index.ts';
import type { EffectOptions } from '../authoring/agent-context.ts';
import { runnerOf, TestTask } from './test-task.ts';
import type { Execute } from './test-task.ts';

const clock = manualClock();
const codeOf = (outcome: AttemptOutcome): string =>
  'error' in outcome ? `${outcome.status} ${outcome.error.code}` : outcome.status;

const loopTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A receiver outside the hive that writes down what it is asked to do. */
function receiver(doIt: (key: string, call: number) => unknown = () => 'paid') {
  const keys: string[] = [];
  const agent = (options?: EffectOptions<unknown>) =>
    runnerOf(
      ({ effect }) =>
        effect(
          'pay',
          ({ idempotencyKey }) => doIt(idempotencyKey, keys.push(idempotencyKey)),
          options,
        ),
      { clock },
    );
  return { keys, agent };
}
/** The hive died after the intent: the row stands without a result. */
async function interrupted(task: TestTask): Promise<void> {
  const never = deferred<null>();
  const runner = runnerOf(({ effect }) => effect('pay', () => never.promise), { clock });
  void task.run(runner);
  await loopTurn();
  expect(task.journal).toMatchObject([{ name: 'effect:pay', kind: 'effect', result: null }]);
}

describe('an effect', () => {
  test('has intent, effect and result; later attempts read the result', async () => {
    const task = new TestTask(clock);
    const { keys, agent } = receiver();
    expect(await task.run(agent())).toMatchObject({ status: 'succeeded', result: '"paid"' });
    expect(await task.run(agent())).toMatchObject({ status: 'succeeded', result: '"paid"' });
    expect(keys).toEqual(['tsk_1:pay']);
    expect(task.journal).toMatchObject([
      { name: 'effect:pay', occurrence: 0, subject: 'tsk_1:pay', result: '"paid"', code: '1' },
    ]);
  });

  test('a key that no store keeps as it is is refused before the call', async () => {
    const calls: number[] = [];
    const half = '😀'.slice(0, 1);
    const agent = runnerOf(({ effect }) => effect(`pay ${half}`, () => calls.push(1)), { clock });
    expect(codeOf(await new TestTask(clock).run(agent))).toBe('failed AGENT_STOPPED');
    expect(calls).toEqual([]);
  });

  test('the same key is the same effect; in flight twice is a mistake', async () => {
    const calls: number[] = [];
    const twice: Execute = async ({ effect }) => [
      await effect('a', () => calls.push(1)),
      await effect('a', () => calls.push(1)),
    ];
    const outcome = await new TestTask(clock).run(runnerOf(twice, { clock }));
    expect(outcome).toMatchObject({ result: '[1,1]' });
    const beside: Execute = ({ effect }) =>
      Promise.all([effect('a', () => 1), effect('a', () => 1)]);
    const refused = await new TestTask(clock).run(runnerOf(beside, { clock }));
    expect(codeOf(refused)).toBe('failed AGENT_STOPPED');
  });

  test('keeps the key of the task that began it', async () => {
    const task = new TestTask(clock);
    await interrupted(task);
    task.change('effect:pay', { subject: 'tsk_0:pay' });
    const { keys, agent } = receiver();
    await task.run(agent({ onUnknown: 'repeat' }), { taskId: 'tsk_2' });
    expect(keys).toEqual(['tsk_0:pay']);
  });

  test('in flight when the code beside it fails is waited for, and its result is kept', async () => {
    const task = new TestTask(clock);
    const receipt = deferred<string>();
    const agent = runnerOf(
      ({ effect, step }) =>
        Promise.all([
          effect('pay', () => receipt.promise),
          step('bad', async () => {
            await loopTurn();
            throw new Error('no');
          }),
        ]),
      { clock },
    );
    let isOver = false;
    const running = task.run(agent).finally(() => {
      isOver = true;
    });
    for (let at = 0; at < 5; at++) await loopTurn();
    expect(isOver).toBe(false);
    receipt.resolve('paid');
    expect(codeOf(await running)).toBe('failed AGENT_THREW');
    expect(task.journal).toMatchObject([{ name: 'effect:pay', result: '"paid"' }]);
  });

  test('passes C5 after its intent and C6 before its result', async () => {
    const passed: string[] = [];
    const task = new TestTask(clock);
    task.onCommit = () => void passed.push('commit');
    installCrashPlan((point) => passed.push(point));
    try {
      await task.run(receiver(() => passed.push('call')).agent());
      passed.push('end');
    } finally {
      installCrashPlan(undefined);
    }
    expect(passed).toEqual(['commit', 'commit', 'C5', 'call', 'C6', 'commit', 'commit', 'end']);
  });
});

describe('an effect whose outcome is unknown', () => {
  test('ask: the task is uncertain; done, retry and a second loss', async () => {
    const task = new TestTask(clock);
    await interrupted(task);
    const { keys, agent } = receiver();
    const asked = await task.run(agent());
    expect(asked).toMatchObject({
      status: 'uncertain',
      error: { code: 'EFFECT_UNKNOWN', details: { effect: 'pay', idempotencyKey: 'tsk_1:pay' } },
    });
    expect(keys).toEqual([]);
    // a person says: it did not happen
    task.change('effect:pay', { payload: '{"repeat": true}' });
    task.onCommit = () => {
      // the mark is gone before the call: a loss now is unknown again
      if (
        task.journal[0]?.payload === '{"repeat":false}' &&
        task.committed?.status === 'uncertain'
      ) {
        task.onCommit = undefined;
        throw new Error('the host dies');
      }
    };
    expect(codeOf(await task.run(agent()))).toBe('failed AGENT_THREW');
    expect(keys).toEqual([]);
    task.onCommit = undefined;
    expect(codeOf(await task.run(agent()))).toBe('uncertain EFFECT_UNKNOWN');
    // a person says: it happened
    task.change('effect:pay', { result: '"by hand"' });
    expect(await task.run(agent())).toMatchObject({ result: '"by hand"' });
    expect(keys).toEqual([]);
  });

  test('repeat: called again with the same key', async () => {
    const task = new TestTask(clock);
    await interrupted(task);
    const { keys, agent } = receiver();
    expect(await task.run(agent({ onUnknown: 'repeat' }))).toMatchObject({ result: '"paid"' });
    expect(keys).toEqual(['tsk_1:pay']);
  });

  test('check: the receiver knows', async () => {
    const checked: string[] = [];
    const check = (isDone: boolean) => ({
      onUnknown: {
        check: (key: string) => {
          checked.push(key);
          return isDone ? { done: true as const, result: 'found' } : { done: false as const };
        },
      },
    });
    const task = new TestTask(clock);
    await interrupted(task);
    const { keys, agent } = receiver();
    expect(await task.run(agent(check(true)))).toMatchObject({ result: '"found"' });
    expect(keys).toEqual([]);
    expect(await task.run(agent(check(false)))).toMatchObject({ result: '"found"' });
    const other = new TestTask(clock);
    await interrupted(other);
    expect(await other.run(agent(check(false)))).toMatchObject({ result: '"paid"' });
    expect([checked, keys]).toEqual([['tsk_1:pay', 'tsk_1:pay'], ['tsk_1:pay']]);
  });
});

describe('an effect that throws', () => {
  const failing = () =>
    receiver((_key, call) => {
      if (call === 1) throw new TypeError('connection lost');
      return 'paid';
    });

  test('ask: uncertain at once, and the reason is told', async () => {
    const task = new TestTask(clock);
    const { keys, agent } = failing();
    const outcome = await task.run(agent());
    expect(outcome).toMatchObject({
      status: 'uncertain',
      error: { message: expect.stringContaining('connection lost') },
    });
    expect(codeOf(await task.run(agent()))).toBe('uncertain EFFECT_UNKNOWN');
    expect(keys).toHaveLength(1);
  });

  test('repeat: the task fails with the error, its retry calls again', async () => {
    const task = new TestTask(clock);
    const { keys, agent } = failing();
    expect(codeOf(await task.run(agent({ onUnknown: 'repeat' })))).toBe('failed AGENT_THREW');
    expect(await task.run(agent({ onUnknown: 'repeat' }))).toMatchObject({ result: '"paid"' });
    expect(keys).toEqual(['tsk_1:pay', 'tsk_1:pay']);
  });

  test('a result that is not JSON is as unknown as an error', async () => {
    const outcome = await new TestTask(clock).run(receiver(() => 1n).agent());
    expect(codeOf(outcome)).toBe('uncertain EFFECT_UNKNOWN');
  });

  test('notDone: the next try calls again without asking anybody, also in the same attempt', async () => {
    const calls: string[] = [];
    const execute =
      (tries: number): Execute =>
      async ({ effect }) => {
        const pay = () =>
          effect('pay', ({ notDone }) => (calls.push('call') <= 2 ? notDone('busy') : 'paid'));
        for (let at = 1; at < tries; at++) await pay().catch(() => {});
        return pay();
      };
    const task = new TestTask(clock);
    const first = await task.run(runnerOf(execute(1), { clock }));
    expect(first).toMatchObject({
      status: 'failed',
      error: { code: 'EFFECT_NOT_DONE', kind: 'retry', message: expect.stringContaining('busy') },
    });
    const second = await task.run(runnerOf(execute(2), { clock }));
    expect(second).toMatchObject({ result: '"paid"' });
    expect(calls).toHaveLength(3);
  });
});
