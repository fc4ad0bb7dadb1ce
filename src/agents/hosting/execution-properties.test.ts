/**
 * Random programs of steps, effects, timers and waits, killed at every point where a process can die: before and
 * after each commit, and on both sides of each effect. Whatever happens, the program ends as it does undisturbed.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AttemptOutcome, JournalStep } from '../../contract/index.ts';
import { deferred, manualClock } from '../../kernel/index.ts';
import type { AgentContext } from '../authoring/agent-context.ts';
import { runnerOf, TestTask } from './test-task.ts';

type Policy = 'ask' | 'repeat' | 'check';
type Operation =
  | { readonly kind: 'step' | 'flaky'; readonly turns: number }
  | { readonly kind: 'effect'; readonly policy: Policy; readonly refusals: number }
  | { readonly kind: 'sleep' | 'event' | 'timeout' | 'random' }
  | { readonly kind: 'beside'; readonly both: readonly [Operation, Operation] };

const SLEEP_MS = 5_000;
const loopTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What is outside of the hive and outlives it. */
class World {
  readonly clock = manualClock();
  readonly task = new TestTask(this.clock);
  /** Effects that happened, by idempotency key. */
  readonly ledger = new Map<string, number>();
  readonly flaws: string[] = [];
  readonly flaked = new Set<string>();
  points = 0;
  died = deferred<'died'>();
  life = { isOver: false };
  readonly #dieAt: number;

  constructor(dieAt: number) {
    this.#dieAt = dieAt;
    this.task.onCommit = () => this.point(this.life);
  }

  /** A place where the process can die. What has died never goes on. */
  async point(life: { isOver: boolean }): Promise<void> {
    if (!life.isOver && ++this.points === this.#dieAt) {
      life.isOver = true;
      this.task.die();
      this.died.resolve('died');
    }
    if (life.isOver) await deferred<never>().promise;
  }

  row(name: string): JournalStep | undefined {
    return this.task.journal.find((each) => each.name === name);
  }

  happened(key: string): void {
    this.ledger.set(key, (this.ledger.get(key) ?? 0) + 1);
  }
}

/** The program as an agent's code, in one life of the process. */
function program(world: World, operations: readonly Operation[], life: World['life']) {
  const finished: string[] = [];
  const effect = async (
    context: AgentContext<unknown>,
    name: string,
    { policy, refusals }: Extract<Operation, { kind: 'effect' }>,
  ): Promise<unknown> => {
    const check = (key: string) =>
      world.ledger.has(key) ? { done: true as const, result: name } : { done: false as const };
    const before = [...finished];
    return context.effect(
      name,
      async ({ idempotencyKey, notDone }) => {
        const intent = world.row(`effect:${name}`);
        if (intent?.result !== null || intent.payload === '{"repeat":true}')
          world.flaws.push(`${name} is called without an intent`);
        for (const each of before)
          if (!world.row(each)) world.flaws.push(`${name} came before ${each} was durable`);
        await world.point(life);
        const refused = `${name} refused ${world.flaked.size}`;
        if ([...world.flaked].filter((each) => each.startsWith(`${name} `)).length < refusals) {
          world.flaked.add(refused);
          return notDone('not now');
        }
        world.happened(idempotencyKey);
        await world.point(life);
        return name;
      },
      { onUnknown: policy === 'check' ? { check } : policy },
    );
  };
  const one = async (
    context: AgentContext<unknown>,
    operation: Operation,
    name: string,
  ): Promise<unknown> => {
    switch (operation.kind) {
      case 'step':
      case 'flaky':
        return context
          .step(name, async () => {
            if (world.row(name)) world.flaws.push(`${name} is recorded and is called again`);
            for (let at = 0; at < operation.turns; at++) await loopTurn();
            if (operation.kind === 'flaky' && !world.flaked.has(name)) {
              world.flaked.add(name);
              throw new Error('once');
            }
            return { name };
          })
          .then((value) => {
            finished.push(name);
            return value;
          });
      case 'effect':
        return effect(context, name, operation);
      case 'sleep':
        return context.sleep(SLEEP_MS);
      case 'event':
        return (await context.waitFor(name)).data;
      case 'timeout':
        return context.waitFor(name, { timeoutMs: SLEEP_MS }).catch((error: unknown) => {
          if (life.isOver) throw error;
          return (error as { code: string }).code;
        });
      case 'random':
        return context.random();
      case 'beside':
        return Promise.all(operation.both.map((each, at) => one(context, each, `${name}.${at}`)));
      default:
        return operation satisfies never;
    }
  };
  return async (context: AgentContext<unknown>) => {
    const results: unknown[] = [];
    finished.length = 0;
    for (const [at, operation] of operations.entries())
      results.push((await one(context, operation, `o${at}`)) ?? null);
    return results;
  };
}

/** What people, timers and other runs do until the task has ended. */
async function live(
  world: World,
  operations: readonly Operation[],
  keeps: boolean,
): Promise<AttemptOutcome> {
  const { task, clock } = world;
  let runner = runnerOf(program(world, operations, world.life), { clock });
  for (let turns = 0; turns < 100; turns++) {
    const ran = await Promise.race([task.run(runner), world.died.promise]);
    if (ran === 'died') {
      world.life = { isOver: false };
      world.died = deferred();
      runner = runnerOf(program(world, operations, world.life), { clock });
    } else if (!keeps) runner.forget(1);
    const { committed } = task;
    switch (committed?.status) {
      case 'succeeded':
        return committed;
      case 'uncertain':
        resolve(world, committed.error.details?.['effect'] as string);
        break;
      case 'suspended':
        for (const { name, occurrence } of committed.openWaits) {
          const row = world.row(name);
          if (row?.result === null && row.dueMs === undefined)
            task.answer(name, { status: 'ok', value: { event: name, data: name } }, { occurrence });
        }
        clock.advance(SLEEP_MS);
        break;
      case 'failed':
        if (committed.error.kind !== 'retry') throw new Error(JSON.stringify(committed));
        break;
      case 'cancelled':
      case 'crashed':
      case 'timeout':
      case undefined: // died before anything was committed
        break;
      default:
        committed satisfies never;
    }
  }
  throw new Error('the task does not end');
}

/** A person looks at the receiver. */
function resolve({ task, ledger }: World, effect: string): void {
  const name = `effect:${effect}`;
  task.change(
    name,
    ledger.has(`tsk_1:${effect}`)
      ? { result: JSON.stringify(effect) }
      : { payload: '{"repeat":true}' },
  );
}

const simple: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('step' as const, 'flaky' as const),
    turns: fc.nat({ max: 2 }),
  }),
  fc.record({
    kind: fc.constant('effect' as const),
    policy: fc.constantFrom<Policy>('ask', 'repeat', 'check'),
    refusals: fc.nat({ max: 1 }),
  }),
  fc.record({ kind: fc.constantFrom('sleep', 'event', 'timeout', 'random' as const) }),
);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: simple },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('beside' as const), both: fc.tuple(simple, simple) }),
  },
);

function policiesOf(operations: readonly Operation[], prefix = 'o'): [string, Policy][] {
  return operations.flatMap((each, at): [string, Policy][] => {
    if (each.kind === 'beside') return policiesOf(each.both, `${prefix}${at}.`);
    return each.kind === 'effect' ? [[`tsk_1:${prefix}${at}`, each.policy]] : [];
  });
}

test('whatever the point of death: steps once, effects once unless repeated by their policy, the same result', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (operations, keeps) => {
        const calm = new World(Infinity);
        const expected = await live(calm, operations, keeps);
        for (let dieAt = 1; dieAt <= calm.points; dieAt++) {
          const world = new World(dieAt);
          const outcome = await live(world, operations, keeps);
          expect(world.flaws).toEqual([]);
          expect('result' in outcome && outcome.result).toBe(
            'result' in expected && expected.result,
          );
          for (const [key, policy] of policiesOf(operations)) {
            const times = world.ledger.get(key) ?? 0;
            expect({
              key,
              times,
              isOnce: times === 1 || (policy === 'repeat' && times > 1),
            }).toEqual({ key, times, isOnce: true });
          }
        }
      },
    ),
    { numRuns: 100, seed: 20_261_120 },
  );
});
