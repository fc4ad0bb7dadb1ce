// A host's part in simulated workflows: the orchestrator's own RunKeeper, run cache and advance over a store behind the lossy line, with outcomes drawn
// by chance. What is under test is what two hosts do to one run at the same moment, so the work itself is nothing.

import { hiveError, isHiveError } from '../../src/contract/index.ts';
import type {
  ClaimedTask,
  NewEvent,
  SettleUnit,
  Store,
  TaskChange,
} from '../../src/contract/index.ts';
import { retryPresets } from '../../src/contract/index.ts';
import type { TaskEnd } from '../../src/orchestrator/advance.ts';
import { nodeAt } from '../../src/orchestrator/graph-index.ts';
import { itemCounts } from '../../src/orchestrator/graph-items.ts';
import { RunKeeper } from '../../src/orchestrator/run-keeper.ts';
import type { ApplyRequest } from '../../src/orchestrator/run-keeper.ts';
import { runOfRow } from '../../src/store/rows.ts';
import type { TaskWork } from './sim-host.ts';
import { LineError } from './sim-store.ts';
import type { SimWorld } from './sim-world.ts';
import type { SimProcess } from './virtual-time.ts';

/** The two routes of a flow's nodes. */
export interface FlowRoutes {
  work: number;
  control: number;
}

const SHARES = { succeeded: 0.9, retried: 0.06 };

export function keeperOn(world: SimWorld, process: SimProcess, routes: FlowRoutes): RunKeeper {
  const { store, make, time } = world;
  const settle = async (units: readonly SettleUnit[]) => {
    const [unit] = units;
    if (unit === undefined) return [];
    try {
      return [await store.call(process, 'settle', () => unit)];
    } catch (error) {
      throw error instanceof LineError ? hiveError('STORE_UNAVAILABLE') : error;
    }
  };
  const loadRuns = ([run]: readonly (number | string)[]) =>
    Promise.resolve(
      store
        .all<Record<string, unknown>>(
          'select r.*, p.graph, p.input from runs r join run_pins p on p.run = r.key where r.key = ?',
          Number(run),
        )
        .map(runOfRow),
    );
  return new RunKeeper({
    store: { core: { settle }, loadRuns } as unknown as Store, // the parts that the keeper uses
    clock: { now: () => process.now(), mono: () => time.nowMs, after: () => () => undefined },
    ids: make.ids,
    random: time.random,
    routesOf: (sets) =>
      Promise.resolve(sets.map(([name]) => (name === 'sim' ? routes.work : routes.control))),
    reserve: () => undefined,
    release: () => undefined,
    leased: () => undefined,
    changed: () => undefined,
  });
}

/** Asks again while the answer does not come, as the host's settle loop does. */
export async function applyAgain(
  process: SimProcess,
  keeper: RunKeeper,
  request: () => ApplyRequest,
): Promise<string> {
  for (;;) {
    try {
      return await keeper.apply(request());
    } catch (error) {
      if (!isHiveError(error) || error.code !== 'STORE_UNAVAILABLE') throw error;
      await process.sleep(process.time.between(10, 300));
    }
  }
}

export class FlowWork implements TaskWork {
  readonly routes: readonly number[];
  readonly #world: SimWorld;
  readonly #process: SimProcess;
  readonly #keeper: RunKeeper;

  constructor(world: SimWorld, process: SimProcess, routes: FlowRoutes) {
    this.#world = world;
    this.#process = process;
    this.#keeper = keeperOn(world, process, routes);
    this.routes = [routes.work, routes.control];
  }

  async finish(task: ClaimedTask): Promise<void> {
    const { node } = task;
    if (task.runKey === null || node === null) throw new Error('a flow has only runs');
    const run = await this.#keeper.cache.get(task.runKey);
    const { kind } = nodeAt(run.graph, node);
    if (kind === 'wait') return this.#wait(task, node);
    const { time } = this.#world;
    const luck = time.random();
    const isWork = kind === 'agent' || kind === 'map';
    if (!isWork || luck < SHARES.succeeded) {
      const result =
        kind === 'decision'
          ? { taken: [time.chance(0.5) ? 'left' : 'right'] }
          : { items: [1, 2, 3, 4, 5].slice(time.between(0, 3)) };
      return this.#end(task, { end: 'succeeded', result: JSON.stringify(result) });
    }
    const isLast = task.attempt >= retryPresets.default.maxAttempts;
    if (luck < SHARES.succeeded + SHARES.retried && !isLast) return this.#retry(task);
    return this.#end(task, { end: 'failed', result: 'null' });
  }

  declareDead(task: ClaimedTask, change: TaskChange): Promise<void> {
    return this.#settleEnd(task, { change, end: 'dead' });
  }

  #retry(task: ClaimedTask): Promise<void> {
    const dueMs = this.#process.now() + this.#world.time.between(1, 3_000);
    return this.#settle(task, { to: 'waiting', reason: 'retry', dueMs, addErrors: 1 });
  }

  /** `nap` waits for a time, every other wait node for the event of its name. */
  async #wait(task: ClaimedTask, node: string): Promise<void> {
    const { store, time } = this.#world;
    const isTimer = node === 'nap';
    const name = isTimer ? 'sleep' : `event:${node}`;
    const [row] = store.all<{ result: string | null; due_ms: number | null }>(
      'select result, due_ms from journal where task = ? and name = ?',
      task.key,
      name,
    );
    const isOver = isTimer
      ? row !== undefined && (row.due_ms ?? 0) <= this.#process.now()
      : typeof row?.result === 'string';
    if (isOver) return this.#end(task, { end: 'succeeded', result: row?.result ?? 'null' });
    const nowMs = this.#process.now();
    const dueMs = row?.due_ms ?? nowMs + time.between(1, 4_000);
    const base = { name, occurrence: 0, result: null, atMs: nowMs };
    await this.#settle(
      task,
      isTimer
        ? { to: 'waiting', reason: 'sleep', dueMs, journal: [{ ...base, kind: 'sleep', dueMs }] }
        : {
            to: 'waiting',
            reason: 'event',
            journal: [{ ...base, kind: 'event', subject: `${task.runId}/${node}` }],
            openWaits: [{ name, occurrence: 0 }],
          },
    );
  }

  async #settle(
    task: ClaimedTask,
    to: Pick<TaskChange, 'to' | 'reason' | 'dueMs' | 'journal' | 'openWaits' | 'addErrors'>,
  ): Promise<void> {
    const { store } = this.#world;
    const change: TaskChange = { key: task.key, id: task.id, guard: { fence: task.fence }, ...to };
    const runKey = task.runKey ?? 0;
    const unit: SettleUnit = { flushLane: runKey, change, lockRun: runKey, events: [] };
    const verdict = await store.insist(this.#process, 'settle', () => unit);
    if (verdict.status === 'invalid')
      store.problems.push(`a suspension was called invalid: ${verdict.error.message}`);
  }

  #end(task: ClaimedTask, of: { end: TaskEnd; result: string }): Promise<void> {
    const change: TaskChange = {
      key: task.key,
      id: task.id,
      guard: { fence: task.fence },
      to: of.end === 'succeeded' ? 'succeeded' : 'failed',
      reason: of.end === 'succeeded' ? 'none' : 'error',
      result: of.result,
      endedMs: this.#process.now(),
    };
    return this.#settleEnd(task, { change, end: of.end });
  }

  async #settleEnd(task: ClaimedTask, of: { change: TaskChange; end: TaskEnd }): Promise<void> {
    const { change, end } = of;
    const { runKey, node, item } = task;
    if (runKey === null || node === null) throw new Error('a flow has only runs');
    const { graph } = await this.#keeper.cache.get(runKey);
    const result = change.result ?? 'null';
    const taken = (JSON.parse(result) as { taken?: string[] } | null)?.taken;
    const event: NewEvent = {
      type: end === 'succeeded' ? 'task.completed' : 'task.failed',
      tenant: task.tenant,
      atMs: change.endedMs ?? 0,
      task: task.id,
      data: { node },
    };
    await applyAgain(this.#process, this.#keeper, () => ({
      run: runKey,
      event: {
        type: 'taskEnded',
        node,
        item,
        outcome: end,
        ...(end === 'succeeded' ? { items: itemCounts(graph, node, result) } : {}),
        ...(taken === undefined ? {} : { taken }),
      },
      outcome: { change, events: [event] },
    }));
  }
}
