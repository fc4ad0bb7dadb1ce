// What nobody's commit does for a run: its deadline passes, or the task that waits for it has ended. Looked for every few seconds by every host; two hosts that
// find the same run change it once, because the second finds it ended.
// Y1: a child run whose parent's task has ended is cancelled, whatever died in between. Y2: a run past its deadline fails, also a paused one.

import { isHiveError } from '../contract/index.ts';
import type { Store } from '../contract/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { RunKeeper } from './run-keeper.ts';

/** Of one look: the rest is found by the next. */
const MAX_RUNS = 200;

export interface RunDutyParts {
  store: Store;
  clock: Clock;
  keeper: RunKeeper;
}

export class RunDuties {
  readonly #parts: RunDutyParts;
  #looking: Promise<void> | undefined;
  #again = false;

  constructor(parts: RunDutyParts) {
    this.#parts = parts;
  }

  /** One look; while one is under way the next follows it. Throws when the store does not answer. */
  look(): Promise<void> {
    if (this.#looking !== undefined) {
      this.#again = true;
      return this.#looking;
    }
    this.#looking = this.#lookOnce().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    do {
      this.#again = false;
      await this.#deadlines();
      // The tasks of a cancelled child may have children of their own: until nothing is left.
      while ((await this.#orphans()) === MAX_RUNS) this.#again = true;
    } while (this.#again);
  }

  async #deadlines(): Promise<void> {
    const { clock, keeper } = this.#parts;
    const late = await this.#runs(
      `deadline_ms is not null and deadline_ms <= ${Math.floor(clock.now())} and state < 3`,
    );
    for (const run of late) await ended(keeper.apply({ run, event: { type: 'deadline' } }));
  }

  async #orphans(): Promise<number> {
    const { keeper } = this.#parts;
    const orphans = await this.#runs(
      'parent_task is not null and state < 3 and exists (select 1 from tasks t where t.key = runs.parent_task and t.state >= 6)',
    );
    for (const run of orphans)
      await ended(keeper.apply({ run, event: { type: 'cancel', reason: 'parent' } }));
    if (orphans.length > 0) this.#again = true;
    return orphans.length;
  }

  async #runs(where: string): Promise<number[]> {
    const rows = await this.#parts.store.read<{ key: number }>('system', {
      sql: `select key from runs where ${where} limit ${MAX_RUNS}`,
      parameters: [],
    });
    return rows.map((row) => Number(row.key));
  }
}

/** A run that another host changed at the same moment is left to the next look. */
async function ended(change: Promise<unknown>): Promise<void> {
  try {
    await change;
  } catch (error) {
    if (!isHiveError(error) || error.code !== 'STALE_VERSION') throw error;
  }
}
