/**
 * What one watcher of a run collects between two looks at the store.
 * Owns: the wish to be woken, and its place among the hive's signals. Does not own: the truth; a hint may be missing, so a
 * wait also ends after POLL_MS (another process may have written).
 * I1: it listens from its creation, so nothing between a read and a wait is lost; with `heard` of the call before, nothing
 * between two calls either. I2: it gives at most MAX_SIGNALS, the newest. I3: after close() it holds no listener.
 *
 * States: open > (woken) > open …; closed at the end.
 */
import type { HiveEvent } from '../contract/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { HivePort } from './hive-port.ts';
import { openSignalLog } from './signal-log.ts';

/** A watcher that reads slower loses the oldest signals; they carry no history anyway. */
const MAX_SIGNALS = 500;
/** Hints are local; events of other processes are found by looking. */
const POLL_MS = 1_000;
/** Changes that come together are told together: at most 5 answers a second. */
const GATHER_MS = 200;

export interface ChangeInbox {
  /** What was heard since `heard`, or since it was opened, and the number to go on from. */
  signals(): { signals: readonly HiveEvent[]; heard: number };
  /** Resolves when there may be something new, after at most `limitMs`. */
  changed(limitMs: number): Promise<void>;
  close(): void;
}

export interface InboxOptions {
  hive: Pick<HivePort, 'onSignal' | 'store'>;
  clock: Clock;
  isMine: (signal: HiveEvent) => boolean;
  signal: AbortSignal | undefined;
  /** Number of the newest signal that the watcher was told of. */
  heard?: number | undefined;
}

export function openInbox({ hive, clock, isMine, signal, heard }: InboxOptions): ChangeInbox {
  const { log, release } = openSignalLog(hive, clock);
  const from = heard ?? log.newest();
  let hasNews = false;
  let wake: (() => void) | undefined;
  const notice = (): void => {
    hasNews = true;
    wake?.();
  };
  const stops = [
    hive.store.hints.onEvents(notice),
    log.listen((each) => {
      if (isMine(each)) notice();
    }),
    release,
  ];
  const pause = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = clock.after(delayMs, finish);
      function finish(): void {
        cancel();
        wake = undefined;
        signal?.removeEventListener('abort', finish);
        resolve();
      }
      signal?.addEventListener('abort', finish, { once: true });
      wake = finish;
      if (signal?.aborted === true) finish();
    });
  return {
    signals: () => ({
      signals: log.since(from, isMine).slice(-MAX_SIGNALS),
      heard: log.newest(),
    }),
    changed: async (limitMs) => {
      if (!hasNews) await pause(Math.min(limitMs, POLL_MS));
      const isNews = hasNews;
      hasNews = false;
      wake = undefined;
      if (isNews && limitMs > GATHER_MS) {
        await new Promise<void>((resolve) => {
          clock.after(GATHER_MS, resolve);
        });
        hasNews = false;
      }
    },
    close: () => {
      for (const stop of stops) stop();
      wake?.();
    },
  };
}
