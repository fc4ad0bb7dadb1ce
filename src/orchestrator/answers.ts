// What comes from outside to a task that waits: a decision on an approval, an event for a run, a person's word on an effect that may have happened.
// W1: the first answer wins; a later one is refused and told who was first. W2: an answer is durable when its call resolves; C16 stands on both sides of
// the commit, in the store. W3: an event that nobody waits for yet is kept.

import {
  formatId,
  hiveError,
  idBytes,
  isTerminal,
  schemaMismatches,
  taskStateName,
} from '../contract/index.ts';
import type {
  ApprovalAnswer,
  ApprovalForm,
  ErrorRecord,
  JournalStep,
  Json,
  JsonSchema,
  NewEvent,
  RunId,
  SettleUnit,
  Store,
  TaskChange,
  TaskId,
  TenantKey,
  WaitResult,
} from '../contract/index.ts';
import type { Clock, IdSource } from '../kernel/index.ts';
import type { RunKeeper } from './run-keeper.ts';
import type { By, DecideRequest, ResolveRequest, SignalRequest } from './run-verbs.ts';
import { runIdOf } from './suspension.ts';
import { taskEndEvents } from './task-events.ts';
import type { TaskFacts, VerbRows } from './verb-rows.ts';

export interface AnswerParts {
  store: Store;
  clock: Clock;
  ids: IdSource;
  keeper: RunKeeper;
  rows: VerbRows;
}

interface ApprovalRow {
  task: number;
  name: string;
  occurrence: number;
  result: string | null;
  payload: string | null;
  id: Uint8Array;
  run: Uint8Array | null;
  state: number;
}

export class Answers {
  readonly #parts: AnswerParts;

  constructor(parts: AnswerParts) {
    this.#parts = parts;
  }

  /** Throws NOT_FOUND, APPROVAL_CLOSED, INPUT_INVALID. */
  async decide(request: DecideRequest, by: By): Promise<void> {
    const { clock, store } = this.#parts;
    const row = await this.#approval(request.approval, by.tenant);
    const task = formatId('task', row.id);
    const run = row.run === null ? runIdOf({ id: task, runId: null }) : formatId('run', row.run);
    if (row.result !== null) throw closed(request.approval, row.result);
    const state = taskStateName(Number(row.state));
    if (isTerminal(state)) {
      throw hiveError('APPROVAL_CLOSED', {
        message: `${request.approval} is not open any more: its task ${task} is ${state}`,
      });
    }
    if (request.decision === 'approved') checkAnswer(request, row.payload);
    const nowMs = clock.now();
    const { actor, tenant } = by;
    const answer: ApprovalAnswer = {
      decision: request.decision,
      answer: request.answer,
      by: actor,
      comment: request.comment,
    };
    const result = { status: 'ok', value: answer as unknown as Json } satisfies WaitResult;
    const event: NewEvent = {
      type: 'approval.decided',
      tenant,
      atMs: nowMs,
      run: run as RunId,
      task,
      data: { approval: request.approval, decision: request.decision, by: actor },
    };
    const unit: SettleUnit = {
      flushLane: Number(row.task),
      answers: [
        {
          task: Number(row.task),
          name: row.name,
          occurrence: Number(row.occurrence),
          result: JSON.stringify(result),
          atMs: nowMs,
        },
      ],
      events: [event],
      audit: {
        tenant,
        atMs: nowMs,
        actor,
        action: `approval.${request.decision}`,
        subject: request.approval,
        data: { task },
      },
    };
    const [verdict] = await store.core.settle([unit]);
    if (verdict?.status === 'ok') return;
    if (verdict?.status === 'invalid')
      throw hiveError('INPUT_INVALID', { message: verdict.error.message });
    const now = await this.#approval(request.approval, tenant);
    throw closed(request.approval, now.result);
  }

  async #approval(id: string, tenant: TenantKey): Promise<ApprovalRow> {
    const [row] = await this.#parts.rows.query<ApprovalRow>(
      `select j.task, j.name, j.occurrence, j.result, j.payload, t.id, r.id as run, t.state from journal j join tasks t on t.key = j.task
        left join runs r on r.key = t.run where j.subject = $1 and j.kind = 'approval' and j.tenant = $2`,
      [id, tenant],
    );
    if (row === undefined) throw hiveError('NOT_FOUND', { message: `there is no approval ${id}` });
    return row;
  }

  /** Throws NOT_FOUND, ILLEGAL_TRANSITION (the run has ended). */
  async signal(request: SignalRequest, by: By): Promise<{ delivered: boolean }> {
    const { clock, store, ids } = this.#parts;
    const before = await this.#earlier(request, by.tenant);
    if (before !== undefined) return before;
    const target = await this.#target(request.run, by.tenant);
    const nowMs = clock.now();
    const { name, idempotencyKey } = request;
    const [verdict] = await store.core.settle([
      {
        flushLane: target.runKey ?? target.taskKey ?? 0,
        deliver: {
          tenant: by.tenant,
          run: request.run,
          ...target,
          name,
          data: request.dataJson,
          by: by.actor,
          atMs: nowMs,
          // Always with a key: a commit whose answer was lost is repeated by the store and must not deliver twice.
          idempotencyKey: idempotencyKey ?? ids.make('event'),
        },
        events: [
          {
            type: 'run.signalled',
            tenant: by.tenant,
            atMs: nowMs,
            run: request.run,
            data: { name, by: by.actor },
          },
        ],
        audit: {
          tenant: by.tenant,
          atMs: nowMs,
          actor: by.actor,
          action: 'run.signal',
          subject: request.run,
          data: { name },
        },
      },
    ]);
    if (verdict?.status === 'ok') return { delivered: verdict.delivered ?? false };
    throw hiveError(verdict?.status === 'invalid' ? 'INPUT_INVALID' : 'ILLEGAL_TRANSITION', {
      message:
        verdict?.status === 'invalid' ? verdict.error.message : `${request.run} has ended already`,
    });
  }

  /** The answer to an event that was sent before under the same key: also after the run has ended, for a sender that lost its first answer. */
  async #earlier(
    { run, name, idempotencyKey }: SignalRequest,
    tenant: TenantKey,
  ): Promise<{ delivered: boolean } | undefined> {
    if (idempotencyKey === undefined) return undefined;
    const [row] = await this.#parts.rows.query<{ taken: number }>(
      'select taken from inbox where tenant = $1 and run = $2 and name = $3 and idem = $4',
      [tenant, idBytes('run', run), name, idempotencyKey],
    );
    return row === undefined ? undefined : { delivered: Number(row.taken) === 1 };
  }

  async #target(
    run: RunId,
    tenant: number,
  ): Promise<{ runKey: number | null; taskKey: number | null }> {
    const { rows, store } = this.#parts;
    const [row] = await store.loadRuns([run]);
    if (row !== undefined && row.tenant === tenant) {
      if (row.endedMs !== null)
        throw hiveError('ILLEGAL_TRANSITION', { message: `${run} is ${row.state} already` });
      return { runKey: row.key, taskKey: null };
    }
    const task = await rows.singleTask(run, tenant);
    if (task === undefined) throw hiveError('NOT_FOUND', { message: `there is no run ${run}` });
    if (isTerminal(task.state))
      throw hiveError('ILLEGAL_TRANSITION', { message: `${run} is ${task.state} already` });
    return { runKey: null, taskKey: task.key };
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

/** A field that the form does not have is a slip of the pen, and would be lost without a word: refused unless the form allows others. */
const closedForm = (form: JsonSchema): JsonSchema =>
  form.properties === undefined ? form : { additionalProperties: false, ...form };

function checkAnswer(request: DecideRequest, payload: string | null): void {
  const { form } = JSON.parse(payload ?? '{}') as Partial<ApprovalForm>;
  if (form === undefined) return;
  const problems = schemaMismatches(closedForm(form as JsonSchema), request.answer);
  if (problems.length === 0) return;
  throw hiveError('INPUT_INVALID', {
    message: `the answer does not match the form of ${request.approval}: ${problems.join('; ')}`,
    details: { problems },
  });
}

function closed(id: string, result: string | null): Error {
  const answer = result === null ? undefined : (JSON.parse(result) as WaitResult);
  const value =
    answer?.status === 'ok' ? (answer.value as Partial<ApprovalAnswer> | undefined) : undefined;
  const how =
    answer?.status === 'timeout'
      ? 'its deadline has passed'
      : `${value?.by ?? 'somebody'} ${value?.decision ?? 'decided'} it`;
  return hiveError('APPROVAL_CLOSED', { message: `${id} is not open any more: ${how}` });
}
