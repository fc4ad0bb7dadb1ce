// memory_usage and cpu_usage of this process, sampled when a snapshot asks (S0-232, S0-233).

import type { Clock } from '../kernel/index.ts';

/** Below this the share of a core is noise; the last value stands. */
const MIN_SAMPLE_MS = 50;

export class ProcessUsage {
  readonly #clock: Clock;
  #atMs: number;
  #usedMicros: number;
  #cores: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#atMs = clock.mono();
    this.#usedMicros = usedMicros();
  }

  /** Resident bytes. */
  memoryBytes(): number {
    return process.memoryUsage.rss();
  }

  /** CPU cores in use on average since the last call; null before the first sample is long enough. */
  cpuCores(): number | null {
    const nowMs = this.#clock.mono();
    const passedMs = nowMs - this.#atMs;
    if (passedMs < MIN_SAMPLE_MS) return this.#cores;
    const used = usedMicros();
    this.#cores = (used - this.#usedMicros) / 1_000 / passedMs;
    this.#atMs = nowMs;
    this.#usedMicros = used;
    return this.#cores;
  }
}

function usedMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
