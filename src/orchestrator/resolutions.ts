// A person's word on an effect that may have happened: it did, it did not, or the task is given up.
// Z1 The first word wins; whoever comes second is told so. Z2 The word is about the effect that the task is uncertain of, found by its key.

import { hiveError } from '../contract/index.ts';
import type {
  ErrorRecord,
  JournalStep,
  NewEvent,
  RunId,
  SettleUnit,
  Store,
  TaskChange,
  TaskId,
  TenantKey,
} from '../contract/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { RunKeeper } from './run-keeper.ts';
import type { By, ResolveRequest } from './run-verbs.ts';
import { runIdOf } from './suspension.ts';
import { taskEndEvents } from './task-events.ts';
import type { TaskFacts, VerbRows } from './verb-rows.ts';

export interface ResolutionParts {
  store: Store;
  clock: Clock;
  keeper: RunKeeper;
  rows: VerbRows;
}

export class Resolutions {
  readonly #parts: ResolutionParts;

  constructor(parts: ResolutionParts) {
    this.#parts = parts;
  }

  /** Throws NOT_FOUND, ILLEGAL_TRANSITION. */
  async resolve(request: ResolveRequest, by: By): Promise<void> {
    const { rows, store, clock } = this.#parts;
    const task = await rows.task(request.task, by.tenant);
    if (task.state !== 'uncertain') {
      throw hiveError('ILLEGAL_TRANSITION', {
        message: `${request.task} is ${task.state}; only an uncertain task can be resolved`,
      });
    }
    const nowMs = clock.now();
    const run = task.run === null ? null : ((await store.loadRuns([task.run]))[0] ?? null);
    const runId = runIdOf({ id: task.id, runId: run?.id ?? null }) as RunId;
    const resolved: NewEvent = {
      type: 'task.resolved',
      tenant: by.tenant,
      atMs: nowMs,
      run: runId,
      task: task.id,
      data: { resolution: request.resolution, by: by.actor },
    };
    const audit = {
      tenant: by.tenant,
      atMs: nowMs,
      actor: by.actor,
      action: 'task.resolve',
      subject: task.id,
      data: { resolution: request.resolution },
    };
    if (request.resolution === 'fail') {
      await this.#fail(task, { by, nowMs, resolved, audit, runId: run?.id ?? null });
      return;
    }
    const step = await this.#openEffect(task, { nowMs, tenant: by.tenant });
    const journal: JournalStep[] = [
      request.resolution === 'done'
        ? { ...step, result: request.resultJson ?? 'null' }
        : { ...step, payload: JSON.stringify({ repeat: true }) },
    ];
    const change: TaskChange = {
      key: task.key,
      id: task.id,
      guard: { states: ['uncertain'] },
      to: 'ready',
      reason: 'none',
      journal,
    };
    const [verdict] = await store.core.settle([
      { flushLane: task.run ?? task.key, change, events: [resolved], audit },
    ]);
    refuseUnlessOk(verdict, task.id);
  }

  async #fail(
    task: TaskFacts,
    of: {
      by: By;
      nowMs: number;
      resolved: NewEvent;
      audit: NonNullable<SettleUnit['audit']>;
      runId: RunId | null;
    },
  ): Promise<void> {
    const error = hiveError('EFFECT_UNKNOWN', {
      message: `${of.by.actor} gave the task up because it is not known whether its effect happened`,
    }).toRecord();
    const change: TaskChange = {
      key: task.key,
      id: task.id,
      guard: { states: ['uncertain'] },
      to: 'failed',
      reason: 'user',
      error,
      endedMs: of.nowMs,
    };
    const { id, node, createdMs, attempt, startedMs, agent } = task;
    const ended = taskEndEvents({
      task: { id, tenant: of.by.tenant, runId: of.runId, node, createdMs, attempt },
      to: 'failed',
      startedMs,
      endedMs: of.nowMs,
      agent,
      instance: null,
      reason: 'user',
      error,
    });
    const events = [...ended, of.resolved];
    if (task.run === null || node === null) {
      const [verdict] = await this.#parts.store.core.settle([
        { flushLane: task.key, change, events, audit: of.audit },
      ]);
      refuseUnlessOk(verdict, task.id);
      return;
    }
    const answer = await this.#parts.keeper.apply({
      run: task.run,
      event: { type: 'taskEnded', node, item: task.item, outcome: 'failed' },
      outcome: { change, events },
      audit: of.audit,
    });
    if (answer === 'stale_fence') refuseUnlessOk({ status: 'stale_fence' }, task.id);
  }

  /** The effect that the task is uncertain about. */
  async #openEffect(
    task: TaskFacts,
    { nowMs, tenant }: { nowMs: number; tenant: TenantKey },
  ): Promise<JournalStep> {
    const rows = await this.#parts.rows.query<{
      name: string;
      occurrence: number;
      subject: string | null;
    }>(
      `select name, occurrence, subject from journal where task = $1 and kind = 'effect' and result is null and blob is null order by position`,
      [task.key],
    );
    const key = (JSON.parse(task.error ?? '{}') as Partial<ErrorRecord>).details?.['effect'];
    const row =
      rows.find(({ subject }) => typeof key === 'string' && effectKey(subject) === key) ?? rows[0];
    if (row === undefined) {
      // Another person resolved it between the two reads.
      const { state } = await this.#parts.rows.task(task.id, tenant);
      if (state !== 'uncertain') refuseUnlessOk(undefined, task.id);
      throw hiveError('INTERNAL', { message: `${task.id} is uncertain without an open effect` });
    }
    return {
      name: row.name,
      occurrence: Number(row.occurrence),
      kind: 'effect',
      result: null,
      ...(row.subject === null ? {} : { subject: row.subject }),
      atMs: nowMs,
    };
  }
}

/** The effect's key of its idempotency key: behind the id of the task that began it. Keys may hold colons, ids do not. */
function effectKey(subject: string | null): string | undefined {
  return subject?.slice(subject.indexOf(':') + 1);
}

function refuseUnlessOk(
  verdict: { status: string; error?: ErrorRecord } | undefined,
  id: TaskId,
): void {
  if (verdict?.status === 'ok') return;
  if (verdict?.status === 'invalid')
    throw hiveError('INPUT_INVALID', { message: verdict.error?.message ?? 'the store refused it' });
  throw hiveError('ILLEGAL_TRANSITION', {
    message: `${id} was changed by somebody else meanwhile`,
  });
}
