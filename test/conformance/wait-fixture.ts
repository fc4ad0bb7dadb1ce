// Builders for tasks that wait: an open wait in a journal, the suspension that writes it, and what answers it.

import type {
  ClaimedTask,
  JournalStep,
  NewDelivery,
  RunId,
  SettleUnit,
  TaskChange,
  WaitAnswer,
} from '../../src/contract/index.ts';
import type { Fixture } from './store-fixture.ts';

/** An open wait: a row without result. `about` is its subject, or more of its fields. */
export function openWait(
  f: Fixture,
  kind: 'approval' | 'event' | 'child',
  about: string | (Partial<JournalStep> & { subject: string }),
): JournalStep {
  const over = typeof about === 'string' ? { subject: about } : about;
  return { name: kind, occurrence: 0, kind, result: null, atMs: f.nowMs, ...over };
}

/** The end of an attempt that waits for these. */
export function suspension(
  f: Fixture,
  task: Pick<ClaimedTask, 'key' | 'id' | 'fence'>,
  waits: readonly JournalStep[],
): SettleUnit & { change: TaskChange } {
  const kind = waits[0]?.kind;
  const due = waits.flatMap(({ dueMs }) => dueMs ?? []);
  return {
    flushLane: 0,
    change: {
      key: task.key,
      id: task.id,
      guard: { fence: task.fence },
      to: 'waiting',
      reason: kind === 'approval' || kind === 'event' || kind === 'child' ? kind : 'sleep',
      journal: waits,
      openWaits: waits.map(({ name, occurrence }) => ({ name, occurrence })),
      ...(due.length === 0 ? {} : { dueMs: Math.min(...due) }),
    },
    events: [],
  };
}

/** A claimed task that was just added. */
export async function working(f: Fixture): Promise<ClaimedTask> {
  await f.add(f.task());
  const [task] = await f.claim(1);
  if (task === undefined) throw new Error('nothing claimed');
  return task;
}

/** A task that waits for these. */
export async function waitingFor(
  f: Fixture,
  ...waits: readonly JournalStep[]
): Promise<ClaimedTask> {
  const task = await working(f);
  const [verdict] = await f.store.core.settle([suspension(f, task, waits)]);
  if (verdict?.status !== 'ok') throw new Error(JSON.stringify(verdict));
  return task;
}

export const YES = '{"status":"ok","value":"yes"}';

export function answerTo(
  f: Fixture,
  task: { key: number },
  wait: { name: string; occurrence: number },
): WaitAnswer {
  const { name, occurrence } = wait;
  return { task: task.key, name, occurrence, result: YES, atMs: f.nowMs };
}

/** A unit of answers alone. */
export const answering = (...answers: readonly WaitAnswer[]): SettleUnit => ({
  flushLane: 0,
  answers,
  events: [],
});

/** The run id that a single task has: the bytes of its own. */
export const runIdOf = (task: { id: string }): RunId => task.id.replace('tsk_', 'run_') as RunId;

/** An event for a single task. */
export function delivery(
  f: Fixture,
  task: { key: number; id: string },
  over: Partial<NewDelivery> = {},
): SettleUnit {
  return {
    flushLane: 0,
    deliver: {
      tenant: f.tenant,
      run: runIdOf(task),
      runKey: null,
      taskKey: task.key,
      name: 'paid',
      data: '{"n":1}',
      by: 'tester',
      atMs: f.nowMs,
      ...over,
    },
    events: [],
  };
}

export async function journalOf(f: Fixture, task: { key: number }): Promise<(string | null)[][]> {
  const rows = await f.store.core.loadJournal(task.key);
  return rows.map((row) => [row.name, row.result]);
}
