// Who waits for a run (or a single task, by its run id) to end: the synchronous way to use a hive.
// X1 Told by the commit that ended it when that was this host's; else by a look at the rows, which the poll and the store's hints bring. X2 An end that was
// there before the wait began is found by the first look. X3 Nothing is kept for a wait that is over or was given up.

import { formatId, idBytes } from '../contract/index.ts';
import type { RunId, Store } from '../contract/index.ts';
import type { Clock } from '../kernel/index.ts';

/** Ids of one query. */
const LOOK = 500;
/** Hints of a busy store come with every flush; a look this often is enough for people and programs. */
const LOOK_MS = 20;

interface Wait {
  tenant: number;
  resolve: () => void;
}

export class EndWaits {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #waits = new Map<RunId, Set<Wait>>();
  #isLookPlanned = false;

  constructor(parts: { store: Store; clock: Clock }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
  }

  /**
   * Resolves when the run has ended, or when the signal aborts. `isNew`: it begins after this call, so that no row is looked at now.
   */
  wait(id: RunId, of: { tenant: number; signal?: AbortSignal; isNew?: boolean }): Promise<void> {
    return new Promise((resolve) => {
      const wait: Wait = {
        tenant: of.tenant,
        resolve: () => {
          of.signal?.removeEventListener('abort', wait.resolve);
          this.#drop(id, wait);
          resolve();
        },
      };
      if (of.signal?.aborted === true) {
        resolve();
        return;
      }
      of.signal?.addEventListener('abort', wait.resolve);
      const waits = this.#waits.get(id);
      if (waits === undefined) this.#waits.set(id, new Set([wait]));
      else waits.add(wait);
      if (of.isNew !== true) this.hint();
    });
  }

  /** This host committed its end. */
  ended(id: RunId): void {
    for (const wait of this.#waits.get(id) ?? []) wait.resolve();
  }

  /** Something ended somewhere: a look comes soon. */
  hint(): void {
    if (this.#isLookPlanned || this.#waits.size === 0) return;
    this.#isLookPlanned = true;
    this.#clock.after(LOOK_MS, () => {
      this.#isLookPlanned = false;
      this.look().catch(() => undefined); // the store is away: the poll looks again
    });
  }

  /** Looks for the ends of all that is waited for. Throws when the store does not answer. */
  async look(): Promise<void> {
    const ids = [...this.#waits.keys()];
    for (let at = 0; at < ids.length; at += LOOK) {
      const some = ids.slice(at, at + LOOK);
      const list = some.map((id) => this.#literal(id)).join(', ');
      const tenants = [...new Set(some.flatMap((id) => this.#tenantsOf(id)))].join(', ');
      const rows = await this.#store.read<{ id: Uint8Array }>('system', {
        sql: `select id from runs where tenant in (${tenants}) and id in (${list}) and state >= 3
          union all select id from tasks where tenant in (${tenants}) and id in (${list}) and run is null and state >= 6`,
        parameters: [],
      });
      for (const row of rows) this.ended(formatId('run', row.id));
    }
  }

  #tenantsOf(id: RunId): number[] {
    return [...(this.#waits.get(id) ?? [])].map((wait) => wait.tenant);
  }

  /** An id as the store's own literal; idBytes has checked it. */
  #literal(id: RunId): string {
    const hex = Buffer.from(idBytes('run', id)).toString('hex');
    return this.#store.dialect === 'sqlite' ? `x'${hex}'` : `'\\x${hex}'::bytea`;
  }

  #drop(id: RunId, wait: Wait): void {
    const waits = this.#waits.get(id);
    waits?.delete(wait);
    if (waits?.size === 0) this.#waits.delete(id);
  }
}
