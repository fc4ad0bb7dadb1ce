// The steps of the property test: what is done to store and model alike, and what must then be equal.
// A step names its task by an index into what exists, so that every sequence that fast-check shrinks to still means something.

import fc from 'fast-check';
import { expect } from 'vitest';
import type { TaskId, TaskState } from '../../src/contract/index.ts';
import { isTerminal, taskStateName } from '../../src/contract/index.ts';
import { TaskModel } from './model.ts';
import type { ModelChange } from './model.ts';
import { ModelWaits, waitSteps } from './model-wait-steps.ts';
import type { WaitStep } from './model-wait-steps.ts';
import { LEASE_MS, taskEvent } from './store-fixture.ts';
import type { Fixture } from './store-fixture.ts';

export type Step =
  | { do: 'enqueue'; count: number; priority: number; delayMs: number | null }
  | { do: 'claim'; slots: number }
  | { do: 'settle'; which: number; how: keyof typeof outcomes; fenceOff: number; again: boolean }
  | { do: 'person'; which: number; how: keyof typeof wishes }
  | { do: 'start' | 'renew'; which: number; fenceOff: number }
  | { do: 'journal'; which: number; fenceOff: number; count: number }
  | { do: 'reap' }
  | { do: 'promote'; limit: number }
  | { do: 'wait'; ms: number }
  | WaitStep;

type Outcome = Omit<ModelChange, 'guard' | 'dueMs'> & { delayed?: boolean };
const outcomes = {
  succeed: { to: 'succeeded', reason: 'none' },
  fail: { to: 'failed', reason: 'error', addErrors: 1, outcome: 'error' },
  dead: { to: 'dead', reason: 'attempts', addErrors: 1, outcome: 'error' },
  retry: { to: 'waiting', reason: 'retry', delayed: true, addErrors: 1, outcome: 'error' },
  sleep: { to: 'waiting', reason: 'sleep', delayed: true, steps: 1 },
  approval: { to: 'waiting', reason: 'approval' },
  release: { to: 'ready', reason: 'none' },
  uncertain: { to: 'uncertain', reason: 'none' },
} as const satisfies Record<string, Outcome>;

interface Wish {
  from: readonly TaskState[];
  to: Exclude<TaskState, 'leased'>;
}
const wishes = {
  cancel: {
    from: ['blocked', 'waiting', 'ready', 'leased', 'paused', 'uncertain'],
    to: 'cancelled',
  },
  pause: { from: ['waiting', 'ready', 'leased'], to: 'paused' },
  resume: { from: ['paused'], to: 'ready' },
  resolve: { from: ['uncertain'], to: 'succeeded' },
  wake: { from: ['waiting'], to: 'ready' },
  revive: { from: ['dead', 'failed', 'cancelled'], to: 'ready' }, // never allowed: terminal is terminal
} as const satisfies Record<string, Wish>;

const which = fc.nat({ max: 30 });
const fenceOff = fc.oneof(
  { weight: 5, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: -2, max: 2 }) },
);
const keysOf = <T extends object>(value: T): fc.Arbitrary<keyof T> =>
  fc.constantFrom(...(Object.keys(value) as (keyof T)[]));

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('enqueue' as const),
        count: fc.integer({ min: 1, max: 4 }),
        priority: fc.integer({ min: -2, max: 2 }),
        delayMs: fc.option(fc.nat({ max: 40_000 }), { freq: 2 }),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('claim' as const),
        slots: fc.integer({ min: 1, max: 4 }),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('settle' as const),
        which,
        how: keysOf(outcomes),
        fenceOff,
        again: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('person' as const), which, how: keysOf(wishes) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constantFrom('start' as const, 'renew' as const),
        which,
        fenceOff,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('journal' as const),
        which,
        fenceOff,
        count: fc.integer({ min: 1, max: 3 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('reap' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('promote' as const),
        limit: fc.integer({ min: 1, max: 5 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('wait' as const),
        ms: fc.integer({ min: 1, max: 20_000 }),
      }),
    },
    ...waitSteps(which, fenceOff),
  ),
  { minLength: 5, maxLength: 60 },
);

export class ModelRun {
  readonly #f: Fixture;
  readonly #model = new TaskModel();
  readonly #waits: ModelWaits;
  readonly #ids = new Map<number, TaskId>();
  readonly #keys: number[] = [];
  #dueCount = 0;
  #stepCount = 0;
  /** Successes that an attempt wrote: each has one event. */
  #succeeded = 0;

  constructor(f: Fixture) {
    this.#f = f;
    this.#waits = new ModelWaits(f, this.#model);
  }

  /** A time that no other timer has, so that the order of promotion is not a matter of taste. */
  #dueMs(delayMs: number): number {
    return this.#f.nowMs + delayMs * 1_000 + this.#dueCount++;
  }

  #target(index: number): { key: number; id: TaskId; fence: number } | undefined {
    const key = this.#keys[index % Math.max(1, this.#keys.length)];
    const id = key === undefined ? undefined : this.#ids.get(key);
    const task = key === undefined ? undefined : this.#model.tasks.get(key);
    return key === undefined || id === undefined || task === undefined
      ? undefined
      : { key, id, fence: task.fence };
  }

  async apply(step: Step): Promise<void> {
    switch (step.do) {
      case 'enqueue':
        return await this.#enqueue(step);
      case 'claim':
        return await this.#claim(step.slots);
      case 'settle':
        return await this.#settle(step);
      case 'person':
        return await this.#person(step.which, wishes[step.how]);
      case 'start':
      case 'renew':
        return await this.#mark(step);
      case 'journal':
        return await this.#journal(step);
      case 'reap':
        return await this.#reap();
      case 'promote':
        expect(
          await this.#f.store.core.promote({ nowMs: this.#f.nowMs, limit: step.limit }),
        ).toEqual(this.#model.promote(this.#f.nowMs, step.limit));
        return;
      case 'wait':
        this.#f.nowMs += step.ms;
        return;
      case 'suspend':
      case 'answer': {
        const target = this.#target(step.which);
        if (target !== undefined) await this.#waits.apply(step, target);
        return;
      }
      default:
        step satisfies never;
    }
  }

  async #enqueue(step: Extract<Step, { do: 'enqueue' }>): Promise<void> {
    const tasks = Array.from({ length: step.count }, () =>
      this.#f.task({
        priority: step.priority,
        ...(step.delayMs === null
          ? {}
          : {
              state: 'waiting' as const,
              reason: 'delay' as const,
              dueMs: this.#dueMs(step.delayMs / 1_000),
            }),
      }),
    );
    const keys = await this.#f.add(...tasks);
    for (const [i, task] of tasks.entries()) {
      const key = keys[i] ?? -1;
      this.#keys.push(key);
      this.#ids.set(key, task.id);
      this.#model.insert(key, {
        priority: task.priority,
        state: task.state,
        reason: task.reason,
        dueMs: task.dueMs ?? null,
      });
    }
  }

  async #claim(slots: number): Promise<void> {
    const claimed = await this.#f.claim(slots);
    const expected = this.#model.claim(slots, this.#f.nowMs + LEASE_MS);
    expect(
      claimed.map((task) => [
        task.key,
        task.fence,
        task.attempt,
        task.crashes,
        task.suspect,
        task.journalSteps,
      ]),
    ).toEqual(
      expected.map((task) => [
        task.key,
        task.fence,
        task.errors + 1,
        task.crashes,
        task.suspect > 0,
        task.journalSteps,
      ]),
    );
  }

  async #settle(step: Extract<Step, { do: 'settle' }>): Promise<void> {
    const target = this.#target(step.which);
    if (target === undefined) return;
    const { delayed = false, outcome, steps: count = 0, ...rest }: Outcome = outcomes[step.how];
    const fence = target.fence + step.fenceOff;
    const dueMs = delayed ? { dueMs: this.#dueMs(3) } : {};
    const unit = {
      flushLane: 0,
      events: step.how === 'succeed' ? [taskEvent(this.#f, target)] : [],
      change: {
        key: target.key,
        id: target.id,
        guard: { fence },
        ...rest,
        ...dueMs,
        endedMs: this.#f.nowMs + ++this.#stepCount,
        ...(outcome === undefined
          ? {}
          : {
              attempt: {
                attempt: 1,
                fence,
                agent: 'tester',
                host: this.#f.host,
                startedMs: null,
                endedMs: this.#f.nowMs,
                outcome: 'error' as const,
              },
            }),
        ...(count === 0
          ? {}
          : {
              journal: [
                {
                  name: `n${++this.#stepCount}`,
                  occurrence: 1,
                  kind: 'sleep' as const,
                  result: null,
                  atMs: this.#f.nowMs,
                },
              ],
            }),
      },
    };
    const expected = this.#model.settle(target.key, {
      guard: { fence },
      ...rest,
      ...dueMs,
      steps: count,
      ...(outcome === undefined ? {} : { outcome }),
    });
    expect((await this.#f.store.core.settle([unit]))[0]?.status).toBe(expected);
    if (expected === 'ok' && step.how === 'succeed') this.#succeeded++;
    // S6: sent again at once it gets the same answer and changes nothing.
    if (step.again) expect((await this.#f.store.core.settle([unit]))[0]?.status).toBe(expected);
  }

  async #person(index: number, wish: Wish): Promise<void> {
    const target = this.#target(index);
    if (target === undefined) return;
    const change = { guard: { states: wish.from }, to: wish.to, reason: 'user' as const };
    const unit = this.#f.byState(target, wish.from, { to: wish.to, reason: 'user' });
    expect((await this.#f.store.core.settle([unit]))[0]?.status).toBe(
      this.#model.settle(target.key, change),
    );
  }

  async #mark(step: Extract<Step, { do: 'start' | 'renew' }>): Promise<void> {
    const target = this.#target(step.which);
    if (target === undefined) return;
    const fence = target.fence + step.fenceOff;
    const lease = { key: target.key, fence, startedMs: this.#f.nowMs };
    const untilMs = this.#f.nowMs + LEASE_MS;
    const core = this.#f.store.core;
    const stale =
      step.do === 'start' ? await core.start([lease]) : await core.renew([lease], untilMs);
    const isStale =
      step.do === 'start'
        ? this.#model.start(target.key, fence)
        : this.#model.renew(target.key, fence, untilMs);
    expect(stale).toEqual(isStale ? [target.key] : []);
  }

  async #journal(step: Extract<Step, { do: 'journal' }>): Promise<void> {
    const target = this.#target(step.which);
    if (target === undefined) return;
    const fence = target.fence + step.fenceOff;
    const rows = Array.from({ length: step.count }, () => ({
      name: `j${++this.#stepCount}`,
      occurrence: 1,
      kind: 'step' as const,
      result: '1',
      atMs: this.#f.nowMs,
    }));
    const done = await this.#f.store.core.journal({
      key: target.key,
      tenant: this.#f.tenant,
      fence,
      flushLane: 0,
      steps: rows,
    });
    expect(done).toBe(this.#model.journal(target.key, fence, step.count));
  }

  /** Reaps as the reaper does: what is exhausted is settled as dead under the fence it was handed. */
  async #reap(): Promise<void> {
    const real = await this.#f.store.core.reap({ host: this.#f.host, nowMs: this.#f.nowMs });
    const expected = this.#model.reap(this.#f.nowMs);
    expect(real.released).toBe(expected.released);
    const byKey = (a: number[], b: number[]): number => (a[0] ?? 0) - (b[0] ?? 0);
    const lost = real.exhausted
      .map(({ task }) => [task.key, task.fence, task.crashes])
      .toSorted(byKey);
    expect(lost).toEqual(
      expected.exhausted.map((task) => [task.key, task.fence, task.crashes]).toSorted(byKey),
    );
    for (const { task } of real.exhausted) {
      const verdicts = await this.#f.store.core.settle([
        this.#f.done(task, { to: 'dead', reason: 'crashes', addCrashes: 1 }),
      ]);
      expect(verdicts[0]?.status).toBe('ok');
      this.#model.settle(task.key, {
        guard: { fence: task.fence },
        to: 'dead',
        reason: 'crashes',
        addCrashes: 1,
      });
    }
  }

  /** Every row, attempt and journal length equals the model's. */
  async compare(): Promise<void> {
    const attempts = new Map<number, string[]>();
    for (const row of await this.#f.rows('attempts'))
      attempts.set(row.task, [...(attempts.get(row.task) ?? []), row.outcome]);
    const journal = new Map<number, number>();
    for (const row of await this.#f.rows('journal'))
      journal.set(row.task, (journal.get(row.task) ?? 0) + 1);
    const ends = (await this.#f.rows('events')).length;
    const own = (await this.#f.rows('tasks')).filter((row) => this.#model.tasks.has(row.key));
    const real = own.map((row) => ({
      key: row.key,
      priority: row.priority,
      state: taskStateName(row.state),
      reason: row.reason,
      fence: row.fence,
      errors: row.errors,
      crashes: row.crashes,
      isSuspect: row.suspect > 0,
      leaseUntilMs: row.lease_until_ms,
      dueMs: row.due_ms,
      journalSteps: row.journal_steps,
      journalRows: journal.get(row.key) ?? 0,
      attempts: attempts.get(row.key) ?? [],
    }));
    const expected = [...this.#model.tasks.values()].map(({ suspect, ...task }) => ({
      ...task,
      isSuspect: suspect > 0,
      journalRows: task.journalSteps,
    }));
    expect(real).toEqual(expected);
    expect(ends).toBe(this.#succeeded);
    for (const key of this.#keys) await this.#waits.compare(key);
  }

  /** Ends what is left, so that the next sequence finds no timer and no lease of this one. */
  async finish(): Promise<void> {
    const open = [...this.#model.tasks.values()].filter((task) => !isTerminal(task.state));
    await this.#f.store.core.settle(
      open.map((task) =>
        this.#f.byState(
          { key: task.key, id: this.#ids.get(task.key) ?? this.#f.ids.make('task') },
          wishes.cancel.from,
          { to: 'cancelled', reason: 'user' },
        ),
      ),
    );
  }
}
