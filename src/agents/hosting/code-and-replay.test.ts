import { describe, expect, test } from 'vitest';
import type { AttemptOutcome, JournalStep } from '../../contract/index.ts';
import { manualClock } from '../../kernel/index.ts';
import { testAttempt, testHost } from './test-attempt.ts';
import { runnerOf, TestTask } from './test-task.ts';
import type { Execute } from './test-task.ts';

const clock = manualClock();
const codeOf = (outcome: AttemptOutcome): string =>
  'error' in outcome ? `${outcome.status} ${outcome.error.code}` : outcome.status;

describe('a journal that other code wrote', () => {
  const agent = (version: string, onCodeChange: 'stop' | 'fresh', calls: string[] = []) =>
    runnerOf(
      async ({ effect, step, sleep }) => {
        await effect('pay', () => calls.push('pay'));
        await step('one', () => calls.push('one'));
        await sleep(120_000);
        return step('two', () => version);
      },
      { clock, version, onCodeChange },
    );

  test('only the first rows are pinned, and the same code goes on', async () => {
    const task = new TestTask(clock);
    await task.run(agent('1', 'stop'));
    const codes = task.journal.map(({ name, code }) => [name, code]);
    expect(codes).toEqual([
      ['effect:pay', '1'],
      ['one', '1'],
      ['sleep', undefined],
    ]);
    clock.advance(120_000);
    expect(await task.run(agent('1', 'stop'))).toMatchObject({ result: '"1"' });
  });

  test('stop: JOURNAL_MISMATCH that names both', async () => {
    const task = new TestTask(clock);
    await task.run(agent('1', 'stop'));
    const outcome = await task.run(agent('2', 'stop'));
    expect(outcome).toMatchObject({
      error: { code: 'JOURNAL_MISMATCH', details: { journal: '1', code: '2' } },
    });
  });

  test('fresh: steps run again, effects do not, and it stays fresh', async () => {
    const task = new TestTask(clock);
    const calls: string[] = [];
    await task.run(agent('1', 'fresh', calls));
    await task.run(agent('2', 'fresh', calls));
    expect(calls).toEqual(['pay', 'one', 'one']);
    clock.advance(120_000);
    expect(await task.run(agent('2', 'fresh', calls))).toMatchObject({ result: '"2"' });
    expect(calls).toEqual(['pay', 'one', 'one']);
    expect(task.writes.filter((names) => names.length === 0)).toHaveLength(1);
  });

  test('a reset that is refused ends the attempt before any code runs', async () => {
    const calls: string[] = [];
    const row: JournalStep = {
      name: 'a',
      occurrence: 0,
      kind: 'step',
      result: '1',
      code: '1',
      atMs: 1,
    };
    const attempt = testAttempt('tested', { journal: [row] });
    const outcome = await agent('2', 'fresh', calls).run(attempt, testHost({ refuse: true }));
    expect(codeOf(outcome)).toBe('cancelled STALE_FENCE');
    expect(calls).toEqual([]);
  });

  test('effects alone pin nothing: a task begun afresh keeps them', async () => {
    const task = new TestTask(clock);
    await task.run(agent('1', 'stop'));
    const kept = task.journal.filter(({ kind }) => kind === 'effect');
    const calls: string[] = [];
    const attempt = testAttempt('tested', { journal: kept });
    const outcome = await agent('2', 'stop', calls).run(attempt, testHost());
    expect(outcome).toMatchObject({ status: 'suspended', steps: [{ name: 'one', code: '2' }, {}] });
    expect(calls).toEqual(['one']);
  });
});

describe('replay', () => {
  const counted = (calls: string[]): Execute => {
    return async ({ step, effect, sleep, waitFor, now, random }) => {
      const at = now();
      const one = await step('one', () => calls.push('one'));
      await sleep(10);
      const [paid, event] = await Promise.all([
        effect('pay', () => calls.push('pay')),
        waitFor('go', { timeoutMs: 10 }).catch(() => 'late'),
      ]);
      return [at, random(), one, paid, event, await step('two', () => calls.push('two'))];
    };
  };
  const replay = (execute: Execute, journal: readonly JournalStep[], host = testHost()) =>
    runnerOf(execute, { clock, version: '9' }).run(
      testAttempt('tested', { journal, mode: 'replay' }),
      host,
    );
  const recorded = async (): Promise<[JournalStep[], AttemptOutcome]> => {
    const task = new TestTask(clock);
    const runner = runnerOf(counted([]), { clock });
    for (;;) {
      const outcome = await task.run(runner);
      if (outcome.status !== 'suspended') return [task.journal, outcome];
      clock.advance(10);
    }
  };

  test('gives the same end without one call and one write, whatever the version says', async () => {
    const [journal, outcome] = await recorded();
    const calls: string[] = [];
    const host = testHost();
    const again = await replay(counted(calls), journal, host);
    expect(again).toEqual({
      status: 'succeeded',
      result: 'result' in outcome ? outcome.result : '',
    });
    expect([calls, host.written, host.resets]).toEqual([[], [], []]);
  });

  test('every missing row is a divergence that names it', async () => {
    const [journal] = await recorded();
    for (const missing of journal) {
      const calls: string[] = [];
      const outcome = await replay(
        counted(calls),
        journal.filter((each) => each !== missing),
      );
      expect(outcome).toMatchObject({
        status: 'failed',
        error: {
          code: 'REPLAY_DIVERGED',
          details: { step: missing.name, occurrence: missing.occurrence },
        },
      });
      expect(calls).toEqual([]);
    }
  });

  test('a task that was left waiting or uncertain is so again', async () => {
    const row = {
      name: 'event:go',
      occurrence: 0,
      kind: 'event',
      result: null,
      dueMs: 1,
      atMs: 1,
    } as const;
    const waits: Execute = ({ waitFor }) => waitFor('go').then(() => null);
    expect(await replay(waits, [row])).toMatchObject({ status: 'suspended', steps: [] });
    const intent = {
      name: 'effect:a',
      occurrence: 0,
      kind: 'effect',
      result: null,
      atMs: 1,
    } as const;
    const effects: Execute = ({ effect }) => effect('a', () => 1, { onUnknown: 'repeat' });
    expect(codeOf(await replay(effects, [intent]))).toBe('uncertain EFFECT_UNKNOWN');
  });

  test('leaves the closure of the live task alone', async () => {
    const task = new TestTask(clock);
    const calls: string[] = [];
    const runner = runnerOf(
      async ({ sleep }) => {
        calls.push('called');
        await sleep(10);
        return 1;
      },
      { clock },
    );
    await task.run(runner);
    await runner.run(testAttempt('tested', { journal: task.journal, mode: 'replay' }), testHost());
    clock.advance(10);
    expect(await task.run(runner)).toMatchObject({ result: '1' });
    expect(calls).toHaveLength(2);
  });
});
