// Virtual time and simulated processes. Owns: the queue of what happens next. One thing happens at a time, in order of time and then of planning,
// so a seed decides everything. V1: nothing here reads a real clock. V2: a dead process never wakes; a paused one wakes when its pause is over.

import { seededRandom } from '../../src/kernel/index.ts';
import type { Random } from '../../src/kernel/index.ts';

interface Planned {
  atMs: number;
  order: number;
  run: () => void;
}

export class VirtualTime {
  readonly random: Random;
  nowMs: number;
  happened = 0;
  readonly #queue: Planned[] = []; // a binary heap
  #order = 0;

  constructor(seed: number, startMs: number) {
    this.random = seededRandom(seed);
    this.nowMs = startMs;
  }

  between(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1));
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  plan(delayMs: number, run: () => void): void {
    const queue = this.#queue;
    queue.push({ atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, run });
    for (let at = queue.length - 1; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfLater(parent, at)) break;
      at = parent;
    }
  }

  #swapIfLater(first: number, second: number): boolean {
    const [a, b] = [this.#queue[first], this.#queue[second]];
    if (
      a === undefined ||
      b === undefined ||
      a.atMs < b.atMs ||
      (a.atMs === b.atMs && a.order < b.order)
    )
      return false;
    this.#queue[first] = b;
    this.#queue[second] = a;
    return true;
  }

  #next(): Planned | undefined {
    const queue = this.#queue;
    const first = queue[0];
    const last = queue.pop();
    if (first === undefined || last === undefined || queue.length === 0) return first;
    queue[0] = last;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const isRight = right < queue.length && this.#isBefore(right, left);
      const child = isRight ? right : left;
      if (child >= queue.length || !this.#swapIfLater(at, child)) return first;
      at = child;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [x, y] = [this.#queue[a], this.#queue[b]];
    return (
      x !== undefined &&
      y !== undefined &&
      (x.atMs < y.atMs || (x.atMs === y.atMs && x.order < y.order))
    );
  }

  /** Lets things happen until `isOver` says so, nothing is planned, or `untilMs` is reached. */
  async run(isOver: () => boolean, untilMs: number): Promise<void> {
    while (!isOver()) {
      const next = this.#next();
      if (next === undefined || next.atMs > untilMs) return;
      this.nowMs = next.atMs;
      this.happened++;
      next.run();
      // Everything that awaited this runs before the next thing happens.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
}

/** A simulated process: its code awaits `sleep` and calls; it can be paused, killed, and given a wrong clock. */
export class SimProcess {
  readonly time: VirtualTime;
  readonly name: string;
  clockOffsetMs = 0;
  #isDead = false;
  #pausedUntilMs = 0;

  constructor(time: VirtualTime, name: string) {
    this.time = time;
    this.name = name;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** What its own clock says. */
  now(): number {
    return this.time.nowMs + this.clockOffsetMs;
  }

  kill(): void {
    this.#isDead = true;
  }

  pause(ms: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.time.nowMs + ms);
  }

  /** Calls back inside this process: after its pause, never after its death. */
  wake(run: () => void): void {
    if (this.#isDead) return;
    if (this.time.nowMs >= this.#pausedUntilMs) run();
    else this.time.plan(this.#pausedUntilMs - this.time.nowMs, () => this.wake(run));
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.time.plan(ms, () => this.wake(resolve)));
  }
}
