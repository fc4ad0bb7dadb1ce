// Retry policies (S1-125, S3-062): named presets keep the seeds' waits; full jitter and a cap are added by kernel's backoff.

export interface RetryPolicy {
  /** Tries in all, the first included. */
  maxAttempts: number;
  /** Upper bounds of the wait before try 2, 3, …; the last one repeats. Milliseconds. */
  waitsMs: readonly number[];
  jitter: 'full' | 'none';
}

export const retryPresets = {
  default: { maxAttempts: 5, waitsMs: [500, 1_000, 2_000, 5_000, 30_000], jitter: 'full' },
  'seeds-1-2': { maxAttempts: 3, waitsMs: [1_000, 2_000], jitter: 'full' },
  'seeds-2-4-8': { maxAttempts: 4, waitsMs: [2_000, 4_000, 8_000], jitter: 'full' },
  none: { maxAttempts: 1, waitsMs: [], jitter: 'none' },
} as const satisfies Record<string, RetryPolicy>;
export type RetryPreset = keyof typeof retryPresets;
export const retryPresetNames = Object.keys(retryPresets) as RetryPreset[];
/** A process or worker that died under a task counts apart from errors; this many make it dead. */
export const MAX_CRASHES = 3;
