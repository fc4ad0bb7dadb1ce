// The task core in memory, as small as it can be: what the store must answer for one route, one tenant and one host. The property test holds
// the drivers against it. Owns: rows and journal lengths. Does not own: runs, events, fairness (one lane here), which have cases of their own.
// I1: a terminal state never changes. I2: only a leased task has an owner. I4: fences only rise.

import { canTransition, isTerminal, MAX_CRASHES } from '../../src/contract/index.ts';
import type { TaskReason, TaskState } from '../../src/contract/index.ts';

export interface ModelTask {
  key: number;
  priority: number;
  state: TaskState;
  reason: TaskReason;
  fence: number;
  errors: number;
  crashes: number;
  /** 0 never lost an owner, 1 lost one, 2 lost one and marked started since. */
  suspect: 0 | 1 | 2;
  leaseUntilMs: number | null;
  dueMs: number | null;
  journalSteps: number;
  attempts: string[];
}

/** An approval that an attempt asked for under this fence. */
export interface ModelWait {
  name: string;
  fence: number;
  answered: boolean;
}

export type ModelVerdict = 'ok' | 'stale_fence' | 'invalid';

export interface ModelChange {
  guard: { fence: number } | { states: readonly TaskState[] };
  to: Exclude<TaskState, 'leased'>;
  reason: TaskReason;
  dueMs?: number;
  addErrors?: 0 | 1;
  addCrashes?: 0 | 1;
  outcome?: string;
  steps?: number;
}

/** Lease of a task that the reaper holds until its caller has settled it as dead. */
const LAST_LEASE_MS = 15_000;

export class TaskModel {
  readonly tasks = new Map<number, ModelTask>();
  readonly #waits = new Map<number, ModelWait[]>();

  insert(
    key: number,
    over: Pick<ModelTask, 'priority' | 'state' | 'reason'> & Partial<ModelTask>,
  ): void {
    this.tasks.set(key, {
      key,
      fence: 0,
      errors: 0,
      crashes: 0,
      suspect: 0,
      leaseUntilMs: null,
      dueMs: null,
      journalSteps: 0,
      attempts: [],
      ...over,
    });
  }

  claim(slots: number, untilMs: number): ModelTask[] {
    const ready = [...this.tasks.values()].filter((task) => task.state === 'ready');
    const taken = ready
      .toSorted((a, b) => b.priority - a.priority || a.key - b.key)
      .slice(0, slots);
    for (const task of taken) {
      task.state = 'leased';
      task.fence++;
      task.leaseUntilMs = untilMs;
    }
    return taken.map((task) => ({ ...task }));
  }

  settle(key: number, change: ModelChange): ModelVerdict {
    const task = this.tasks.get(key);
    if (task === undefined) return 'stale_fence';
    if ('fence' in change.guard) {
      if (task.state !== 'leased' || task.fence !== change.guard.fence) return 'stale_fence';
    } else {
      if (!change.guard.states.includes(task.state)) return 'stale_fence';
      if (!canTransition(task.state, change.to)) return 'invalid';
      task.fence++;
    }
    task.state = change.to;
    task.reason = change.reason;
    task.dueMs = change.dueMs ?? null;
    task.leaseUntilMs = null;
    task.suspect = 0;
    task.errors += change.addErrors ?? 0;
    task.crashes += change.addCrashes ?? 0;
    task.journalSteps += change.steps ?? 0;
    if (change.outcome !== undefined) task.attempts.push(change.outcome);
    return 'ok';
  }

  #held(key: number, fence: number): ModelTask | undefined {
    const task = this.tasks.get(key);
    return task?.state === 'leased' && task.fence === fence ? task : undefined;
  }

  /** True when stale. */
  start(key: number, fence: number): boolean {
    const task = this.#held(key, fence);
    if (task?.suspect === 1) task.suspect = 2;
    return task === undefined;
  }

  renew(key: number, fence: number, untilMs: number): boolean {
    const task = this.#held(key, fence);
    if (task !== undefined) task.leaseUntilMs = untilMs;
    return task === undefined;
  }

  journal(key: number, fence: number, steps: number): boolean {
    const task = this.#held(key, fence);
    if (task !== undefined) task.journalSteps += steps;
    return task !== undefined;
  }

  waitsOf(key: number): readonly ModelWait[] {
    return this.#waits.get(key) ?? [];
  }

  /** Opened while the attempt goes on. False when stale. */
  openWait(key: number, wait: ModelWait): boolean {
    if (!this.journal(key, wait.fence, 1)) return false;
    this.#waits.set(key, [...this.waitsOf(key), wait]);
    return true;
  }

  /** S10: waits for all that it opened under this fence, and is ready at once when one of them has its answer. */
  suspend(key: number, wait: ModelWait): ModelVerdict {
    if (!this.openWait(key, wait)) return 'stale_fence';
    const own = this.waitsOf(key).filter((each) => each.fence === wait.fence);
    const isAnswered = own.some((each) => each.answered);
    return this.settle(key, {
      guard: { fence: wait.fence },
      to: isAnswered ? 'ready' : 'waiting',
      reason: isAnswered ? 'none' : 'approval',
    });
  }

  /** S9: the first answer wins; an ended task has no open waits. */
  answer(key: number, wait: ModelWait): ModelVerdict {
    const task = this.tasks.get(key);
    if (task === undefined || isTerminal(task.state) || wait.answered) return 'stale_fence';
    wait.answered = true;
    if (task.state === 'waiting') {
      task.state = 'ready';
      task.reason = 'none';
      task.dueMs = null;
    }
    return 'ok';
  }

  reap(nowMs: number): { released: number; exhausted: ModelTask[] } {
    const exhausted: ModelTask[] = [];
    let released = 0;
    for (const task of this.tasks.values()) {
      if (task.state !== 'leased' || (task.leaseUntilMs ?? 0) >= nowMs) continue;
      const crash = task.suspect === 2;
      if (crash && task.crashes + 1 >= MAX_CRASHES) {
        task.fence++;
        task.leaseUntilMs = nowMs + LAST_LEASE_MS;
        exhausted.push({ ...task });
        continue;
      }
      task.state = 'ready';
      task.reason = 'none';
      task.leaseUntilMs = null;
      task.suspect = 1;
      task.crashes += crash ? 1 : 0;
      task.attempts.push(crash ? 'crash' : 'lost');
      released++;
    }
    return { released, exhausted };
  }

  promote(nowMs: number, limit: number): { promoted: number; nextDueMs: number | null } {
    const waiting = (): ModelTask[] =>
      [...this.tasks.values()]
        .filter((task) => task.state === 'waiting' && task.dueMs !== null)
        .toSorted((a, b) => (a.dueMs ?? 0) - (b.dueMs ?? 0));
    const due = waiting()
      .filter((task) => (task.dueMs ?? 0) <= nowMs)
      .slice(0, limit);
    for (const task of due) {
      task.state = 'ready';
      task.reason = 'none';
      task.dueMs = null;
    }
    return { promoted: due.length, nextDueMs: waiting()[0]?.dueMs ?? null };
  }
}
