// What nobody's commit does for a run: its deadline passes, or the task that waits for it has ended. Looked for every few seconds by every host; two hosts that
// find the same run change it once, because the second finds it ended.
// Y1: a child run whose parent's task has ended is cancelled, whatever died in between. Y2: a run past its deadline fails, also a paused one.
// Y3: a run that is being undone is left alone: it ends badly already, and is found again for as long as that takes. Y4: a run that cannot be changed
// is no reason to leave the others.

import { isHiveError } from '../contract/index.ts';
import type { Store } from '../contract/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { RunEvent } from './advance.ts';
import { COMPENSATING_TEXT } from './progress-text.ts';
import type { RunKeeper } from './run-keeper.ts';
import { isStoreTrouble } from './store-trouble.ts';

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

  /** One look; while one is under way the next follows it. Throws when the store does not answer, and after all else when a run could not be changed. */
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
    const failures: unknown[] = [];
    do {
      this.#again = false;
      await this.#deadlines(failures);
      // The tasks of a cancelled child may have children of their own: until nothing is left.
      while ((await this.#orphans(failures)) > 0) this.#again = true;
    } while (this.#again);
    if (failures.length > 0) throw failures[0];
  }

  async #deadlines(failures: unknown[]): Promise<void> {
    const late = await this.#runs(
      `deadline_ms is not null and deadline_ms <= ${Math.floor(this.#parts.clock.now())}`,
    );
    await this.#end(late, { event: { type: 'deadline' }, failures });
  }

  async #orphans(failures: unknown[]): Promise<number> {
    const orphans = await this.#runs(
      'parent_task is not null and exists (select 1 from tasks t where t.key = runs.parent_task and t.state >= 6)',
    );
    return this.#end(orphans, { event: { type: 'cancel', reason: 'parent' }, failures });
  }

  async #runs(where: string): Promise<number[]> {
    const rows = await this.#parts.store.read<{ key: number }>('system', {
      sql: `select key from runs where ${where} and state < 3 and progress not like '${COMPENSATING_TEXT}%' limit ${MAX_RUNS}`,
      parameters: [],
    });
    return rows.map((row) => Number(row.key));
  }

  /** How many were changed. One that another host changed at the same moment is left to the next look. */
  async #end(
    runs: readonly number[],
    how: { event: RunEvent; failures: unknown[] },
  ): Promise<number> {
    let changed = 0;
    for (const run of runs) {
      try {
        await this.#parts.keeper.apply({ run, event: how.event });
        changed++;
      } catch (error) {
        if (isStoreTrouble(error)) throw error;
        if (!isHiveError(error) || error.code !== 'STALE_VERSION') how.failures.push(error);
      }
    }
    return changed;
  }
}
