// Changing tasks and runs: settle units and journal appends. Runs in the writer thread inside the flush's transaction.
// I1: a change applies only when its guard matches; a run only from its expected version. I2: a unit whose outcome or run does not match writes
// nothing. I3: a repeated unit is recognised by what it would have written and answered ok (S6).

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  canTransition,
  hiveError,
  runStates,
  taskStateName,
  taskStates,
} from '../../contract/plain.ts';
import type {
  JournalStep,
  NewAttempt,
  RunChange,
  SettleUnit,
  SettleVerdict,
  TaskChange,
  TaskKey,
  TenantKey,
} from '../../contract/index.ts';
import type { Dictionaries, LaneEntry } from './dictionaries.ts';
import { refuseNul } from './enqueue.ts';
import type { Inserter } from './enqueue.ts';
import type { EndColumns } from './end-columns.ts';

export interface ChangeSink {
  ready(lane: LaneEntry): void;
  /** The owner of a leased task was out-fenced. */
  revoked(key: TaskKey): void;
}

const SET = `state = ?, reason = ?, result = ?, error = ?, due_ms = ?, started_ms = coalesce(?, started_ms), ended_ms = ?,
  errors = errors + ?, crashes = crashes + ?, agent = coalesce(?, agent), lease_until_ms = null, suspect = 0, capped = 0`;

interface Present {
  state: number;
  fence: number;
  lane: number;
  tenant: number;
  capped: number;
  ended_ms: number | null;
  due_ms: number | null;
}

export class Changer {
  readonly #dictionaries: Dictionaries;
  readonly #inserter: Inserter;
  readonly #sink: ChangeSink;
  readonly #byFence: StatementSync;
  readonly #byState: StatementSync;
  readonly #present: StatementSync;
  readonly #runPresent: StatementSync;
  readonly #changeRun: StatementSync;
  readonly #insertAttempt: StatementSync;
  readonly #insertStep: StatementSync;
  readonly #updateStep: StatementSync;
  readonly #countSteps: StatementSync;
  readonly #uncap: StatementSync;
  readonly #steps: StatementSync;
  readonly #journalCount: StatementSync;

  constructor(
    db: DatabaseSync,
    parts: { dictionaries: Dictionaries; inserter: Inserter; sink: ChangeSink },
  ) {
    this.#dictionaries = parts.dictionaries;
    this.#inserter = parts.inserter;
    this.#sink = parts.sink;
    this.#byFence = db.prepare(`update tasks set ${SET} where key = ? and fence = ? and state = 3`);
    this.#byState = db.prepare(`update tasks set ${SET}, fence = fence + 1 where key = ?`);
    this.#present = db.prepare(
      'select state, fence, lane, tenant, capped, ended_ms, due_ms from tasks where key = ?',
    );
    this.#runPresent = db.prepare('select version, token from runs where key = ?');
    this.#changeRun =
      db.prepare(`update runs set version = version + 1, token = ?, seq = ?, state = ?, progress = ?, output = coalesce(?, output),
      error = coalesce(?, error), started_ms = coalesce(?, started_ms), ended_ms = coalesce(?, ended_ms) where key = ? and version = ?`);
    this.#insertAttempt =
      db.prepare(`insert into attempts (tenant, task, attempt, fence, agent, host, outcome, error, started_ms, ended_ms)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#insertStep =
      db.prepare(`insert into journal (tenant, task, position, name, occurrence, kind, result, due_ms, at_ms)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#updateStep = db.prepare(
      'update journal set result = ?, due_ms = ?, at_ms = ? where task = ? and name = ? and occurrence = ?',
    );
    this.#countSteps = db.prepare(
      'update tasks set journal_steps = journal_steps + ? where key = ?',
    );
    this.#uncap = db.prepare(
      'update caps set running = max(running - 1, 0) where tenant = ? and subject = ?',
    );
    this.#journalCount = db.prepare('select journal_steps from tasks where key = ?');
    this.#steps = db.prepare(
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
    const done = this.#byFence.run(
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
      key,
      fence,
    );
    if (done.changes === 0) {
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

  settle(unit: SettleUnit): SettleVerdict {
    if (unit.run !== undefined) {
      const verdict = this.#checkRun(unit, unit.run);
      if (verdict !== undefined) return verdict;
    }
    if (unit.change !== undefined) {
      const verdict = this.#apply(unit.change);
      if (verdict !== 'applied') return verdict;
    }
    if (unit.run !== undefined) this.#applyRun(unit.run);
    const { taskKeys, unleased } = this.#inserter.tasks(unit.insert ?? [], unit.run?.key ?? null);
    for (const also of unit.also ?? []) this.#apply(also);
    this.#inserter.events(unit.events);
    if (unit.audit !== undefined) this.#inserter.audit(unit.audit);
    return { status: 'ok', taskKeys, ...(unleased.length === 0 ? {} : { unleased }) };
  }

  /** Undefined when version and token fit. A unit that finds its own token there is the very one that was applied (S6). */
  #checkRun(unit: SettleUnit, run: RunChange): SettleVerdict | undefined {
    const row = this.#runPresent.get(run.key);
    if (row?.['version'] === run.expectVersion && row['token'] === run.expectToken)
      return undefined;
    const isOwn = row?.['version'] === run.expectVersion + 1 && row['token'] === run.token;
    if (!isOwn) return { status: 'stale_version' };
    return {
      status: 'ok',
      taskKeys: (unit.insert ?? []).map((task) => this.#inserter.keyOf(task)),
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
    const values = [
      taskStates[change.to],
      change.reason,
      change.result ?? null,
      change.error === undefined ? null : JSON.stringify(change.error),
      change.dueMs ?? null,
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
    if (before !== undefined) this.#follow(change, before);
    return 'applied';
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
      now.state === taskStates[change.to] &&
      now.ended_ms === (change.endedMs ?? null) &&
      now.due_ms === (change.dueMs ?? null);
    return repeated ? { status: 'ok', taskKeys: [] } : { status: 'stale_fence' };
  }

  #follow(change: TaskChange, before: Present): void {
    if (before.capped === 1) this.uncap(before.tenant, before.lane);
    if (change.to === 'ready') this.#sink.ready(this.#dictionaries.lane(before.lane));
    if (before.state === taskStates.leased && !('fence' in change.guard))
      this.#sink.revoked(change.key);
    if (change.attempt !== undefined) this.attempt(before.tenant, change.key, change.attempt);
    if (change.journal !== undefined) this.#write(before.tenant, change.key, change.journal);
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
  }): boolean {
    if (this.#steps.get(append.key, append.fence) === undefined) return false;
    this.#write(append.tenant, append.key, append.steps);
    return true;
  }

  #write(tenant: TenantKey, task: TaskKey, steps: readonly JournalStep[]): void {
    const first = Number(this.#journalCount.get(task)?.['journal_steps'] ?? 0);
    let position = first;
    for (const step of steps) {
      refuseNul(step.name, step.result);
      // A finished sleep or a repeated append updates its row and takes no new position.
      const updated = this.#updateStep.run(
        step.result,
        step.dueMs ?? null,
        step.atMs,
        task,
        step.name,
        step.occurrence,
      );
      if (updated.changes > 0) continue;
      this.#insertStep.run(
        tenant,
        task,
        position++,
        step.name,
        step.occurrence,
        step.kind,
        step.result,
        step.dueMs ?? null,
        step.atMs,
      );
    }
    if (position > first) this.#countSteps.run(position - first, task);
  }
}
