/**
 * Suspended executions, kept a while so that a short sleep goes on where it was. Purely a shortcut:
 * the journal is the truth, a dropped closure is executed again from it.
 * I1: at most MAX_KEPT are held, each at most KEPT_MS. I2: one timer for all, none while empty.
 */
import type { Clock } from '../../kernel/index.ts';
import type { Execution } from './execution.ts';

/** After a minute the journal is cheaper than the memory (design 5.3). */
export const KEPT_MS = 60_000;
/** 10,000 waiting tasks are the size that must fit (W5); beyond it the oldest go back to the journal. */
const MAX_KEPT = 10_000;

interface Kept {
  readonly execution: Execution;
  readonly untilMono: number;
}

export class KeptClosures {
  readonly #clock: Clock;
  /** Insertion order is the order of untilMono, because every entry stays equally long. */
  readonly #kept = new Map<number, Kept>();
  #armed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#kept.size;
  }

  keep(taskKey: number, execution: Execution): void {
    this.#kept.delete(taskKey);
    this.#kept.set(taskKey, { execution, untilMono: this.#clock.mono() + KEPT_MS });
    if (this.#kept.size > MAX_KEPT) this.#dropOldest();
    this.#arm();
  }

  /** The closure that may go on: it knows exactly the journal that the store holds. */
  take(taskKey: number, journalRows: number): Execution | undefined {
    const kept = this.#kept.get(taskKey);
    if (kept === undefined) return undefined;
    this.#kept.delete(taskKey);
    return kept.execution.journalRows === journalRows ? kept.execution : undefined;
  }

  drop(taskKey: number): void {
    this.#kept.delete(taskKey);
  }

  clear(): void {
    this.#kept.clear();
  }

  #dropOldest(): void {
    for (const taskKey of this.#kept.keys()) {
      this.#kept.delete(taskKey);
      return;
    }
  }

  #arm(): void {
    if (this.#armed) return;
    for (const { untilMono } of this.#kept.values()) {
      this.#armed = true;
      this.#clock.after(untilMono - this.#clock.mono(), () => {
        this.#armed = false;
        this.#dropExpired();
        this.#arm();
      });
      return;
    }
  }

  #dropExpired(): void {
    const nowMono = this.#clock.mono();
    for (const [taskKey, { untilMono }] of this.#kept) {
      if (untilMono > nowMono) return;
      this.#kept.delete(taskKey);
    }
  }
}
