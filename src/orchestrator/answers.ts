// What comes from outside to a task that waits: a decision on an approval, an event for a run. A word on an effect that may have happened: resolutions.ts.
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
  Json,
  JsonSchema,
  NewEvent,
  RunId,
  SettleUnit,
  Store,
  TenantKey,
  WaitResult,
} from '../contract/index.ts';
import type { Clock, IdSource } from '../kernel/index.ts';
import type { RunKeeper } from './run-keeper.ts';
import type { By, DecideRequest, SignalRequest } from './run-verbs.ts';
import { runIdOf } from './suspension.ts';
import type { VerbRows } from './verb-rows.ts';

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
