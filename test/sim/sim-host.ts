// What a host of the hive does, reduced to the protocol: claim, mark suspects as started, run, renew, settle until answered; and the keeper, which
// reaps and promotes. A host that was paused goes on as if nothing had happened: it is the zombie that must be out-fenced.

import type { ClaimedTask, TaskChange } from '../../src/contract/index.ts';
import { retryPresets } from '../../src/contract/index.ts';
import { advanceDiamond } from './diamond.ts';
import type { TaskMaker } from './diamond.ts';
import type { SimStore } from './sim-store.ts';
import { LineError } from './sim-store.ts';
import type { SimProcess } from './virtual-time.ts';

export const LEASE_MS = 15_000;
const RENEW_MS = 5_000;
const POLL_MS = 1_000;
const SLOTS = 2;

export interface HostParts {
  process: SimProcess;
  store: SimStore;
  make: TaskMaker;
  /** What the tasks are when they are not those of diamonds. */
  work?: TaskWork;
}

export interface TaskWork {
  routes: readonly number[];
  /** The work is done (or waits): everything that follows, until it is written or this owner is out-fenced. */
  finish(task: ClaimedTask): Promise<void>;
  /** It crashed too often. */
  declareDead(task: ClaimedTask, change: TaskChange): Promise<void>;
}

interface Held {
  task: ClaimedTask;
  startedMs: number;
}

export class SimHost {
  readonly #parts: HostParts;
  readonly #held = new Map<number, Held>();

  constructor(parts: HostParts) {
    this.#parts = parts;
  }

  start(): void {
    void this.#claimLoop();
    void this.#renewLoop();
  }

  async #claimLoop(): Promise<void> {
    const { process, store, make } = this.#parts;
    for (;;) {
      const slots = SLOTS - this.#held.size;
      let claimed: ClaimedTask[] = [];
      try {
        if (slots > 0) {
          claimed = await store.call(process, 'claim', () => ({
            host: store.host,
            nowMs: process.now(),
            untilMs: process.now() + LEASE_MS,
            groups: [
              {
                routes: this.#parts.work?.routes ?? [make.route],
                slots,
                agent: process.name,
                assignment: 'sim',
              },
            ],
          }));
        }
      } catch (error) {
        if (!(error instanceof LineError)) throw error; // the leases of a lost answer run out
      }
      for (const task of claimed) {
        this.#held.set(task.key, { task, startedMs: process.now() });
        void this.#work(task);
      }
      await process.sleep(
        claimed.length > 0
          ? process.time.between(1, 50)
          : process.time.between(POLL_MS / 2, POLL_MS),
      );
    }
  }

  async #renewLoop(): Promise<void> {
    const { process, store } = this.#parts;
    for (;;) {
      await process.sleep(RENEW_MS);
      const leases = [...this.#held.values()].map(({ task, startedMs }) => ({
        key: task.key,
        fence: task.fence,
        startedMs,
      }));
      if (leases.length === 0) continue;
      try {
        const stale = await store.call(process, 'renew', () => ({
          leases,
          untilMs: process.now() + LEASE_MS,
        }));
        for (const key of stale) this.#held.delete(key);
      } catch (error) {
        if (!(error instanceof LineError)) throw error;
      }
    }
  }

  async #work(task: ClaimedTask): Promise<void> {
    const { process, store, make } = this.#parts;
    if (task.suspect) {
      const stale = await store.insist(process, 'start', () => [
        { key: task.key, fence: task.fence, startedMs: process.now() },
      ]);
      if (stale.length > 0) return this.#drop(task);
    }
    await process.sleep(process.time.between(10, process.time.chance(0.25) ? 20_000 : 2_500));
    if (this.#parts.work !== undefined) {
      await this.#parts.work.finish(task);
      return this.#drop(task);
    }
    const change = this.#outcome(task);
    for (;;) {
      const unit = advanceDiamond(store, make, { task, change });
      if (unit === null) break;
      const verdict = await store.insist(process, 'settle', () => unit);
      if (verdict.status === 'invalid')
        store.problems.push(`a settle was called invalid: ${verdict.error.message}`);
      if (verdict.status !== 'stale_version') break;
    }
    this.#drop(task);
  }

  #drop(task: ClaimedTask): void {
    if (this.#held.get(task.key)?.task.fence === task.fence) this.#held.delete(task.key);
  }

  #outcome(task: ClaimedTask): TaskChange {
    const { process } = this.#parts;
    const base = {
      key: task.key,
      id: task.id,
      guard: { fence: task.fence },
      endedMs: process.now(),
    };
    const luck = process.time.random();
    const token = JSON.stringify({ by: process.name, n: process.time.happened });
    if (luck < 0.85) return { ...base, to: 'succeeded', reason: 'none', result: token };
    const attempt = {
      attempt: task.attempt,
      fence: task.fence,
      agent: process.name,
      host: this.#parts.store.host,
      startedMs: null,
      endedMs: process.now(),
      outcome: 'error' as const,
    };
    const isLast = task.attempt >= retryPresets.default.maxAttempts;
    if (luck < 0.88)
      return { ...base, to: 'failed', reason: 'error', result: token, addErrors: 1, attempt };
    if (isLast)
      return { ...base, to: 'dead', reason: 'attempts', result: token, addErrors: 1, attempt };
    return {
      ...base,
      to: 'waiting',
      reason: 'retry',
      dueMs: process.now() + process.time.between(1, 3_000),
      addErrors: 1,
      attempt,
    };
  }
}

/** Reaps, promotes, and settles as dead what crashed too often. */
export async function keep(parts: HostParts): Promise<void> {
  const { process, store, make } = parts;
  for (;;) {
    await process.sleep(process.time.between(500, 1_500));
    try {
      const reaped = await store.call(process, 'reap', () => ({
        host: store.host,
        nowMs: process.now(),
      }));
      for (const { task } of reaped.exhausted) {
        const change: TaskChange = {
          key: task.key,
          id: task.id,
          guard: { fence: task.fence },
          to: 'dead',
          reason: 'crashes',
          addCrashes: 1,
          endedMs: process.now(),
        };
        if (parts.work !== undefined) {
          await parts.work.declareDead(task, change);
          continue;
        }
        const unit = advanceDiamond(store, make, { task, change });
        if (unit !== null) await store.call(process, 'settle', () => unit);
      }
      await store.call(process, 'promote', () => ({ nowMs: process.now(), limit: 100 }));
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
    }
  }
}
