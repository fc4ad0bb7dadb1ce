// Waits in the property test: opened while an attempt runs or by its suspension, answered before, after or twice. S9 and S10 hold in any order.

import fc from 'fast-check';
import { expect } from 'vitest';
import type { TaskId } from '../../src/contract/index.ts';
import type { ModelWait, TaskModel } from './model.ts';
import type { Fixture } from './store-fixture.ts';
import { answering, answerTo, openWait, suspension } from './wait-fixture.ts';

export type WaitStep =
  /** early: opens a wait and goes on. Else suspends for those it opened since its claim and a new one. */
  | { do: 'suspend'; which: number; fenceOff: number; early: boolean; again: boolean }
  | { do: 'answer'; which: number; nth: number; again: boolean };

/** Apart from the end times of the other steps. */
const OWN_MS = 1_000_000;

interface Target {
  key: number;
  id: TaskId;
  fence: number;
}

export const waitSteps = (
  which: fc.Arbitrary<number>,
  fenceOff: fc.Arbitrary<number>,
): { weight: number; arbitrary: fc.Arbitrary<WaitStep> }[] => [
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('suspend' as const),
      which,
      fenceOff,
      early: fc.boolean(),
      again: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      which,
      nth: fc.nat({ max: 5 }),
      again: fc.boolean(),
    }),
  },
];

export class ModelWaits {
  readonly #f: Fixture;
  readonly #model: TaskModel;
  #count = 0;

  constructor(f: Fixture, model: TaskModel) {
    this.#f = f;
    this.#model = model;
  }

  async apply(step: WaitStep, target: Target): Promise<void> {
    await (step.do === 'suspend' ? this.#suspend(step, target) : this.#answer(step, target));
  }

  async #suspend(step: Extract<WaitStep, { do: 'suspend' }>, target: Target): Promise<void> {
    const { store, tenant } = this.#f;
    const fence = target.fence + step.fenceOff;
    const wait = { name: `w${++this.#count}`, fence, answered: false };
    const rowOf = (each: ModelWait) =>
      openWait(this.#f, 'approval', { subject: `apr_${target.key}_${each.name}`, name: each.name });
    if (step.early) {
      const append = { key: target.key, tenant, fence, flushLane: 0, steps: [rowOf(wait)] };
      expect(await store.core.journal(append)).toBe(this.#model.openWait(target.key, wait));
      return;
    }
    const known = this.#model.waitsOf(target.key).filter((each) => each.fence === fence);
    const unit = suspension(this.#f, { ...target, fence }, [...known, wait].map(rowOf));
    unit.change.endedMs = this.#f.nowMs + OWN_MS + this.#count; // tells this suspension from others of the same attempt
    const expected = this.#model.suspend(target.key, wait);
    for (let sent = 0; sent < (step.again ? 2 : 1); sent++)
      expect((await store.core.settle([unit]))[0]?.status).toBe(expected);
  }

  async #answer(step: Extract<WaitStep, { do: 'answer' }>, target: Target): Promise<void> {
    const waits = this.#model.waitsOf(target.key);
    const wait = waits[step.nth % Math.max(1, waits.length)];
    if (wait === undefined) return;
    // A time of its own, so that two answers are never taken for one that was sent twice.
    const answer = answerTo(this.#f, target, { name: wait.name, occurrence: 0 });
    const unit = answering({ ...answer, atMs: this.#f.nowMs + ++this.#count });
    const expected = this.#model.answer(target.key, wait);
    for (let sent = 0; sent < (step.again ? 2 : 1); sent++)
      expect((await this.#f.store.core.settle([unit]))[0]?.status).toBe(expected);
  }

  /** Every wait has its answer, and no other has one. */
  async compare(key: number): Promise<void> {
    const waits = this.#model.waitsOf(key);
    if (waits.length === 0) return;
    const rows = await this.#f.store.core.loadJournal(key);
    expect(
      rows.filter((row) => row.kind === 'approval').map((row) => [row.name, row.result !== null]),
    ).toEqual(waits.map((wait) => [wait.name, wait.answered]));
  }
}
