// Applies events to runs: computes the unit from the cached copy, sends it, and starts over from the row when the copy was old.
// I1: only advance() releases anything. I2: a change that may end the run early waits for the changes in flight and reads the open tasks first,
// so that no task is left behind. I3: bounded tries: two hosts that change one run at the same time pass each other in a few.

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
  TaskId,
  TaskKey,
} from '../contract/index.ts';
import { formatId, isHiveError } from '../contract/index.ts';
import { deferred } from '../kernel/index.ts';
import type { Clock, IdSource, Random } from '../kernel/index.ts';
import type { RunEvent } from './advance.ts';
import { nodeAt } from './graph-index.ts';
import { RunCache } from './run-cache.ts';
import type { CachedRun } from './run-cache.ts';
import { newToken, runChange } from './run-change.ts';
import type { OpenTask } from './run-change.ts';

/** Tries against other hosts' changes of the same run; each loss means that another change won. */
const MAX_TRIES = 50;

export interface RunKeeperParts {
  store: Store;
  clock: Clock;
  ids: IdSource;
  random: Random;
  reserve(route: RouteKey): Lease | undefined;
  /** Slots reserved for tasks that were not inserted after all. */
  release(lease: Lease): void;
  /** Tasks that were inserted already leased to this host. */
  leased(tasks: readonly { task: NewTask; key: TaskKey }[], run: CachedRun): void;
  /** Tasks inserted, and how a run ended: for signals and metrics. */
  changed(run: CachedRun, inserted: readonly NewTask[]): void;
}

export interface ApplyRequest {
  run: RunKey;
  event: RunEvent;
  outcome?: { change: TaskChange; events: readonly NewEvent[] };
  audit?: NewAudit;
}

export type ApplyAnswer = 'ok' | 'stale_fence';

export class RunKeeper {
  readonly cache: RunCache;
  readonly #parts: RunKeeperParts;

  constructor(parts: RunKeeperParts) {
    this.#parts = parts;
    this.cache = new RunCache(parts.store);
  }

  /** Applies one event, with the task change that caused it in the same commit. */
  async apply(request: ApplyRequest): Promise<ApplyAnswer> {
    for (let tries = 0; tries < MAX_TRIES;) {
      const run = this.cache.peek(request.run) ?? (await this.cache.get(request.run));
      if (run.gate !== undefined) {
        await run.gate; // a turn, not a try: hundreds of tasks of one run may fail at once
        continue;
      }
      tries++;
      const answer = mayEndEarly(run, request.event)
        ? await this.#sendAlone(run, request)
        : await this.#send(run, request);
      if (answer !== 'again') return answer;
    }
    throw hiveError('STALE_VERSION', { message: `run change lost against ${MAX_TRIES} others` });
  }

  /** I2: closes the gate for other changes of this host, so that the open tasks that are read are all there are at this version. */
  async #sendAlone(run: CachedRun, request: ApplyRequest): Promise<ApplyAnswer | 'again'> {
    const gate = deferred<null>();
    run.gate = gate.promise;
    try {
      const open = await this.#openTasks(run);
      return await this.#send(run, { ...request, open });
    } finally {
      run.gate = undefined;
      gate.resolve(null);
    }
  }

  async #send(
    run: CachedRun,
    request: ApplyRequest & { open?: readonly OpenTask[] },
  ): Promise<ApplyAnswer | 'again'> {
    const { event, outcome, open } = request;
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
      unit = runChange(
        {
          run,
          event,
          ...(outcome === undefined ? {} : { outcome }),
          ...(open === undefined ? {} : { open }),
        },
        context,
      );
    } catch (error) {
      for (const lease of reserved) this.#parts.release(lease);
      if (!isHiveError(error) || error.code !== 'STALE_VERSION') throw error;
      this.cache.drop(run);
      return 'again';
    }
    const sent = this.#parts.store.core.settle([
      request.audit === undefined ? unit : { ...unit, audit: request.audit },
    ]);
    run.inFlight.add(sent);
    try {
      const [verdict] = await sent;
      if (verdict?.status === 'ok') {
        crashPoint('C8');
        const inserted = unit.insert ?? [];
        this.#startLeased(run, {
          inserted,
          taskKeys: verdict.taskKeys,
          unleased: new Set(verdict.unleased),
        });
        this.#parts.changed(run, inserted);
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
      run.inFlight.delete(sent);
    }
  }

  #startLeased(
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

  /** Every task of the run that has not ended, after all changes of this host have been answered. */
  async #openTasks(run: CachedRun): Promise<OpenTask[]> {
    await Promise.allSettled(run.inFlight);
    const rows = await this.#parts.store.read<{ key: number; id: Uint8Array }>('system', {
      sql: `select key, id from tasks where run = ${Number(run.key)} and state < 6`,
      parameters: [],
    });
    return rows.map((row) => ({ key: Number(row.key), id: formatId('task', row.id) as TaskId }));
  }
}

/** Events after which open tasks may have to be cancelled: their keys must be read before. A failure that counts as done ends nothing. */
function mayEndEarly(run: CachedRun, event: RunEvent): boolean {
  if (event.type !== 'taskEnded') return event.type === 'cancel';
  if (event.items !== undefined) return true;
  if (event.outcome === 'succeeded') return false;
  const node = nodeAt(run.graph, event.node);
  return node.kind === 'join' || node.onFailure === 'stop';
}
