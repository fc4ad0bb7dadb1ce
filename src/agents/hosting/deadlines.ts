/**
 * The deadlines of everything that runs on this host, with one timer for all: an attempt mostly ends
 * within microseconds, and a timer of its own would cost more than it.
 * Owns: which work is over its time. Does not own: what then happens (the callback does).
 * I1: a callback comes at most once, and never after delete(). I2: no timer runs while nothing does.
 * I3: a deadline is noticed at most TICK_MS late.
 */
import type { Clock } from '../../kernel/index.ts';

/** 20 looks per second at a set bounded by the slots of the host: not measurable. */
const TICK_MS = 50;

export interface Deadline {
  readonly atMono: number;
  expire(): void;
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #live = new Set<Deadline>();
  #armed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `expire` when `delayMs` have passed, unless deleted before. */
  add(delayMs: number, expire: () => void): Deadline {
    const deadline: Deadline = { atMono: this.#clock.mono() + delayMs, expire };
    this.#live.add(deadline);
    this.#arm();
    return deadline;
  }

  delete(deadline: Deadline): void {
    this.#live.delete(deadline);
  }

  #arm(): void {
    if (this.#armed || this.#live.size === 0) return;
    this.#armed = true;
    this.#clock.after(TICK_MS, () => {
      this.#armed = false;
      this.#look();
      this.#arm();
    });
  }

  #look(): void {
    const nowMono = this.#clock.mono();
    for (const deadline of this.#live) {
      if (deadline.atMono > nowMono) continue;
      this.#live.delete(deadline);
      deadline.expire();
    }
  }
}
