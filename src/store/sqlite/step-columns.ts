// Rows of journals as columns for the way to the writer thread (see wire.ts for why). I1: decoding gives back what was encoded.

import type { JournalStep } from '../../contract/index.ts';

/** Rows of journals, one entry per row in every column. */
export type StepColumns = { [K in keyof JournalStep]-?: (JournalStep[K] | null)[] };

export const emptySteps = (): StepColumns => ({
  name: [],
  occurrence: [],
  kind: [],
  result: [],
  dueMs: [],
  subject: [],
  payload: [],
  code: [],
  atMs: [],
});

export function addStep(columns: StepColumns, step: JournalStep): void {
  columns.name.push(step.name);
  columns.occurrence.push(step.occurrence);
  columns.kind.push(step.kind);
  columns.result.push(step.result);
  columns.dueMs.push(step.dueMs ?? null);
  columns.subject.push(step.subject ?? null);
  columns.payload.push(step.payload ?? null);
  columns.code.push(step.code ?? null);
  columns.atMs.push(step.atMs);
}

/** The rows from one index to another (absent: to the end); null when there are none. */
export function stepsBetween(
  steps: StepColumns,
  from = 0,
  until = steps.name.length,
): JournalStep[] | null {
  if (from === until) return null;
  const rows: JournalStep[] = [];
  for (let i = from; i < until; i++) rows.push(stepAt(steps, i));
  return rows;
}

function stepAt(columns: StepColumns, at: number): JournalStep {
  const dueMs = columns.dueMs[at];
  const subject = columns.subject[at];
  const payload = columns.payload[at];
  const code = columns.code[at];
  return {
    name: columns.name[at] ?? '',
    occurrence: columns.occurrence[at] ?? 0,
    kind: columns.kind[at] ?? 'step',
    result: columns.result[at] ?? null,
    atMs: columns.atMs[at] ?? 0,
    ...(typeof dueMs === 'number' ? { dueMs } : {}),
    ...(typeof subject === 'string' ? { subject } : {}),
    ...(typeof payload === 'string' ? { payload } : {}),
    ...(typeof code === 'string' ? { code } : {}),
  };
}
