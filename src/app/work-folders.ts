// Intermediate files of inspections lie in work/<run> until the run has ended; this sweeps what is left over, also after a kill.
// I1: a folder is removed only when its run has ended. I2: nothing else in the data directory is touched.

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isId, isRunTerminal } from '../contract/index.ts';
import type { RunId, Store } from '../contract/index.ts';
import type { Clock } from '../kernel/index.ts';

const SWEEP_MS = 60_000;

export class WorkFolders {
  readonly #parts: { folder: string; store: Store; clock: Clock };
  #cancel: (() => void) | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(parts: { folder: string; store: Store; clock: Clock }) {
    this.#parts = parts;
  }

  start(): void {
    this.#sweeping = this.#sweep().catch(() => undefined); // a folder that cannot be read costs disk, not work
    this.#cancel = this.#parts.clock.after(SWEEP_MS, () => {
      this.start();
    });
  }

  /** Sweeps a last time. */
  async stop(): Promise<void> {
    this.#cancel?.();
    await this.#sweeping;
    await this.#sweep().catch(() => undefined);
  }

  async #sweep(): Promise<void> {
    const { folder, store } = this.#parts;
    const names: string[] = await readdir(folder).catch(() => []);
    const ids = names.filter((name): name is RunId => isId('run', name));
    if (ids.length === 0) return;
    const runs = await store.loadRuns(ids);
    for (const run of runs) {
      if (isRunTerminal(run.state))
        await rm(join(folder, run.id), { recursive: true, force: true });
    }
  }
}
