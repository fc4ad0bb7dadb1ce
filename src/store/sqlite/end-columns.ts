// Plain ends of tasks, with the last rows of their journals, as columns for the way to the writer thread (see wire.ts for why).
// I1: the steps of all ends lie one after the other in the columns of `steps`; `stepFrom` says where those of an end begin.

import { taskStates } from '../../contract/plain.ts';
import type {
  JournalStep,
  NewEvent,
  SettleUnit,
  TaskReason,
  TaskState,
} from '../../contract/index.ts';
import { addStep, emptySteps, stepsBetween } from './step-columns.ts';
import type { StepColumns } from './step-columns.ts';

/** Plain ends of tasks, one entry per task in every column. */
export interface EndColumns {
  key: number[];
  id: string[];
  fence: number[];
  state: number[];
  reason: TaskReason[];
  result: (string | null)[];
  agent: (string | null)[];
  startedMs: (number | null)[];
  endedMs: (number | null)[];
  tenant: number[];
  eventType: NewEvent['type'][];
  eventMs: number[];
  /** JSON text. */
  eventData: string[];
  /** Index of the first step of each end; the next end's is where they stop. */
  stepFrom: number[];
  steps: StepColumns;
}

export const emptyEnds = (): EndColumns => ({
  key: [],
  id: [],
  fence: [],
  state: [],
  reason: [],
  result: [],
  agent: [],
  startedMs: [],
  endedMs: [],
  tenant: [],
  eventType: [],
  eventMs: [],
  eventData: [],
  stepFrom: [],
  steps: emptySteps(),
});

/** A unit that only ends one task of no run under its fence, with its one event. */
export function isPlainEnd(unit: SettleUnit): boolean {
  const { change } = unit;
  return (
    change !== undefined &&
    'fence' in change.guard &&
    unit.run === undefined &&
    unit.insert === undefined &&
    unit.also === undefined &&
    unit.audit === undefined &&
    unit.sweep === undefined &&
    unit.answers === undefined &&
    unit.deliver === undefined &&
    unit.children === undefined &&
    unit.events.length === 1 &&
    change.error === undefined &&
    change.attempt === undefined &&
    change.dueMs === undefined &&
    change.addErrors === undefined &&
    change.addCrashes === undefined &&
    change.to === 'succeeded' &&
    unit.events[0]?.seq === undefined &&
    unit.events[0]?.run === undefined &&
    unit.events[0]?.task === change.id
  );
}

export function addEnd(columns: EndColumns, { change, events }: SettleUnit): void {
  const event = events[0];
  if (change === undefined || event === undefined || !('fence' in change.guard)) return;
  columns.key.push(change.key);
  columns.id.push(change.id);
  columns.fence.push(change.guard.fence);
  columns.state.push(taskStates[change.to satisfies TaskState]);
  columns.reason.push(change.reason);
  columns.result.push(change.result ?? null);
  columns.agent.push(change.agent ?? null);
  columns.startedMs.push(change.startedMs ?? null);
  columns.endedMs.push(change.endedMs ?? null);
  columns.tenant.push(event.tenant);
  columns.eventType.push(event.type);
  columns.eventMs.push(event.atMs);
  columns.eventData.push(JSON.stringify(event.data));
  columns.stepFrom.push(columns.steps.name.length);
  for (const step of change.journal ?? []) addStep(columns.steps, step);
}

/** The journal rows of one end, null when it has none. */
export function stepsAt(columns: EndColumns, at: number): JournalStep[] | null {
  return stepsBetween(columns.steps, columns.stepFrom[at], columns.stepFrom[at + 1]);
}
