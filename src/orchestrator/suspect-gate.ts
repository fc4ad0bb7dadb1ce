// Lets tasks that lost an owner start one after the other, so that the next crash blames one of them and not all (three blames make a task dead).
// Owns: who is inside. G1: the next one enters when the last one has left, or SPACING_MS after it entered: a poison task dies within that time, and
// long tasks that are innocent do not queue behind each other for ever. G2: leaving twice is once.

import type { Clock } from '../kernel/index.ts';

/** Longer than a start that kills its host takes, short against the work of a host that comes back. */
const SPACING_MS = 1_000;

export class SuspectGate {
  readonly #clock: Clock;
  #last: Promise<void> = Promise.resolve();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when the caller may start; returns how it leaves. */
  async enter(): Promise<() => void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    const cancel = this.#clock.after(SPACING_MS, resolve);
    return () => {
      cancel();
      resolve();
    };
  }
}
