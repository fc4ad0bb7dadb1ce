// Judges settle units, in order, against rows that are locked. Pure: no SQL, no time.
// I1: a unit that is refused changes nothing here either, so the next unit is judged against what will be written. I2: units of one run chain
// their versions and tokens inside one flush. I3: a unit that was applied before (unknown commit) is recognised by what it wrote (S6).

import { canTransition, hiveError, taskStateName, taskStates } from '../../contract/index.ts';
import type {
  LaneKey,
  RunChange,
  RunKey,
  SettleUnit,
  SettleVerdict,
  TaskChange,
  TaskKey,
  TenantKey,
} from '../../contract/index.ts';

export interface PresentTask {
  key: TaskKey;
  tenant: TenantKey;
  state: number;
  fence: number;
  lane: LaneKey;
  capped: number;
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
  repeat: boolean;
}

export interface AcceptedChange {
  change: TaskChange;
  /** The row as it was. */
  before: PresentTask;
}
export type Judgement =
  | {
      status: 'accepted';
      changes: AcceptedChange[];
      run: { change: RunChange; version: number } | undefined;
    }
  /** Applied before: its inserted tasks exist. */
  | { status: 'repeated' }
  | { status: 'refused'; verdict: SettleVerdict };

const refused = (verdict: SettleVerdict): Judgement => ({ status: 'refused', verdict });

export function judge(rows: PresentRows, unit: SettleUnit): Judgement {
  const changes: AcceptedChange[] = [];
  const run = unit.run;
  const now = run === undefined ? undefined : rows.runs.get(run.key);
  // The unit's own token is there: it was applied (S6).
  if (run !== undefined && now?.version === run.expectVersion + 1 && now.token === run.token)
    return { status: 'repeated' };
  if (unit.change !== undefined) {
    const before = rows.tasks.get(unit.change.key);
    switch (matches(rows, unit.change)) {
      case 'yes':
        if (before !== undefined) changes.push({ change: unit.change, before });
        break;
      case 'repeated':
        return { status: 'repeated' };
      case 'illegal':
        return refused({ status: 'invalid', error: illegal(unit.change, before).toRecord() });
      case 'no':
        return refused({ status: 'stale_fence' });
    }
  }
  if (run !== undefined) {
    if (now?.version !== run.expectVersion || now.token !== run.expectToken)
      return refused({ status: 'stale_version' });
    rows.runs.set(run.key, { key: run.key, version: run.expectVersion + 1, token: run.token });
  }
  if (unit.change !== undefined) applyTo(rows, unit.change);
  for (const also of unit.also ?? []) {
    const before = rows.tasks.get(also.key);
    if (before === undefined || matches(rows, also) !== 'yes') continue;
    changes.push({ change: also, before });
    applyTo(rows, also);
  }
  return {
    status: 'accepted',
    changes,
    run: run === undefined ? undefined : { change: run, version: run.expectVersion + 1 },
  };
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
 * try is known by its attempt row; a plain release leaves nothing that differs, so "ok" is true of both.
 */
function wrote(rows: PresentRows, change: TaskChange, now: PresentTask): boolean {
  if (now.state !== taskStates[change.to]) return false;
  if (now.ended_ms !== (change.endedMs ?? null) || now.due_ms !== (change.dueMs ?? null))
    return false;
  if (change.to !== 'ready') return true;
  return change.attempt === undefined || rows.attempts.has(attemptName(change.key, change.attempt));
}

/** Name of an attempt row, for looking it up. */
export function attemptName(
  task: TaskKey,
  attempt: { fence: number; outcome: string; endedMs: number },
): string {
  return `${task} ${attempt.fence} ${attempt.outcome} ${attempt.endedMs}`;
}

function applyTo(rows: PresentRows, change: TaskChange): void {
  const now = rows.tasks.get(change.key);
  if (now === undefined) return;
  rows.tasks.set(change.key, {
    ...now,
    state: taskStates[change.to],
    fence: 'fence' in change.guard ? now.fence : now.fence + 1,
    capped: 0,
    due_ms: change.dueMs ?? null,
    ended_ms: change.endedMs ?? null,
  });
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
