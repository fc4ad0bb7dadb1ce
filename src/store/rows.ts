// Rows of either driver -> the contract's objects. Rows are untyped at this edge: each field is converted, none is trusted to have its type.

import { eventTypeName, formatId, runStateName } from '../contract/plain.ts';
import type { HiveEvent, JournalStep, RunParent, RunRow } from '../contract/index.ts';

type Row = Record<string, unknown>;

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const number = (value: unknown): number | null =>
  value === null || value === undefined ? null : Number(value);

export function eventOfRow(row: Row, cursor: string): HiveEvent {
  return {
    type: eventTypeName(Number(row['type'])),
    cursor,
    atMs: Number(row['at_ms']),
    tenant: Number(row['tenant']),
    runId: row['run'] instanceof Uint8Array ? formatId('run', row['run']) : null,
    taskId: row['task'] instanceof Uint8Array ? formatId('task', row['task']) : null,
    seq: number(row['seq']),
    data: JSON.parse(text(row['data']) ?? '{}') as Record<string, unknown>,
  };
}

const journalKinds = ['step', 'sleep', 'effect', 'approval', 'event', 'child'] as const;

/** A row of the journal whose large result was put back in (coalesce with blobs). A kind that no version wrote reads as a step. */
export function journalStepOfRow(row: Row): JournalStep {
  const dueMs = number(row['due_ms']);
  const subject = text(row['subject']);
  const payload = text(row['payload']);
  const code = text(row['code']);
  return {
    name: text(row['name']) ?? '',
    occurrence: Number(row['occurrence']),
    kind: journalKinds.find((kind) => kind === row['kind']) ?? 'step',
    result: text(row['result']),
    atMs: Number(row['at_ms']),
    ...(dueMs === null ? {} : { dueMs }),
    ...(subject === null ? {} : { subject }),
    ...(payload === null ? {} : { payload }),
    ...(code === null ? {} : { code }),
  };
}

function parentOfRow(row: Row): RunParent | null {
  const task = number(row['parent_task']);
  if (task === null) return null;
  return {
    task,
    name: text(row['parent_name']) ?? '',
    occurrence: Number(row['parent_occurrence']),
    root: number(row['root']),
    depth: Number(row['depth']),
  };
}

export function runOfRow(row: Row): RunRow {
  return {
    key: Number(row['key']),
    id: formatId('run', row['id'] as Uint8Array),
    tenant: Number(row['tenant']),
    project: Number(row['project']),
    workflow: text(row['workflow']) ?? '',
    title: text(row['title']) ?? '',
    graph: text(row['graph']) ?? '',
    progress: text(row['progress']) ?? '',
    state: runStateName(Number(row['state'])),
    version: Number(row['version']),
    token: Number(row['token']),
    seq: Number(row['seq']),
    input: text(row['input']) ?? 'null',
    output: text(row['output']),
    error: text(row['error']),
    createdMs: Number(row['created_ms']),
    startedMs: number(row['started_ms']),
    endedMs: number(row['ended_ms']),
    deadlineMs: number(row['deadline_ms']),
    parent: parentOfRow(row),
    origin: text(row['origin']),
  };
}
