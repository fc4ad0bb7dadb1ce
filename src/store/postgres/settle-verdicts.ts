// Judges settle units, in order, against rows that are locked. Pure: no SQL, no time.
// I1: a unit that is refused changes nothing here either, so the next unit is judged against what will be written. I2: units of one run chain
// their versions and tokens inside one flush. I3: a unit that was applied before (unknown commit) is recognised by what it wrote (S6).

import {
  canTransition,
  hiveError,
  isTerminal,
  taskStateName,
  taskStates,
} from '../../contract/index.ts';
import type {
  LaneKey,
  NewDelivery,
  RunChange,
  RunKey,
  RunSweep,
  SettleUnit,
  SettleVerdict,
  TaskChange,
  TaskKey,
  TaskReason,
  TaskState,
  TenantKey,
} from '../../contract/index.ts';
import type { PresentWaits } from './present-waits.ts';
import type { AnswerRow } from './sql-journal.ts';

export interface PresentTask {
  key: TaskKey;
  tenant: TenantKey;
  run: RunKey | null;
  state: number;
  reason: string;
  fence: number;
  lane: LaneKey;
  capped: number;
  /** 1: its run is paused (S11). */
  hold: number;
  due_ms: number | null;
  ended_ms: number | null;
}
export interface PresentRun {
  key: RunKey;
  version: number;
  token: number;
}
export interface PresentRows {
  tasks: Map<TaskKey, PresentTask>;
  runs: Map<RunKey, PresentRun>;
  /** Attempts that are written, see attemptName. */
  attempts: ReadonlySet<string>;
  waits: PresentWaits;
  repeat: boolean;
}

export interface AcceptedChange {
  /** As it is written: S10 and S11 may have turned it. */
  change: TaskChange;
  /** The row as it was. */
  before: PresentTask;
}
/** Tasks of a run that a sweep changes, as they were. */
export interface AcceptedSweep {
  sweep: RunSweep;
  tasks: PresentTask[];
  /** Tasks whose hold mark changes. */
  holds: TaskKey[];
}
export interface Accepted {
  status: 'accepted';
  changes: AcceptedChange[];
  run: { change: RunChange; version: number } | undefined;
  sweep: AcceptedSweep | undefined;
  answers: AnswerRow[];
  /** Waiting tasks that an answer makes ready, as they were. */
  woken: PresentTask[];
  delivered: boolean | undefined;
}
export type Judgement =
  | Accepted
  /** Applied before: its inserted tasks exist. */
  | { status: 'repeated'; delivered: boolean | undefined }
  | { status: 'refused'; verdict: SettleVerdict };

const refused = (verdict: SettleVerdict): Judgement => ({ status: 'refused', verdict });

/** `token`: of the unit's delivery. */
export function judge(rows: PresentRows, unit: SettleUnit, token = 0): Judgement {
  const refusal = refuse(rows, unit, token);
  if (refusal !== undefined) return refusal;
  const { run } = unit;
  const accepted: Accepted = {
    status: 'accepted',
    changes: [],
    run: run === undefined ? undefined : { change: run, version: run.expectVersion + 1 },
    sweep: undefined,
    answers: [],
    woken: [],
    delivered: undefined,
  };
  if (run !== undefined)
    rows.runs.set(run.key, { key: run.key, version: run.expectVersion + 1, token: run.token });
  if (unit.change !== undefined) apply(rows, unit.change, accepted);
  for (const also of unit.also ?? [])
    if (matches(rows, also) === 'yes') apply(rows, also, accepted);
  if (unit.sweep !== undefined) accepted.sweep = sweep(rows, unit.sweep);
  for (const answer of unit.answers ?? [])
    if (isOpen(rows, answer.task)) wake(rows, accepted, rows.waits.answer(answer));
  if (unit.deliver !== undefined) deliver(rows, { delivery: unit.deliver, token, accepted });
  return accepted;
}

/** Whether the task is known and has not ended. */
function isOpen(rows: PresentRows, task: TaskKey): boolean {
  const row = rows.tasks.get(task);
  return row !== undefined && !isTerminal(taskStateName(row.state));
}

function deliver(
  rows: PresentRows,
  of: { delivery: NewDelivery; token: number; accepted: Accepted },
): void {
  const { delivery, token, accepted } = of;
  const sent = rows.waits.sentBefore(delivery, token);
  if (sent !== undefined) {
    accepted.delivered = sent.delivered;
    return;
  }
  const answer = rows.waits.deliver(delivery, { token, isOpen: (task) => isOpen(rows, task) });
  wake(rows, accepted, answer);
  accepted.delivered = answer !== undefined;
}

/** Why the unit is not to be written; changes nothing. */
function refuse(rows: PresentRows, unit: SettleUnit, token: number): Judgement | undefined {
  const { run, change } = unit;
  const sent = unit.deliver === undefined ? undefined : rows.waits.sentBefore(unit.deliver, token);
  const repeated: Judgement = { status: 'repeated', delivered: sent?.delivered };
  const now = run === undefined ? undefined : rows.runs.get(run.key);
  // The unit's own token is there: it was applied (S6).
  if (run !== undefined && now?.version === run.expectVersion + 1 && now.token === run.token)
    return repeated;
  if (change !== undefined) {
    switch (matches(rows, change)) {
      case 'yes':
        break;
      case 'repeated':
        return repeated;
      case 'illegal':
        return refused({
          status: 'invalid',
          error: illegal(change, rows.tasks.get(change.key)).toRecord(),
        });
      case 'no':
        return refused({ status: 'stale_fence' });
    }
  }
  if (run !== undefined && (now?.version !== run.expectVersion || now.token !== run.expectToken))
    return refused({ status: 'stale_version' });
  const impossible = unit.sweep?.from.find(
    (state) => !canTransition(state, unit.sweep?.to ?? state),
  );
  if (impossible !== undefined)
    return refused({
      status: 'invalid',
      error: illegalSweep(impossible, unit.sweep?.to).toRecord(),
    });
  if (change !== undefined || run !== undefined) return undefined;
  const [first] = unit.answers ?? [];
  if (first !== undefined) {
    const row = rows.waits.get(first);
    if (row?.open === true && isOpen(rows, first.task)) return undefined;
    const isOurs = row?.result === first.result && row.at_ms === first.atMs;
    return isOurs ? repeated : refused({ status: 'stale_fence' });
  }
  return sent === undefined ? undefined : repeated;
}

function apply(rows: PresentRows, change: TaskChange, accepted: Accepted): void {
  const before = rows.tasks.get(change.key);
  if (before === undefined) return;
  if (change.journal !== undefined) rows.waits.written(change.key, change.journal);
  let written = change;
  if (change.to === 'waiting' && isAnswered(rows, change, accepted))
    written = turned(written, 'ready', 'none');
  if (before.hold === 1 && (written.to === 'ready' || written.to === 'waiting'))
    written = turned(written, 'paused', 'run');
  accepted.changes.push({ change: written, before });
  rows.tasks.set(change.key, {
    ...before,
    state: taskStates[written.to],
    reason: written.reason,
    fence: 'fence' in change.guard ? before.fence : before.fence + 1,
    capped: 0,
    hold: written.to === 'uncertain' ? before.hold : 0,
    due_ms: written.dueMs ?? null,
    ended_ms: written.endedMs ?? null,
  });
}

function turned(change: TaskChange, to: 'ready' | 'paused', reason: TaskReason): TaskChange {
  const { dueMs: _, ...rest } = change;
  return { ...rest, to, reason };
}

/** Whether one of the waits has its answer by now, from its row or from the inbox (S10). */
function isAnswered(rows: PresentRows, change: TaskChange, accepted: Accepted): boolean {
  let answered = false;
  for (const wait of change.openWaits ?? []) {
    const name = { ...wait, task: change.key };
    const row = rows.waits.get(name);
    if (row === undefined) continue;
    const taken = rows.waits.takeFor(name);
    if (taken !== undefined) accepted.answers.push(taken);
    answered ||= !row.open;
  }
  return answered;
}

function wake(rows: PresentRows, accepted: Accepted, answer: AnswerRow | undefined): void {
  if (answer === undefined) return;
  accepted.answers.push(answer);
  const before = rows.tasks.get(answer.task);
  if (before?.state !== taskStates.waiting) return;
  accepted.woken.push(before);
  rows.tasks.set(answer.task, {
    ...before,
    state: taskStates.ready,
    reason: 'none',
    due_ms: null,
  });
}

/** Somebody owns it or must decide on it. */
const isHeldable = ({ state }: PresentTask): boolean =>
  state === taskStates.leased || state === taskStates.uncertain;

function sweep(rows: PresentRows, sweep: RunSweep): AcceptedSweep {
  const from = new Set<number>(sweep.from.map((state) => taskStates[state]));
  const accepted: AcceptedSweep = { sweep, tasks: [], holds: [] };
  for (const task of rows.tasks.values()) {
    if (task.run !== sweep.run || task.key === sweep.except) continue;
    if (
      from.has(task.state) &&
      (sweep.onlyReason === undefined || task.reason === sweep.onlyReason)
    )
      accepted.tasks.push(task);
    else if (
      sweep.hold !== undefined &&
      task.hold !== sweep.hold &&
      (sweep.hold === 0 || isHeldable(task))
    ) {
      accepted.holds.push(task.key);
      rows.tasks.set(task.key, { ...task, hold: sweep.hold });
    }
  }
  for (const task of accepted.tasks)
    rows.tasks.set(task.key, {
      ...task,
      state: taskStates[sweep.to],
      reason: sweep.reason,
      fence: task.fence + 1,
      capped: 0,
      hold: 0,
      due_ms: null,
      ended_ms: sweep.endedMs ?? task.ended_ms,
    });
  return accepted;
}

function matches(rows: PresentRows, change: TaskChange): 'yes' | 'no' | 'repeated' | 'illegal' {
  const now = rows.tasks.get(change.key);
  if (now === undefined) return 'no';
  if ('fence' in change.guard) {
    if (now.state === taskStates.leased && now.fence === change.guard.fence) return 'yes';
    return now.fence === change.guard.fence && wrote(rows, change, now) ? 'repeated' : 'no';
  }
  const state = taskStateName(now.state);
  if (change.guard.states.includes(state))
    return canTransition(state, change.to) ? 'yes' : 'illegal';
  return rows.repeat && wrote(rows, change, now) ? 'repeated' : 'no';
}

/**
 * Whether the row looks as this change would have left it. A reaped task is ready under the same fence too: a change to ready that counts a
 * try is known by its attempt row, a suspension that found its answer by the rows of its waits; a plain release leaves nothing that differs,
 * so "ok" is true of both.
 */
function wrote(rows: PresentRows, change: TaskChange, now: PresentTask): boolean {
  if (now.ended_ms !== (change.endedMs ?? null)) return false;
  if ((change.to === 'ready' || change.to === 'waiting') && now.state === taskStates.paused)
    return now.reason === 'run';
  if (change.to === 'waiting' && now.state === taskStates.ready)
    return now.due_ms === null && foundAnswer(rows, change);
  if (now.state !== taskStates[change.to] || now.due_ms !== (change.dueMs ?? null)) return false;
  if (change.to !== 'ready') return true;
  return change.attempt === undefined || rows.attempts.has(attemptName(change.key, change.attempt));
}

/** Whether all rows of its waits are there, one of them answered. */
function foundAnswer(rows: PresentRows, { key, openWaits = [] }: TaskChange): boolean {
  const found = openWaits.map((wait) => rows.waits.get({ ...wait, task: key }));
  return !found.includes(undefined) && found.some((row) => row?.open === false);
}

/** Name of an attempt row, for looking it up. */
export function attemptName(
  task: TaskKey,
  attempt: { fence: number; outcome: string; endedMs: number },
): string {
  return `${task} ${attempt.fence} ${attempt.outcome} ${attempt.endedMs}`;
}

function illegalSweep(from: TaskState, to = 'nothing'): ReturnType<typeof hiveError> {
  return hiveError('ILLEGAL_TRANSITION', { message: `a task that is ${from} cannot become ${to}` });
}

function illegal(
  change: TaskChange,
  before: PresentTask | undefined,
): ReturnType<typeof hiveError> {
  const from = before === undefined ? 'unknown' : taskStateName(before.state);
  return hiveError('ILLEGAL_TRANSITION', {
    message: `task ${change.id}: ${from} cannot become ${change.to}`,
  });
}
