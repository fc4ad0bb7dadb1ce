// From the outcome of an attempt to its committed rows: the task's change under its fence, what advance() makes of its end, the waits of a suspension.
// E1 An outcome is sent again while the store is in trouble, until it is answered or the task is out-fenced. E2 An outcome that the store cannot hold (a bad row) ends
// the task as failed, through advance() like every end: no run is left with a task that never ends.

import { crashPoint, isHiveError } from '../contract/index.ts';
import type {
  ClaimedTask,
  EnqueueUnit,
  ErrorRecord,
  Graph,
  HostKey,
  NewEvent,
  RunId,
  SettleUnit,
  TaskChange,
} from '../contract/index.ts';
import type { TaskEnd } from './advance.ts';
import type { AttemptParts } from './attempt-work.ts';
import { nodeAt } from './graph-index.ts';
import { itemCounts } from './graph-items.ts';
import type { HeldTask } from './lease-book.ts';
import { settleOutcome } from './outcome.ts';
import type { SettledOutcome, WorkOutcome } from './outcome.ts';
import { isStoreTrouble } from './store-trouble.ts';
import { runIdOf, suspension } from './suspension.ts';
import type { Suspension } from './suspension.ts';
import { taskEndEvents, taskSignal } from './task-events.ts';

/** Waits between tries of a settle while the store does not answer: doubled each time. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

/** Why the store refused a change of a run (see RunKeeper), if that is what the error says. */
function refusalOf(error: unknown): ErrorRecord | undefined {
  const refused = isHiveError(error) ? error.details?.['refused'] : undefined;
  return refused === undefined ? undefined : (refused as ErrorRecord);
}

export class AttemptSettle {
  readonly #parts: AttemptParts;
  readonly #host: HostKey;

  constructor(parts: AttemptParts, host: HostKey) {
    this.#parts = parts;
    this.#host = host;
  }

  /** A store in trouble does not cost the work that is done: the outcome is sent again until it is answered or the task is out-fenced. */
  async persistently(
    held: HeldTask,
    ran: { outcome: WorkOutcome; startedMs: number; durationMs: number },
  ): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await this.#settle(held, ran);
        return;
      } catch (error) {
        if (!isStoreTrouble(error) || held.isRevoked || held.isGivenBack) throw error;
        this.#parts.storeTrouble();
        const waitMs = Math.min(FIRST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS);
        await new Promise<void>((resolve) => this.#parts.clock.after(waitMs, resolve));
      }
    }
  }

  async #settle(
    held: HeldTask,
    ran: { outcome: WorkOutcome; startedMs: number; durationMs: number },
  ): Promise<void> {
    const { task, agent } = held;
    const { clock, random, telemetry } = this.#parts;
    const nowMs = clock.now();
    const suspended = await this.#suspended(task, ran.outcome);
    const settled = settleOutcome(suspended?.outcome ?? ran.outcome, {
      attempt: task.attempt,
      crashes: task.crashes,
      retry: task.retry,
      fence: task.fence,
      agent,
      host: this.#host,
      startedMs: ran.startedMs,
      nowMs,
      random,
    });
    const change: TaskChange = {
      key: task.key,
      id: task.id,
      guard: { fence: task.fence },
      startedMs: ran.startedMs,
      ...settled.change,
    };
    const events = taskEndEvents({
      task,
      to: change.to,
      startedMs: ran.startedMs,
      endedMs: nowMs,
      agent,
      instance: `${this.#host}/${agent}`,
      reason: change.reason,
      ...(change.error === undefined ? {} : { error: change.error }),
    });
    const isApplied = await this.#commit(task, {
      change,
      events,
      end: settled.end,
      ...(suspended === undefined ? {} : { suspended: suspended.unit }),
    });
    if (!isApplied) {
      held.revoke();
      this.#parts.runner.forget(task.key);
      return;
    }
    await this.#resumeChildren(task, suspended?.unit.children ?? []);
    if (change.dueMs !== undefined) this.#parts.timerSet(change.dueMs);
    telemetry.worked(agent, ran.durationMs / 1_000);
    if (settled.end !== null) {
      if (task.runKey === null) this.#parts.ended(runIdOf(task) as RunId);
      telemetry.ended(
        settled.end === 'succeeded' || settled.end === 'skipped' ? 'completed' : 'failed',
        (nowMs - ran.startedMs) / 1_000,
      );
    } else if (telemetry.hasWatchers) {
      telemetry.signal(
        taskSignal(signalOf(change), { held, atMs: nowMs, data: { reason: change.reason } }),
      );
    }
    if (change.error !== undefined) this.#logError(held, { change, isEnd: settled.end !== null });
  }

  /** A child that began paused under its run: when the run was resumed before the child was there, nobody else resumes it. */
  async #resumeChildren(task: ClaimedTask, begun: readonly EnqueueUnit[]): Promise<void> {
    const { children, keeper, store } = this.#parts;
    const paused = begun.flatMap(({ run }) => (run?.state === 'paused' ? run.id : []));
    if (paused.length === 0 || (await children.isHeld(task))) return;
    for (const row of await store.loadRuns(paused))
      await keeper.holdIfNeeded(row.key, { type: 'resume', by: 'hive' });
  }

  #logError(held: HeldTask, of: { change: TaskChange; isEnd: boolean }): void {
    const { task, agent } = held;
    const { change, isEnd } = of;
    if (change.error === undefined) return;
    this.#parts.telemetry.log({
      level: isEnd ? 'ERROR' : 'WARNING',
      message: `${change.error.code}: ${change.error.message}`,
      scope: {
        tenant: task.tenant,
        task: task.id,
        agent,
        ...(task.runId === null ? {} : { run: task.runId }),
      },
      fields: { attempt: task.attempt, to: change.to, reason: change.reason },
    });
  }

  async #suspended(task: ClaimedTask, outcome: WorkOutcome): Promise<Suspension | undefined> {
    if (outcome.status !== 'suspended') return undefined;
    return suspension(task, outcome, this.#parts);
  }

  /** False when a newer owner exists. */
  async #commit(
    task: ClaimedTask,
    what: {
      change: TaskChange;
      events: readonly NewEvent[];
      end: SettledOutcome['end'];
      suspended?: Suspension['unit'];
    },
  ): Promise<boolean> {
    const { change, events, end } = what;
    if (task.runKey === null || task.node === null || end === null) {
      const unit: SettleUnit = {
        flushLane: task.runKey ?? task.key,
        change,
        events,
        ...what.suspended,
      };
      const [verdict] = await this.#parts.store.core.settle([unit]);
      if (verdict?.status === 'ok') {
        crashPoint('C8');
        return true;
      }
      if (verdict?.status === 'invalid')
        return this.#refused(task, { change, error: verdict.error });
      return false;
    }
    try {
      return await this.#endInRun(task, {
        runKey: task.runKey,
        node: task.node,
        change,
        events,
        end,
      });
    } catch (error) {
      const refused = refusalOf(error);
      if (refused === undefined) throw error;
      return this.#refused(task, { change, error: refused });
    }
  }

  async #endInRun(
    task: ClaimedTask,
    what: {
      runKey: number;
      node: string;
      change: TaskChange;
      events: readonly NewEvent[];
      end: TaskEnd;
    },
  ): Promise<boolean> {
    const { runKey, node, change, events, end } = what;
    const run = await this.#parts.keeper.cache.get(runKey);
    const items =
      end === 'succeeded' && change.result !== undefined
        ? itemCounts(run.graph, node, change.result)
        : {};
    const answer = await this.#parts.keeper.apply({
      run: runKey,
      event: {
        type: 'taskEnded',
        node,
        item: task.item,
        outcome: end,
        ...(Object.keys(items).length === 0 ? {} : { items }),
        ...takenOf(run.graph, { node, end, result: change.result }),
      },
      outcome: { change, events },
    });
    return answer !== 'stale_fence';
  }

  /** The store cannot hold what the attempt gave (a bad row): the task fails with that error instead, and its neighbours are untouched. */
  async #refused(
    task: ClaimedTask,
    what: { change: TaskChange; error: ErrorRecord },
  ): Promise<boolean> {
    const { key, id, guard, startedMs, agent } = what.change;
    const endedMs = this.#parts.clock.now();
    const change: TaskChange = {
      key,
      id,
      guard,
      to: 'failed',
      reason: 'error',
      error: what.error,
      addErrors: 1,
      endedMs,
      ...(startedMs === undefined ? {} : { startedMs }),
      ...(agent === undefined ? {} : { agent }),
    };
    const events = taskEndEvents({
      task,
      to: 'failed',
      startedMs: startedMs ?? null,
      endedMs,
      agent: agent ?? null,
      instance: null,
      reason: 'error',
      error: what.error,
    });
    if (task.runKey !== null && task.node !== null)
      return this.#endInRun(task, {
        runKey: task.runKey,
        node: task.node,
        change,
        events,
        end: 'failed',
      });
    const [verdict] = await this.#parts.store.core.settle([
      { flushLane: task.runKey ?? task.key, change, events },
    ]);
    return verdict?.status === 'ok';
  }
}

function signalOf(
  change: TaskChange,
): 'task.retrying' | 'task.uncertain' | 'task.waiting' | 'approval.requested' {
  if (change.to === 'uncertain') return 'task.uncertain';
  if (change.to !== 'waiting') return 'task.waiting';
  if (change.reason === 'retry') return 'task.retrying';
  return change.reason === 'approval' ? 'approval.requested' : 'task.waiting';
}

/** Which way a decision went, for advance(). */
function takenOf(
  graph: Graph,
  of: { node: string; end: TaskEnd; result: string | undefined },
): { taken?: readonly string[] } {
  if (of.end !== 'succeeded' || nodeAt(graph, of.node).kind !== 'decision') return {};
  const { taken = [] } = JSON.parse(of.result ?? '{}') as { taken?: string[] };
  return { taken };
}
