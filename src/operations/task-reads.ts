/** Reading task rows and turning them into views. A task without a run row is its own run of one node. */
import {
  formatId,
  retryPresetNames,
  retryPresets,
  taskLabel,
  taskReasons,
  taskStateName,
} from '../contract/index.ts';
import type { TaskCounts, TaskReason, TaskSummary } from '../contract/index.ts';
import type { OperationContext } from './operation.ts';
import { storedError } from './stored-json.ts';

/** The columns that a summary needs, in one place, so that lists never read payloads. */
export function taskQuery({ hive, principal }: OperationContext) {
  return hive.sql
    .selectFrom('tasks')
    .leftJoin('runs', 'runs.key', 'tasks.run')
    .where('tasks.tenant', '=', principal.tenant)
    .select([
      'tasks.key as key',
      'tasks.id as id',
      'tasks.run as run',
      'runs.id as run_id',
      'tasks.node as node',
      'tasks.item as item',
      'tasks.name as name',
      'tasks.type as type',
      'tasks.priority as priority',
      'tasks.state as state',
      'tasks.reason as reason',
      'tasks.agent as agent',
      'tasks.errors as errors',
      'tasks.retry as retry',
      'tasks.due_ms as due_ms',
      'tasks.created_ms as created_ms',
      'tasks.started_ms as started_ms',
      'tasks.ended_ms as ended_ms',
      'tasks.error as error',
    ]);
}

export interface TaskRow {
  key: number;
  id: Uint8Array;
  run: number | null;
  run_id: Uint8Array | null;
  node: string | null;
  item: number | null;
  name: string;
  type: string;
  priority: number;
  state: number;
  reason: string;
  agent: string | null;
  errors: number;
  retry: string;
  due_ms: number | null;
  created_ms: number;
  started_ms: number | null;
  ended_ms: number | null;
  error: string | null;
}

export function toTaskSummary(row: TaskRow, nowMs: number): TaskSummary {
  const state = taskStateName(row.state);
  return {
    id: formatId('task', row.id),
    runId: formatId('run', row.run_id ?? row.id),
    node: row.node,
    item: row.item,
    name: row.name,
    type: row.type,
    priority: row.priority,
    state,
    reason: row.reason,
    label: taskLabel({
      state,
      reason: asReason(row.reason),
      errors: row.errors,
      maxAttempts: maxAttemptsOf(row.retry),
      dueMs: row.due_ms,
      nowMs,
    }),
    agent: row.agent,
    createdMs: row.created_ms,
    startedMs: row.started_ms,
    endedMs: row.ended_ms,
    error: storedError(row.error),
  };
}

/** Tries that a stored preset allows. */
export function maxAttemptsOf(preset: string): number {
  const known = retryPresetNames.find((name) => name === preset) ?? 'default';
  return retryPresets[known].maxAttempts;
}

const asReason = (text: string): TaskReason =>
  taskReasons.find((reason) => reason === text) ?? 'none';

export const noTasks: TaskCounts = {
  total: 0,
  waiting: 0,
  running: 0,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  skipped: 0,
};

/** Adds `count` tasks of one stored state. */
export function addToCounts(counts: TaskCounts, stateCode: number, count: number): TaskCounts {
  const part = partOf(stateCode);
  return { ...counts, total: counts.total + count, [part]: counts[part] + count };
}

function partOf(stateCode: number): Exclude<keyof TaskCounts, 'total'> {
  const state = taskStateName(stateCode);
  switch (state) {
    case 'leased':
      return 'running';
    case 'failed':
    case 'dead':
      return 'failed';
    case 'succeeded':
    case 'cancelled':
    case 'skipped':
      return state;
    case 'blocked':
    case 'waiting':
    case 'ready':
    case 'paused':
    case 'uncertain':
      return 'waiting';
    default:
      return state satisfies never;
  }
}
