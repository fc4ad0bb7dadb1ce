// New tasks as columns for the way to the writer thread (see wire.ts for why). I1: decode gives back what was encoded; absent fields stay absent.

import type { HostKey, NewAudit, NewTask } from '../../contract/index.ts';

type Columns = { [K in Exclude<keyof NewTask, 'lease'>]-?: (NewTask[K] | null)[] };
/** One entry per task in every column; null where the task has no such field. */
export interface TaskColumns extends Columns {
  leaseHost: (HostKey | null)[];
  leaseAgent: (string | null)[];
  leaseAssignment: (string | null)[];
  leaseUntilMs: (number | null)[];
}

const names = [
  'id',
  'tenant',
  'project',
  'run',
  'node',
  'item',
  'name',
  'description',
  'type',
  'priority',
  'route',
  'capKey',
  'input',
  'idempotencyKey',
  'bodyHash',
  'state',
  'reason',
  'dueMs',
  'timeoutMs',
  'retry',
  'createdMs',
  'leaseHost',
  'leaseAgent',
  'leaseAssignment',
  'leaseUntilMs',
] as const satisfies readonly (keyof TaskColumns)[];

export function emptyTasks(): TaskColumns {
  return Object.fromEntries(names.map((name) => [name, []])) as unknown as TaskColumns;
}

export function addTask(columns: TaskColumns, task: NewTask): void {
  columns.id.push(task.id);
  columns.tenant.push(task.tenant);
  columns.project.push(task.project);
  columns.run.push(task.run ?? null);
  columns.node.push(task.node ?? null);
  columns.item.push(task.item ?? null);
  columns.name.push(task.name);
  columns.description.push(task.description ?? null);
  columns.type.push(task.type);
  columns.priority.push(task.priority);
  columns.route.push(task.route);
  columns.capKey.push(task.capKey ?? null);
  columns.input.push(task.input);
  columns.idempotencyKey.push(task.idempotencyKey ?? null);
  columns.bodyHash.push(task.bodyHash ?? null);
  columns.state.push(task.state);
  columns.reason.push(task.reason);
  columns.dueMs.push(task.dueMs ?? null);
  columns.timeoutMs.push(task.timeoutMs);
  columns.retry.push(task.retry);
  columns.createdMs.push(task.createdMs);
  columns.leaseHost.push(task.lease?.host ?? null);
  columns.leaseAgent.push(task.lease?.agent ?? null);
  columns.leaseAssignment.push(task.lease?.assignment ?? null);
  columns.leaseUntilMs.push(task.lease?.untilMs ?? null);
}

type Writable = { -readonly [K in keyof NewTask]: NewTask[K] };

function fill<K extends keyof NewTask>(
  task: Writable,
  name: K,
  value: NewTask[K] | null | undefined,
): void {
  if (value !== null && value !== undefined) task[name] = value;
}

/** Required columns hold no null by construction (addTask). */
function required<T>(column: readonly (T | null)[], at: number): T {
  return column[at] as T;
}

export function taskAt(columns: TaskColumns, at: number): NewTask {
  const task: Writable = {
    id: required(columns.id, at),
    tenant: required(columns.tenant, at),
    project: required(columns.project, at),
    name: required(columns.name, at),
    type: required(columns.type, at),
    priority: required(columns.priority, at),
    route: required(columns.route, at),
    input: required(columns.input, at),
    state: required(columns.state, at),
    reason: required(columns.reason, at),
    timeoutMs: required(columns.timeoutMs, at),
    retry: required(columns.retry, at),
    createdMs: required(columns.createdMs, at),
  };
  fill(task, 'run', columns.run[at]);
  fill(task, 'node', columns.node[at]);
  fill(task, 'item', columns.item[at]);
  fill(task, 'description', columns.description[at]);
  fill(task, 'capKey', columns.capKey[at]);
  fill(task, 'idempotencyKey', columns.idempotencyKey[at]);
  fill(task, 'bodyHash', columns.bodyHash[at]);
  fill(task, 'dueMs', columns.dueMs[at]);
  const host = columns.leaseHost[at] ?? null;
  if (host !== null)
    task.lease = {
      host,
      agent: required(columns.leaseAgent, at),
      assignment: required(columns.leaseAssignment, at),
      untilMs: required(columns.leaseUntilMs, at),
    };
  return task;
}

export interface AuditColumns {
  atMs: number[];
  tenant: number[];
  actor: string[];
  action: string[];
  subject: string[];
  /** JSON text. */
  data: string[];
}

export const emptyAudits = (): AuditColumns => ({
  atMs: [],
  tenant: [],
  actor: [],
  action: [],
  subject: [],
  data: [],
});

export function addAudit(columns: AuditColumns, audit: NewAudit): void {
  columns.atMs.push(audit.atMs);
  columns.tenant.push(audit.tenant);
  columns.actor.push(audit.actor);
  columns.action.push(audit.action);
  columns.subject.push(audit.subject);
  columns.data.push(JSON.stringify(audit.data));
}

export function auditAt(columns: AuditColumns, at: number): NewAudit {
  return {
    atMs: required(columns.atMs, at),
    tenant: required(columns.tenant, at),
    actor: required(columns.actor, at),
    action: required(columns.action, at),
    subject: required(columns.subject, at),
    data: JSON.parse(required(columns.data, at)) as NewAudit['data'],
  };
}
