// Time. The only place that reads the machine's clocks; everything else gets a Clock, so tests and simulations own time.
// I1: mono() never goes back; leases and measurements of one process use it or the database's time, never now() differences.

export interface Clock {
  /** Wall time, milliseconds since 1970. */
  now(): number;
  /** Monotonic milliseconds with fractions; only differences mean something. */
  mono(): number;
  /** Calls back once after delayMs; returns how to cancel. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): () => void;
}

const MAX_DELAY_MS = 2_147_483_647; // setTimeout's limit; longer timers are re-armed by their owners' polling

export const systemClock: Clock = {
  now: () => Date.now(),
  mono: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), MAX_DELAY_MS));
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

/** A clock that moves only when told. `advance` fires due callbacks in order of time. */
export function manualClock(startMs = 1_700_000_000_000): Clock & { advance(ms: number): void } {
  let nowMs = startMs;
  let nextId = 0;
  const timers = new Map<number, { dueMs: number; callback: () => void }>();
  const earliest = (
    untilMs: number,
  ): [number, { dueMs: number; callback: () => void }] | undefined => {
    let best: [number, { dueMs: number; callback: () => void }] | undefined;
    for (const entry of timers) {
      if (entry[1].dueMs <= untilMs && (best === undefined || entry[1].dueMs < best[1].dueMs))
        best = entry;
    }
    return best;
  };
  return {
    now: () => nowMs,
    mono: () => nowMs - startMs,
    after: (delayMs, callback) => {
      const id = nextId++;
      timers.set(id, { dueMs: nowMs + Math.max(0, delayMs), callback });
      return () => {
        timers.delete(id);
      };
    },
    advance: (ms) => {
      const untilMs = nowMs + ms;
      for (let due = earliest(untilMs); due !== undefined; due = earliest(untilMs)) {
        timers.delete(due[0]);
        nowMs = Math.max(nowMs, due[1].dueMs);
        due[1].callback();
      }
      nowMs = untilMs;
    },
  };
}
