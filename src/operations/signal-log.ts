/**
 * The newest signals of one hive, so that a watcher that polls misses none between two of its calls.
 * Owns: the one subscription to the hive's signals and a bounded number of them. Does not own: history; whoever is away
 * longer than LINGER_MS, or behind more than KEPT signals, has missed some.
 * I1: signals are numbered from 1 and a number is never used twice in a process. I2: without watchers it ends its
 * subscription after LINGER_MS, and a hive without subscribers makes no signals at all.
 *
 * States: idle > listening (watchers) > lingering (none left) > idle.
 */
import type { HiveEvent } from '../contract/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { HivePort } from './hive-port.ts';

const KEPT = 5_000;
/** A watcher asks again at once; a slow line needs a second or two. */
const LINGER_MS = 10_000;

export interface SignalLog {
  /** Number of the newest signal; 0 when there was none. */
  newest(): number;
  /** Signals after this number, oldest first. */
  since(heard: number, isMine: (signal: HiveEvent) => boolean): HiveEvent[];
  /** Told of every signal. Returns how to stop. */
  listen(listener: (signal: HiveEvent) => void): () => void;
}

class KeptSignals implements SignalLog {
  readonly #hive: Pick<HivePort, 'onSignal'>;
  readonly #listeners = new Set<(signal: HiveEvent) => void>();
  #kept: HiveEvent[] = [];
  #newest = 0;
  #unsubscribe: (() => void) | undefined;
  #stopLingering: (() => void) | undefined;

  constructor(hive: Pick<HivePort, 'onSignal'>) {
    this.#hive = hive;
  }

  newest(): number {
    return this.#newest;
  }

  since(heard: number, isMine: (signal: HiveEvent) => boolean): HiveEvent[] {
    const missing = Math.min(this.#kept.length, Math.max(0, this.#newest - heard));
    return missing === 0 ? [] : this.#kept.slice(-missing).filter(isMine);
  }

  listen(listener: (signal: HiveEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  enter(): void {
    this.#stopLingering?.();
    this.#stopLingering = undefined;
    this.#unsubscribe ??= this.#hive.onSignal((signal) => {
      this.#newest++;
      this.#kept.push(signal);
      // Half at a time: one move of the list for many signals.
      if (this.#kept.length > KEPT * 2) this.#kept = this.#kept.slice(-KEPT);
      for (const tell of this.#listeners) tell(signal);
    });
  }

  leave(clock: Clock): void {
    this.#stopLingering = clock.after(LINGER_MS, () => {
      this.#unsubscribe?.();
      this.#unsubscribe = undefined;
      this.#kept = [];
    });
  }
}

interface Entry {
  log: KeptSignals;
  users: number;
}
const logs = new WeakMap<object, Entry>();

/** The log of this hive, listening until it is released. */
export function openSignalLog(
  hive: Pick<HivePort, 'onSignal'>,
  clock: Clock,
): { log: SignalLog; release: () => void } {
  const entry = logs.get(hive) ?? { log: new KeptSignals(hive), users: 0 };
  logs.set(hive, entry);
  entry.users++;
  entry.log.enter();
  return {
    log: entry.log,
    release: () => {
      entry.users--;
      if (entry.users === 0) entry.log.leave(clock);
    },
  };
}
