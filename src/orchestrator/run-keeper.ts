// Applies events to runs: computes the unit from the cached copy, sends it, and starts over from the row when the copy was old.
// I1: only advance() releases anything. I2: a change that ends the run early sweeps its open tasks in the same commit (S12), so that no task is left
// behind. I3: bounded tries: two hosts that change one run at the same time pass each other in a few.

import { crashPoint, hiveError } from '../contract/index.ts';
import type {
  Lease,
  NewAudit,
  NewEvent,
  NewTask,
  RouteKey,
  RunKey,
  Store,
  TaskChange,
  TaskKey,
} from '../contract/index.ts';
import { isHiveError } from '../contract/index.ts';
import type { Clock, IdSource, Random } from '../kernel/index.ts';
import type { RunEvent } from './advance.ts';
import { rememberResult, RunCache } from './run-cache.ts';
import type { CachedRun, RoutesOf } from './run-cache.ts';
import { newToken, runChange } from './run-change.ts';
import type { HoldEvent } from './run-change.ts';

/** Tries against other hosts' changes of the same run; each loss means that another change won. */
const MAX_TRIES = 50;

export interface RunKeeperParts {
  store: Store;
  clock: Clock;
  ids: IdSource;
  random: Random;
  routesOf: RoutesOf;
  reserve(route: RouteKey): Lease | undefined;
  /** Slots reserved for tasks that were not inserted after all. */
  release(lease: Lease): void;
  /** Tasks that were inserted already leased to this host. */
  leased(tasks: readonly { task: NewTask; key: TaskKey }[], run: CachedRun): void;
  /** Tasks inserted, whether open ones were cancelled (their child runs then have nobody to answer), whether the run is over: for signals, duties and waits. */
  changed(
    run: CachedRun,
    what: { inserted: readonly NewTask[]; isSwept: boolean; isEnded: boolean },
  ): void;
}

export interface ApplyRequest {
  run: RunKey;
  event: RunEvent | HoldEvent;
  outcome?: { change: TaskChange; events: readonly NewEvent[] };
  audit?: NewAudit;
}

export type ApplyAnswer = 'ok' | 'stale_fence';

export class RunKeeper {
  readonly cache: RunCache;
  readonly #parts: RunKeeperParts;

  constructor(parts: RunKeeperParts) {
    this.#parts = parts;
    this.cache = new RunCache(parts.store, (sets) => parts.routesOf(sets));
  }

  /** Applies one event, with the task change that caused it in the same commit. Throws ILLEGAL_TRANSITION for a pause or resume that does not fit. */
  async apply(request: ApplyRequest): Promise<ApplyAnswer> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const known = this.cache.peek(request.run);
      // Whether a hold is legal must be judged on the row: another host may have paused or resumed the run.
      if (known !== undefined && isHold(request.event)) this.cache.drop(known);
      const run = this.cache.peek(request.run) ?? (await this.cache.get(request.run));
      const answer = await this.#send(run, request);
      if (answer !== 'again') return answer;
    }
    throw hiveError('STALE_VERSION', { message: `run change lost against ${MAX_TRIES} others` });
  }

  /** Pauses or resumes a child run with its parent; one that ended or was held by somebody else meanwhile needs nothing more. */
  async holdIfNeeded(run: RunKey, event: HoldEvent): Promise<void> {
    try {
      await this.apply({ run, event });
    } catch (error) {
      if (!isHiveError(error) || error.code !== 'ILLEGAL_TRANSITION') throw error;
    }
  }

  async #send(run: CachedRun, request: ApplyRequest): Promise<ApplyAnswer | 'again'> {
    const { event, outcome } = request;
    const isUndoing = run.progress.phase === 'compensating';
    const reserved: Lease[] = [];
    const context = {
      ids: this.#parts.ids,
      token: newToken(this.#parts.random),
      nowMs: this.#parts.clock.now(),
      reserve: (route: RouteKey): Lease | undefined => {
        const lease = this.#parts.reserve(route);
        if (lease !== undefined) reserved.push(lease);
        return lease;
      },
    };
    let unit;
    try {
      unit = runChange(outcome === undefined ? { run, event } : { run, event, outcome }, context);
    } catch (error) {
      for (const lease of reserved) this.#parts.release(lease);
      if (!isHiveError(error) || error.code !== 'STALE_VERSION') throw error;
      this.cache.drop(run);
      return 'again';
    }
    if (event.type === 'cancel') crashPoint('C17');
    const sent = this.#parts.store.core.settle([
      request.audit === undefined ? unit : { ...unit, audit: request.audit },
    ]);
    run.inFlight++;
    try {
      const [verdict] = await sent;
      if (verdict?.status === 'ok') {
        crashPoint('C8');
        // One compensation is committed as done and the next as begun, by nobody yet.
        if (event.type === 'cancel' || isUndoing) crashPoint('C17');
        const inserted = unit.insert ?? [];
        const result = outcome?.change.result;
        if (event.type === 'taskEnded' && event.item === null && result !== undefined)
          rememberResult(run, event.node, result);
        this.begun(run, {
          inserted,
          taskKeys: verdict.taskKeys,
          unleased: new Set(verdict.unleased),
        });
        this.#parts.changed(run, {
          inserted,
          isSwept: unit.sweep?.to === 'cancelled',
          isEnded: unit.run?.endedMs !== undefined,
        });
        return 'ok';
      }
      this.cache.drop(run);
      for (const lease of reserved) this.#parts.release(lease);
      if (verdict?.status === 'stale_fence') return 'stale_fence';
      if (verdict?.status === 'invalid')
        throw hiveError('INTERNAL', {
          message: `the store refused a change of ${run.id}: ${verdict.error.message}`,
          details: { refused: verdict.error },
        });
      return 'again';
    } catch (error) {
      this.cache.drop(run);
      for (const lease of reserved) this.#parts.release(lease);
      throw error;
    } finally {
      run.inFlight--;
    }
  }

  /** Tasks of a run that were inserted with it: starts those that are leased to this host. */
  begun(
    run: CachedRun,
    of: {
      inserted: readonly NewTask[];
      taskKeys: readonly TaskKey[];
      unleased: ReadonlySet<TaskKey>;
    },
  ): void {
    const leased: { task: NewTask; key: TaskKey }[] = [];
    for (const [at, task] of of.inserted.entries()) {
      if (task.lease === undefined) continue;
      const key = of.taskKeys[at];
      if (key === undefined || of.unleased.has(key)) this.#parts.release(task.lease);
      else leased.push({ task, key });
    }
    this.#parts.leased(leased, run);
  }
}

function isHold(event: ApplyRequest['event']): event is HoldEvent {
  return event.type === 'pause' || event.type === 'resume';
}
