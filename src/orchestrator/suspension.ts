// From an attempt that gave its slot back to the rows of what it waits for: who is asked, which event, which child run.
// U1: everything is in one commit: the waiting state, the open waits, the child runs. U2: a wait that could be answered at once (a child that was
// refused or was over when it began) carries its answer, and the store makes the task ready instead of waiting (S10).

import type {
  AttemptOutcome,
  ClaimedTask,
  EnqueueUnit,
  JournalStep,
  SettleUnit,
  WaitResult,
} from '../contract/index.ts';
import type { IdSource } from '../kernel/index.ts';
import type { ChildRuns } from './child-runs.ts';

export type Suspended = Extract<AttemptOutcome, { status: 'suspended' }>;

export interface Suspension {
  outcome: Suspended;
  /** What the unit carries besides the task's change. */
  unit: Pick<SettleUnit, 'children' | 'lockRun'>;
}

/** Run id under which events reach a task: its run's, or of a single task the one with the task's characters. */
export function runIdOf(task: Pick<ClaimedTask, 'id' | 'runId'>): string {
  return task.runId ?? task.id.replace('tsk_', 'run_');
}

export async function suspension(
  task: ClaimedTask,
  outcome: Suspended,
  parts: { ids: IdSource; children: ChildRuns },
): Promise<Suspension> {
  const units: EnqueueUnit[] = [];
  const steps: JournalStep[] = [];
  let hasEvents = false;
  for (const step of outcome.steps) {
    if (step.result !== null) steps.push(step);
    else if (step.kind === 'approval') steps.push({ ...step, subject: parts.ids.make('approval') });
    else if (step.kind === 'event') {
      hasEvents = true;
      steps.push({ ...step, subject: `${runIdOf(task)}/${eventOf(step)}` });
    } else if (step.kind === 'child')
      steps.push(await childStep(task, { step, outcome, units }, parts));
    else steps.push(step);
  }
  return {
    outcome: { ...outcome, steps },
    unit: {
      ...(units.length === 0 ? {} : { children: units }),
      ...(hasEvents && task.runKey !== null ? { lockRun: task.runKey } : {}),
    },
  };
}

function eventOf(step: JournalStep): string {
  return (JSON.parse(step.payload ?? '{}') as { event?: string }).event ?? step.name;
}

async function childStep(
  task: ClaimedTask,
  of: { step: JournalStep; outcome: Suspended; units: EnqueueUnit[] },
  parts: { children: ChildRuns },
): Promise<JournalStep> {
  const { step } = of;
  const request = of.outcome.children.find(
    (each) => each.name === step.name && each.occurrence === step.occurrence,
  );
  if (request === undefined) return step;
  const child = await parts.children.build(task, request, of.units.length);
  if ('error' in child)
    return {
      ...step,
      result: JSON.stringify({ status: 'failed', error: child.error } satisfies WaitResult),
    };
  of.units.push(child.unit);
  const ended = child.unit.run?.ended;
  const subject = child.id;
  if (ended === undefined) return { ...step, subject };
  const result: WaitResult =
    ended.error === undefined
      ? { status: 'ok', run: child.id }
      : { status: 'failed', error: ended.error };
  return { ...step, subject, result: JSON.stringify(result) };
}
