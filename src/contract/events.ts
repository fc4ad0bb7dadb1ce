// Events: facts in the append-only log, one closed union (S0-163 to S0-172 verbatim, and ours). Numbers are stored and never reused.
// I1: names are `noun.verb`. I2: per run the sequence has no gap. I3: task.created and task.started are carried by the row that ends a task
// (columns createdMs, startedMs) and reach live watchers as signals; only the listed durable ones become rows.

export const eventTypes = {
  'agent.registered': 1,
  'agent.status_changed': 2,
  'agent.task_assigned': 3, // signal only
  'task.created': 4, // signal only
  'task.started': 5, // signal only
  'task.completed': 6,
  'task.failed': 7,
  'metrics.update': 8, // reserved
  'system.alert': 9, // reserved
  'config.changed': 10, // reserved
  'run.started': 11,
  'run.completed': 12,
  'run.failed': 13,
  'run.cancelled': 14,
  'task.cancelled': 15,
  'task.skipped': 16,
  'task.retrying': 17, // signal only
  'task.waiting': 18, // signal only
  'task.progress': 19, // signal only
  'host.started': 20,
  'host.lost': 21,
  'run.paused': 22,
  'run.resumed': 23,
  'run.signalled': 24,
  'approval.requested': 25, // signal only
  'approval.decided': 26,
  'task.uncertain': 27, // signal only
  'task.resolved': 28,
  'run.compensating': 29,
} as const;
export type EventType = keyof typeof eventTypes;

const names = Object.keys(eventTypes) as EventType[];
const byCode = new Map<number, EventType>(names.map((name) => [eventTypes[name], name]));

export function eventTypeName(code: number): EventType {
  const name = byCode.get(code);
  if (name === undefined) throw new RangeError(`event type ${code}`);
  return name;
}

/** An event as watchers and readers get it. `cursor` is opaque and orders durable events; a signal has none. */
export interface HiveEvent {
  type: EventType;
  cursor: string | null;
  atMs: number;
  tenant: number;
  runId: string | null;
  taskId: string | null;
  /** Position inside its run, from 1, without a gap; null for signals and for tasks without a run row. */
  seq: number | null;
  data: Readonly<Record<string, unknown>>;
}
