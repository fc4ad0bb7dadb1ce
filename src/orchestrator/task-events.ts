// The durable event of a task's end: one row that carries created, started, ended and who did it (design 5.2).

import type {
  ClaimedTask,
  ErrorRecord,
  EventType,
  HiveEvent,
  NewEvent,
  TaskState,
} from '../contract/index.ts';
import type { HeldTask } from './lease-book.ts';

export interface TaskEndFacts {
  task: Pick<ClaimedTask, 'id' | 'tenant' | 'runId' | 'node' | 'createdMs' | 'attempt'>;
  to: TaskState;
  startedMs: number | null;
  endedMs: number;
  agent: string | null;
  instance: string | null;
  reason?: string;
  error?: ErrorRecord;
  seq?: number;
}

/** Which event says that a task ended in this state; null for states that are no end. */
export function endEventType(state: TaskState): EventType | null {
  switch (state) {
    case 'succeeded':
      return 'task.completed';
    case 'failed':
    case 'dead':
      return 'task.failed';
    case 'cancelled':
      return 'task.cancelled';
    case 'skipped':
      return 'task.skipped';
    case 'blocked':
    case 'waiting':
    case 'ready':
    case 'leased':
    case 'paused':
    case 'uncertain':
      return null;
  }
}

/** Empty when the state is no end. */
export function taskEndEvents(facts: TaskEndFacts): NewEvent[] {
  const type = endEventType(facts.to);
  if (type === null) return [];
  const { task, error } = facts;
  return [
    {
      type,
      tenant: task.tenant,
      atMs: facts.endedMs,
      task: task.id,
      ...(task.runId === null ? {} : { run: task.runId }),
      ...(facts.seq === undefined ? {} : { seq: facts.seq }),
      data: {
        createdMs: task.createdMs,
        startedMs: facts.startedMs,
        endedMs: facts.endedMs,
        agent: facts.agent,
        instance: facts.instance,
        attempt: task.attempt,
        ...(task.node === null ? {} : { node: task.node }),
        ...(facts.reason === undefined || facts.reason === 'none' ? {} : { reason: facts.reason }),
        ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
      },
    },
  ];
}

/** What live watchers are told of a task that is worked on here; nothing of it is kept. */
export function taskSignal(
  type: HiveEvent['type'],
  of: { held: HeldTask; atMs: number; data?: Readonly<Record<string, unknown>> },
): HiveEvent {
  const { task, agent } = of.held;
  const { name, node, item, attempt } = task;
  return {
    type,
    cursor: null,
    atMs: of.atMs,
    tenant: task.tenant,
    runId: task.runId,
    taskId: task.id,
    seq: null,
    data: { ...of.data, name, node, item, agent, attempt },
  };
}
