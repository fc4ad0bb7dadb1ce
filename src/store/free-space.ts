// The free-space watermark: below it new work is refused (STORAGE_LOW) while results are still accepted, so that a full disk never meets a write
// that was promised. Samples, does not own the disk.

import { statfs } from 'node:fs/promises';
import type { Clock } from '../kernel/index.ts';

const SAMPLE_MS = 5_000;
/** Default: a tenth of the volume or 256 MiB, whichever is less: enough for the log, checkpoints and results of what is running. */
export const DEFAULT_MIN_FREE_BYTES = 256 * 1024 * 1024;
const MIN_FREE_SHARE = 0.1;

export class FreeSpace {
  readonly #directory: string;
  readonly #minFreeBytes: number | undefined;
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;
  freeBytes: number | null = null;
  accepting = true;

  constructor(options: { directory: string; minFreeBytes?: number; clock: Clock }) {
    this.#directory = options.directory;
    this.#minFreeBytes = options.minFreeBytes;
    this.#clock = options.clock;
  }

  /** Looks now and then every five seconds. */
  async start(): Promise<void> {
    await this.sample();
    this.#cancel = this.#clock.after(SAMPLE_MS, () => void this.start());
  }

  stop(): void {
    this.#cancel?.();
  }

  async sample(): Promise<void> {
    try {
      const stats = await statfs(this.#directory);
      this.freeBytes = stats.bavail * stats.bsize;
      const watermark =
        this.#minFreeBytes ??
        Math.min(DEFAULT_MIN_FREE_BYTES, stats.blocks * stats.bsize * MIN_FREE_SHARE);
      this.accepting = this.freeBytes >= watermark;
    } catch {
      this.freeBytes = null; // cannot be told here; writes report their own errors
    }
  }
}
