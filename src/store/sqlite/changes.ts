// Changing tasks and runs: settle units and journal appends. Runs in the writer thread inside the flush's transaction.
// I1: a change applies only when its guard matches; a run only from its expected version. I2: a unit whose outcome or run does not match writes
// nothing. I3: a repeated unit is recognised by what it would have written and answered ok (S6). I4: a task that would become ready or waiting becomes
// paused when it is held (S11), and one that would wait for something that is answered becomes ready (S10).

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  canTransition,
  hiveError,
  runStates,
  taskStateName,
  taskStates,
} from '../../contract/plain.ts';
import type {
  EnqueueUnit,
  JournalStep,
  NewAttempt,
  RunChange,
  SettleVerdict,
  TaskChange,
  TaskKey,
  TaskState,
  TenantKey,
} from '../../contract/index.ts';
import type { ChangeSink } from './change-sink.ts';
import type { Dictionaries } from './dictionaries.ts';
import { stepsAt } from './end-columns.ts';
import type { EndColumns } from './end-columns.ts';
import { refuseNul } from './refuse-nul.ts';
import type { Inserter } from './enqueue.ts';
import type { JournalWriter } from './journal-writer.ts';
import type { PlainSettle } from './settle-columns.ts';
import { Sweeper } from './sweeper.ts';
import { Waits } from './waits.ts';

const SET = `state = ?, reason = ?, result = ?, error = ?, due_ms = ?, started_ms = coalesce(?, started_ms), ended_ms = ?,
  errors = errors + ?, crashes = crashes + ?, agent = coalesce(?, agent), lease_until_ms = null, suspect = 0, capped = 0`;

interface Present {
  state: number;
  fence: number;
  lane: number;
  tenant: number;
  capped: number;
  suspect: number;
  hold: number;
  ended_ms: number | null;
  due_ms: number | null;
}

/** What a change makes of a task, given what is there (S10, S11). */
type Target = Pick<TaskChange, 'to' | 'reason' | 'dueMs'>;

export class Changer {
  readonly #dictionaries: Dictionaries;
  readonly #inserter: Inserter;
  readonly #sink: ChangeSink;
  readonly #journals: JournalWriter;
  readonly #waits: Waits;
  readonly #sweeper: Sweeper;
  readonly #byFence: StatementSync;
  readonly #endWithSteps: StatementSync;
  readonly #byState: StatementSync;
  readonly #present: StatementSync;
  readonly #runPresent: StatementSync;
  readonly #changeRun: StatementSync;
  readonly #insertAttempt: StatementSync;
  readonly #uncap: StatementSync;
  readonly #unhold: StatementSync;
  readonly #owned: StatementSync;
  readonly #addSteps: StatementSync;
  readonly #countSteps: StatementSync;

  constructor(
    db: DatabaseSync,
    parts: {
      dictionaries: Dictionaries;
      inserter: Inserter;
      journals: JournalWriter;
      sink: ChangeSink;
    },
  ) {
    this.#dictionaries = parts.dictionaries;
    this.#inserter = parts.inserter;
    this.#sink = parts.sink;
    this.#journals = parts.journals;
    this.#waits = new Waits(db, parts);
    this.#sweeper = new Sweeper(db, {
      dictionaries: parts.dictionaries,
      sink: parts.sink,
      uncap: (tenant, lane) => this.uncap(tenant, lane),
    });
    this.#endWithSteps = db.prepare(
      `update tasks set ${SET}, journal_steps = journal_steps + ? where key = ? and fence = ? and state = 3`,
    );
    this.#countSteps = db.prepare('select journal_steps from tasks where key = ?');
    this.#countSteps.setReturnArrays(true);
    this.#addSteps = db.prepare('update tasks set journal_steps = journal_steps + ? where key = ?');
    this.#byFence = db.prepare(`update tasks set ${SET} where key = ? and fence = ? and state = 3`);
    this.#byState = db.prepare(`update tasks set ${SET}, fence = fence + 1 where key = ?`);
    this.#present = db.prepare(
      'select state, fence, lane, tenant, capped, suspect, hold, ended_ms, due_ms from tasks where key = ?',
    );
    this.#runPresent = db.prepare('select version, token from runs where key = ?');
    this.#changeRun =
      db.prepare(`update runs set version = version + 1, token = ?, seq = ?, state = ?, progress = ?, output = coalesce(?, output),
      error = coalesce(?, error), started_ms = coalesce(?, started_ms), ended_ms = coalesce(?, ended_ms) where key = ? and version = ?`);
    this.#insertAttempt =
      db.prepare(`insert into attempts (tenant, task, attempt, fence, agent, host, outcome, error, started_ms, ended_ms)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#uncap = db.prepare(
      'update caps set running = max(running - 1, 0) where tenant = ? and subject = ?',
    );
    this.#unhold = db.prepare('update tasks set hold = 0 where key = ?');
    this.#owned = db.prepare(
      'select journal_steps from tasks where key = ? and fence = ? and state = 3',
    );
  }

  /** The plain end of a task (see wire.ts): 1 = applied (now or before), 0 = a newer owner exists. */
  end(columns: EndColumns, at: number): 0 | 1 {
    const key = columns.key[at] ?? 0;
    const fence = columns.fence[at] ?? 0;
    const result = columns.result[at] ?? null;
    const data = columns.eventData[at] ?? '{}';
    refuseNul(result);
    const before = this.#dictionaries.anyCaps
      ? (this.#present.get(key) as unknown as Present | undefined)
      : undefined;
    const state = columns.state[at] ?? 0;
    const endedMs = columns.endedMs[at] ?? null;
    const steps = stepsAt(columns, at);
    const values = [
      state,
      columns.reason[at] ?? 'none',
      result,
      null,
      null,
      columns.startedMs[at] ?? null,
      endedMs,
      0,
      0,
      columns.agent[at] ?? null,
    ];
    const applied =
      steps === null
        ? this.#byFence.run(...values, key, fence).changes !== 0
        : this.#endJournalled(values, { key, fence, tenant: columns.tenant[at] ?? 0, steps });
    if (!applied) {
      const now = this.#present.get(key) as unknown as Present | undefined;
      return now !== undefined &&
        now.fence === fence &&
        now.state === state &&
        now.ended_ms === endedMs
        ? 1
        : 0;
    }
    if (before?.capped === 1) this.uncap(before.tenant, before.lane);
    this.#inserter.eventOf({
      tenant: columns.tenant[at] ?? 0,
      type: columns.eventType[at] ?? 'task.completed',
      atMs: columns.eventMs[at] ?? 0,
      task: columns.id[at] ?? '',
      data,
    });
    return 1;
  }

  /** The end and the last rows of the journal; the count goes up in the same statement. */
  #endJournalled(
    values: readonly (string | number | null)[],
    end: { key: TaskKey; fence: number; tenant: TenantKey; steps: readonly JournalStep[] },
  ): boolean {
    const { key, fence, tenant, steps } = end;
    if (this.#endWithSteps.run(...values, steps.length, key, fence).changes === 0) return false;
    // A second statement: RETURNING would cost more than it (https://sqlite.org/lang_returning.html: rows are gathered in memory first).
    const [count] = this.#countSteps.get(key) as unknown as [number];
    const first = count - steps.length;
    const added = this.#journals.writeFrom(first, { tenant, task: key, steps });
    if (added < steps.length) this.#addSteps.run(added - steps.length, key); // some were there
    return true;
  }

  settle(unit: PlainSettle): SettleVerdict {
    const verdict = this.#checkRun(unit) ?? this.#checkAnswers(unit);
    if (verdict !== undefined) return verdict;
    if (unit.change !== undefined) {
      const refused = this.#apply(unit.change);
      if (refused !== 'applied') return refused;
    }
    if (unit.sweep !== undefined) this.#sweeper.sweep(unit.sweep);
    for (const answer of unit.answers ?? []) this.#waits.answer(answer);
    if (unit.run !== undefined) this.#applyRun(unit.run);
    const { taskKeys, unleased } = this.#inserter.tasks(unit.insert ?? [], unit.run?.key ?? null);
    for (const also of unit.also ?? []) this.#apply(also);
    for (const child of unit.children ?? []) this.#begin(child);
    const delivery = unit.deliver === undefined ? undefined : this.#waits.deliver(unit.deliver);
    const isRepeated = delivery?.repeated === true && unit.run === undefined;
    if (!isRepeated) {
      this.#inserter.events(unit.events);
      if (unit.audit !== undefined) this.#inserter.audit(unit.audit);
    }
    return {
      status: 'ok',
      taskKeys,
      ...(unleased.length === 0 ? {} : { unleased }),
      ...(delivery === undefined ? {} : { delivered: delivery.delivered }),
    };
  }

  /** A child run. Throws what the unit then answers: without its child the wait would never end. */
  #begin(child: EnqueueUnit): void {
    const verdict = this.#inserter.enqueue(child);
    if (verdict.status === 'ok') return;
    const taken = verdict.status === 'invalid' ? verdict.error.message : verdict.id;
    throw hiveError('IDEMPOTENCY_CONFLICT', {
      message: `the idempotency key of a child run is used: ${taken}`,
    });
  }

  /** Answers by themselves: refused when the first is not open any more, ok when it is this very answer that is there (S6). */
  #checkAnswers(unit: PlainSettle): SettleVerdict | undefined {
    const first = unit.answers?.[0];
    if (first === undefined || unit.change !== undefined || unit.run !== undefined)
      return undefined;
    if (this.#waits.isOpen(first)) return undefined;
    return this.#waits.holds(first) ? { status: 'ok', taskKeys: [] } : { status: 'stale_fence' };
  }

  /** Undefined when version and token fit. A unit that finds its own token there is the very one that was applied (S6). */
  #checkRun(unit: PlainSettle): SettleVerdict | undefined {
    const { run } = unit;
    if (run === undefined) return undefined;
    const row = this.#runPresent.get(run.key);
    if (row?.['version'] === run.expectVersion && row['token'] === run.expectToken)
      return undefined;
    const isOwn = row?.['version'] === run.expectVersion + 1 && row['token'] === run.token;
    if (!isOwn) return { status: 'stale_version' };
    return {
      status: 'ok',
      taskKeys: (unit.insert ?? []).map((task) => this.#inserter.keyOf(task)),
      ...(unit.deliver === undefined ? {} : { delivered: this.#waits.wasDelivered(unit.deliver) }),
    };
  }

  #applyRun(run: RunChange): void {
    const error = run.error === undefined ? null : JSON.stringify(run.error);
    refuseNul(run.progress, run.output);
    this.#changeRun.run(
      run.token,
      run.seq,
      runStates[run.state],
      run.progress,
      run.output ?? null,
      error,
      run.startedMs ?? null,
      run.endedMs ?? null,
      run.key,
      run.expectVersion,
    );
  }

  #apply(change: TaskChange): 'applied' | SettleVerdict {
    const byFence = 'fence' in change.guard;
    // The fast path needs nothing of the present row: a plain end of an uncapped task under its fence.
    const quick =
      byFence &&
      change.to !== 'ready' &&
      change.to !== 'waiting' &&
      change.journal === undefined &&
      change.attempt === undefined &&
      !this.#dictionaries.anyCaps;
    const before = quick
      ? undefined
      : (this.#present.get(change.key) as unknown as Present | undefined);
    if (!quick) {
      const refused = this.#guard(change, before);
      if (refused !== undefined) return refused;
    }
    refuseNul(change.result, change.error?.message, change.reason);
    // Before the state: a wait that opens here may find its event in the inbox.
    if (before !== undefined && change.journal !== undefined)
      this.#journals.write(before.tenant, change.key, change.journal);
    const target = this.#target(change, before);
    const values = [
      taskStates[target.to],
      target.reason,
      change.result ?? null,
      change.error === undefined ? null : JSON.stringify(change.error),
      target.dueMs ?? null,
      change.startedMs ?? null,
      change.endedMs ?? null,
      change.addErrors ?? 0,
      change.addCrashes ?? 0,
      change.agent ?? null,
      change.key,
    ];
    const done =
      'fence' in change.guard
        ? this.#byFence.run(...values, change.guard.fence)
        : this.#byState.run(...values);
    if (done.changes === 0)
      return this.#whyNot(change, this.#present.get(change.key) as unknown as Present | undefined);
    if (before !== undefined) this.#follow(change, { before, to: target.to });
    return 'applied';
  }

  #target(change: TaskChange, before: Present | undefined): Target {
    if (change.to !== 'ready' && change.to !== 'waiting') return change;
    if (before?.hold === 1) return { to: 'paused', reason: 'run' };
    const isAnswered = change.openWaits?.some((wait) => this.#waits.isAnswered(change.key, wait));
    return change.to === 'waiting' && isAnswered === true
      ? { to: 'ready', reason: 'none' }
      : change;
  }

  #guard(
    change: TaskChange,
    before: Present | undefined,
  ): { status: 'stale_fence' } | { status: 'ok'; taskKeys: TaskKey[] } | undefined {
    if (before === undefined) return { status: 'stale_fence' };
    if ('fence' in change.guard) {
      return before.state === taskStates.leased && before.fence === change.guard.fence
        ? undefined
        : this.#whyNot(change, before);
    }
    const state = taskStateName(before.state);
    if (!change.guard.states.includes(state)) return { status: 'stale_fence' };
    if (!canTransition(state, change.to)) {
      throw hiveError('ILLEGAL_TRANSITION', {
        message: `task ${change.id}: ${state} cannot become ${change.to}`,
      });
    }
    return undefined;
  }

  /** A guard did not match: either another owner was faster, or this very unit was applied before. */
  #whyNot(
    change: TaskChange,
    now: Present | undefined,
  ): { status: 'stale_fence' } | { status: 'ok'; taskKeys: TaskKey[] } {
    const repeated =
      now !== undefined &&
      'fence' in change.guard &&
      now.fence === change.guard.fence &&
      now.ended_ms === (change.endedMs ?? null) &&
      isOutcome(change, now);
    return repeated ? { status: 'ok', taskKeys: [] } : { status: 'stale_fence' };
  }

  #follow(change: TaskChange, done: { before: Present; to: TaskState }): void {
    const { before, to } = done;
    if (before.capped === 1) this.uncap(before.tenant, before.lane);
    if (before.hold === 1 && to === 'paused') this.#unhold.run(change.key);
    if (to === 'ready') this.#sink.ready(this.#dictionaries.lane(before.lane));
    if (before.state === taskStates.leased && !('fence' in change.guard))
      this.#sink.revoked(change.key);
    if (change.attempt !== undefined) this.attempt(before.tenant, change.key, change.attempt);
  }

  uncap(tenant: TenantKey, lane: number): void {
    for (const subject of this.#dictionaries.capsOf(this.#dictionaries.lane(lane)))
      this.#uncap.run(tenant, subject);
  }

  attempt(tenant: TenantKey, task: TaskKey, row: NewAttempt): void {
    const error = row.error === undefined ? null : JSON.stringify(row.error);
    this.#insertAttempt.run(
      tenant,
      task,
      row.attempt,
      row.fence,
      row.agent,
      row.host,
      row.outcome,
      error,
      row.startedMs,
      row.endedMs,
    );
  }

  journal(append: {
    key: TaskKey;
    tenant: TenantKey;
    fence: number;
    steps: readonly JournalStep[];
    reset?: boolean;
  }): boolean {
    const { key: task, tenant, steps } = append;
    const owned = this.#owned.get(task, append.fence);
    if (owned === undefined) return false;
    if (append.reset === true) {
      this.#journals.reset(tenant, task);
      this.#journals.write(tenant, task, steps);
      return true;
    }
    const first = Number(owned['journal_steps']);
    const added = this.#journals.writeFrom(first, { tenant, task, steps });
    if (added > 0) this.#addSteps.run(added, task);
    return true;
  }
}

/** Whether the task is where this change, applied before, may have left it: a wait may have been answered or held at once, or have ended since. */
function isOutcome(change: TaskChange, now: Present): boolean {
  if (now.state === taskStates[change.to] && now.due_ms === (change.dueMs ?? null)) return true;
  if (now.suspect !== 0) return false; // its owner was lost: the change never came
  return change.to === 'waiting'
    ? now.state === taskStates.ready || now.state === taskStates.paused
    : change.to === 'ready' && now.state === taskStates.paused;
}
