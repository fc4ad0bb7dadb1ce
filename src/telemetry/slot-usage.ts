// hive_efficiency (S0-236): busy slot-seconds / available slot-seconds over the last 60 s. A slot is room for one task on this host.
// Owns: how many slots are busy and available, and since when. I1: busy is never above available nor below zero for the ratio.
// I2: time is counted when it has passed, so a task that still runs counts up to now.

import type { Clock } from '../kernel/index.ts';
import { RollingRatio, WINDOW_SECONDS } from './rolling-ratio.ts';

export class SlotUsage {
  readonly #clock: Clock;
  readonly #window = new RollingRatio();
  #busy = 0;
  #available = 0;
  #countedToMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#countedToMs = clock.mono();
  }

  /** A slot began to work. */
  slotBusy(count = 1): void {
    this.#countTo(this.#clock.mono());
    this.#busy += count;
  }

  /** A slot ended its work. */
  slotFree(count = 1): void {
    this.#countTo(this.#clock.mono());
    this.#busy = Math.max(0, this.#busy - count);
  }

  /** So many slots work from now on. */
  slotsBusy(count: number): void {
    this.#countTo(this.#clock.mono());
    this.#busy = Math.max(0, count);
  }

  /** This host has so many slots from now on. */
  slotsAvailable(count: number): void {
    this.#countTo(this.#clock.mono());
    this.#available = Math.max(0, count);
  }

  /** From 0 to 1, or null when there was no slot in the window. */
  efficiency(): number | null {
    const nowMs = this.#clock.mono();
    this.#countTo(nowMs);
    return this.#window.ratio(nowMs);
  }

  #countTo(nowMs: number): void {
    const busy = Math.min(this.#busy, this.#available);
    // Older seconds would be dropped at once: a sleeping host does not loop over hours.
    let fromMs = Math.max(this.#countedToMs, nowMs - WINDOW_SECONDS * 1_000);
    while (fromMs < nowMs) {
      const endMs = Math.min(nowMs, (Math.floor(fromMs / 1_000) + 1) * 1_000);
      const passedMs = endMs - fromMs;
      this.#window.add(fromMs, busy * passedMs, this.#available * passedMs);
      fromMs = endMs;
    }
    this.#countedToMs = Math.max(this.#countedToMs, nowMs);
  }
}
