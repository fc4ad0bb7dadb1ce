import { describe, expect, test } from 'vitest';
import { hiveError } from '../../contract/index.ts';
import type { AttemptHost, AttemptOutcome, JournalStep } from '../../contract/index.ts';
import { deferred, manualClock } from '../../kernel/index.ts';
import { testAttempt } from './test-attempt.ts';
import { runnerOf } from './test-task.ts';
import type { Execute } from './test-task.ts';

interface Write {
  readonly names: readonly string[];
  resolve(isWritten: boolean): void;
  reject(error: unknown): void;
}

/** A host whose writes end when the test says so. */
function slowHost(): AttemptHost & { readonly writes: Write[] } {
  const writes: Write[] = [];
  return {
    writes,
    appendJournal: (steps: readonly JournalStep[]) => {
      const written = deferred<boolean>();
      writes.push({
        names: steps.map((each) => each.name),
        resolve: (isWritten) => {
          written.resolve(isWritten);
        },
        reject: (error) => {
          written.reject(error);
        },
      });
      return written.promise;
    },
    log: () => {},
    progress: () => {},
  };
}

const loopTurns = async (count: number): Promise<void> => {
  for (let at = 0; at < count; at++) await new Promise<void>((resolve) => setImmediate(resolve));
};
const namesOf = (outcome: AttemptOutcome): string[] =>
  'steps' in outcome ? (outcome.steps ?? []).map((each) => each.name) : [];

function begin(execute: Execute) {
  const host = slowHost();
  const runner = runnerOf(execute, { clock: manualClock() });
  const ended = { outcome: undefined as AttemptOutcome | undefined };
  const running = runner.run(testAttempt('tested'), host).then((outcome) => {
    ended.outcome = outcome;
    return outcome;
  });
  return { host, running, ended };
}
const turn = (): Promise<number> => new Promise((resolve) => setImmediate(resolve, 1));

describe('the pipelined journal', () => {
  test('five trivial steps need no write of their own', async () => {
    const { host, running } = begin(async ({ step }) => {
      for (const name of ['a', 'b', 'c', 'd', 'e']) await step(name, () => 1);
      return null;
    });
    expect(namesOf(await running)).toEqual(['a', 'b', 'c', 'd', 'e']);
    await loopTurns(2);
    expect(host.writes).toEqual([]);
  });

  test('the author goes on while rows are written; what comes meanwhile goes into one next write', async () => {
    const { host, running } = begin(async ({ step }) => {
      for (const name of ['a', 'b', 'c', 'd']) await step(name, turn);
      return null;
    });
    await loopTurns(8);
    expect(host.writes.map((each) => each.names)).toEqual([['a']]);
    host.writes[0]?.resolve(true);
    expect(namesOf(await running)).toEqual(['b', 'c', 'd']);
  });

  test('nothing after the barrier of an effect runs before the rows before it are durable', async () => {
    const seen: string[] = [];
    const { host, running } = begin(async ({ step, effect, now }) => {
      now();
      await step('a', () => seen.push('a'));
      await step('b', () => seen.push('b'));
      await effect('pay', () => seen.push('pay'));
      return step('c', () => seen.push('c'));
    });
    await loopTurns(5);
    expect(seen).toEqual(['a', 'b']);
    expect(host.writes.map((each) => each.names)).toEqual([['now', 'a', 'b', 'effect:pay']]);
    host.writes[0]?.resolve(true);
    expect(namesOf(await running)).toEqual(['effect:pay', 'c']);
    expect(seen).toEqual(['a', 'b', 'pay', 'c']);
  });

  test('a barrier waits for the write in flight and then for its own', async () => {
    const seen: string[] = [];
    const { host, running } = begin(async ({ step, effect }) => {
      await step('a', () => 1);
      await turn();
      await turn();
      await effect('pay', () => seen.push('pay'));
      return null;
    });
    await loopTurns(5);
    expect(host.writes.map((each) => each.names)).toEqual([['a']]);
    host.writes[0]?.resolve(true);
    await loopTurns(5);
    expect(host.writes.map((each) => each.names)).toEqual([['a'], ['effect:pay']]);
    expect(seen).toEqual([]);
    host.writes[1]?.resolve(true);
    await running;
    expect(seen).toEqual(['pay']);
  });

  test('the end waits for the write in flight', async () => {
    const { host, running, ended } = begin(async ({ step }) => {
      await step('a', () => 1);
      await turn();
      await turn();
      return 'done';
    });
    await loopTurns(6);
    expect(host.writes).toHaveLength(1);
    expect(ended.outcome).toBeUndefined();
    host.writes[0]?.resolve(true);
    expect(await running).toEqual({ status: 'succeeded', result: '"done"' });
  });

  test.each<[string, (write: Write) => void, string]>([
    ['refused', (write) => write.resolve(false), 'cancelled STALE_FENCE'],
    ['failed', (write) => write.reject(hiveError('STORE_UNAVAILABLE')), 'failed STORE_UNAVAILABLE'],
  ])(
    'a write that is %s ends the attempt, whether its code ended or not',
    async (_how, end, expected) => {
      for (const isEnding of [true, false]) {
        const seen: string[] = [];
        const { host, running } = begin(async ({ step, effect }) => {
          await step('a', () => 1);
          await turn();
          await turn();
          if (!isEnding) await effect('pay', () => seen.push('pay'));
          return 'done';
        });
        await loopTurns(6);
        const [write] = host.writes;
        if (write === undefined) throw new Error('nothing is written');
        end(write);
        const outcome = await running;
        expect('error' in outcome ? `${outcome.status} ${outcome.error.code}` : '').toBe(expected);
        expect(namesOf(outcome)).toEqual([]);
        await loopTurns(3);
        expect(host.writes).toHaveLength(1);
        expect(seen).toEqual([]);
      }
    },
  );

  test('a suspension takes the held rows with it, after the write in flight', async () => {
    const { host, running, ended } = begin(async ({ step, sleep }) => {
      await step('a', () => 1);
      await turn();
      await turn();
      await step('b', () => 1);
      await sleep(10);
      return null;
    });
    await loopTurns(6);
    expect(ended.outcome).toBeUndefined();
    host.writes[0]?.resolve(true);
    const outcome = await running;
    expect(outcome.status).toBe('suspended');
    expect(namesOf(outcome)).toEqual(['b', 'sleep']);
    expect(host.writes.map((each) => each.names)).toEqual([['a']]);
  });
});
