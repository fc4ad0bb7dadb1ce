// Ends that do not come from an attempt: a person cancels a task or a run; a task whose owners died under it too often is declared dead.
// Everything goes through advance() where a run is concerned. E1: whoever owned the task is out-fenced in the same commit.

import { hiveError, openStates } from '../contract/index.ts';
import type { LostTask, NewAudit, RunId, Store, TaskId } from '../contract/index.ts';
import type { Clock, Random } from '../kernel/index.ts';
import type { HostTelemetry } from './host-telemetry.ts';
import { lostOutcome, settleOutcome } from './outcome.ts';
import type { RunKeeper } from './run-keeper.ts';
import { taskEndEvents } from './task-events.ts';

/** The task to cancel, as its row says. */
export interface CancelTaskRequest {
  key: number;
  id: TaskId;
  tenant: number;
  runKey: number | null;
  runId: RunId | null;
  node: string | null;
  item: number | null;
  createdMs: number;
  startedMs: number | null;
  agent: string | null;
  attempt: number;
  actor?: string;
}

export interface EndingsParts {
  store: Store;
  clock: Clock;
  random: Random;
  telemetry: HostTelemetry;
  keeper: RunKeeper;
}

export class Endings {
  readonly #parts: EndingsParts;

  constructor(parts: EndingsParts) {
    this.#parts = parts;
  }

  /** Cancels a task that has not ended; an attempt that runs is out-fenced and stopped. Throws NOT_FOUND, ILLEGAL_TRANSITION. */
  async cancelTask(task: CancelTaskRequest): Promise<void> {
    const nowMs = this.#parts.clock.now();
    const change = {
      key: task.key,
      id: task.id,
      guard: { states: openStates },
      to: 'cancelled' as const,
      reason: 'user' as const,
      endedMs: nowMs,
    };
    const events = taskEndEvents({
      task,
      to: 'cancelled',
      startedMs: task.startedMs,
      endedMs: nowMs,
      agent: task.agent,
      instance: null,
      reason: 'user',
    });
    if (task.runKey === null || task.node === null) {
      const audit = auditOf(task.actor, {
        tenant: task.tenant,
        atMs: nowMs,
        action: 'task.cancel',
        subject: task.id,
      });
      const [verdict] = await this.#parts.store.core.settle([
        { flushLane: task.key, change, events, ...audit },
      ]);
      if (verdict?.status !== 'ok')
        throw hiveError('ILLEGAL_TRANSITION', { message: `${task.id} has ended already` });
      return;
    }
    const answer = await this.#parts.keeper.apply({
      run: task.runKey,
      event: { type: 'taskEnded', node: task.node, item: task.item, outcome: 'cancelled' },
      outcome: { change, events },
      ...auditOf(task.actor, {
        tenant: task.tenant,
        atMs: nowMs,
        action: 'task.cancel',
        subject: task.id,
      }),
    });
    if (answer === 'stale_fence')
      throw hiveError('ILLEGAL_TRANSITION', { message: `${task.id} has ended already` });
  }

  /** Cancels a run and every task of it that has not ended. Throws NOT_FOUND, ILLEGAL_TRANSITION. */
  async cancelRun(
    id: RunId,
    by: { actor: string; tenant: number; reason?: string },
  ): Promise<void> {
    const [row] = await this.#parts.store.loadRuns([id]);
    if (row === undefined || row.tenant !== by.tenant)
      throw hiveError('NOT_FOUND', { message: `there is no run ${id}` });
    if (row.state === 'completed' || row.state === 'failed' || row.state === 'cancelled')
      throw hiveError('ILLEGAL_TRANSITION', { message: `${id} is ${row.state} already` });
    const { audit } = auditOf(by.actor, {
      tenant: row.tenant,
      atMs: this.#parts.clock.now(),
      action: 'run.cancel',
      subject: id,
    });
    await this.#parts.keeper.apply({
      run: row.key,
      event: { type: 'cancel', reason: by.reason ?? 'user' },
      ...(audit === undefined ? {} : { audit }),
    });
  }

  /** A task whose owner died under it too often: dead, through advance like every other end. */
  async declareDead(lost: LostTask): Promise<void> {
    const { task } = lost;
    const { clock, random, telemetry, store } = this.#parts;
    const outcome = lostOutcome();
    const { error } = outcome;
    const settled = settleOutcome(outcome, {
      attempt: task.attempt,
      crashes: task.crashes,
      retry: task.retry,
      fence: task.fence,
      agent: '',
      host: lost.host,
      startedMs: lost.startedMs,
      nowMs: clock.now(),
      random,
    });
    const change = { key: task.key, id: task.id, guard: { fence: task.fence }, ...settled.change };
    const events = taskEndEvents({
      task,
      to: change.to,
      startedMs: lost.startedMs,
      endedMs: clock.now(),
      agent: null,
      instance: null,
      reason: change.reason,
      error,
    });
    telemetry.log({
      level: 'ERROR',
      message: error.message,
      scope: { task: task.id, tenant: task.tenant },
    });
    if (task.runKey === null || task.node === null || settled.end === null) {
      await store.core.settle([{ flushLane: task.runKey ?? task.key, change, events }]);
      return;
    }
    await this.#parts.keeper.apply({
      run: task.runKey,
      event: { type: 'taskEnded', node: task.node, item: task.item, outcome: settled.end },
      outcome: { change, events },
    });
  }
}

function auditOf(
  actor: string | undefined,
  row: Omit<NewAudit, 'actor' | 'data'>,
): { audit?: NewAudit } {
  return actor === undefined ? {} : { audit: { ...row, actor, data: {} } };
}
