// Claimed tasks as columns for the way back from the writer thread (see wire.ts for why).

import type { ClaimedTask } from '../../contract/index.ts';

export type ClaimColumns = { [K in keyof ClaimedTask]: ClaimedTask[K][] };

export const emptyClaim = (): ClaimColumns => ({
  key: [],
  id: [],
  tenant: [],
  project: [],
  runKey: [],
  runId: [],
  node: [],
  item: [],
  name: [],
  type: [],
  priority: [],
  route: [],
  lane: [],
  input: [],
  fence: [],
  attempt: [],
  crashes: [],
  suspect: [],
  journalSteps: [],
  timeoutMs: [],
  retry: [],
  createdMs: [],
  group: [],
});

export function addClaimed(columns: ClaimColumns, task: ClaimedTask): void {
  columns.key.push(task.key);
  columns.id.push(task.id);
  columns.tenant.push(task.tenant);
  columns.project.push(task.project);
  columns.runKey.push(task.runKey);
  columns.runId.push(task.runId);
  columns.node.push(task.node);
  columns.item.push(task.item);
  columns.name.push(task.name);
  columns.type.push(task.type);
  columns.priority.push(task.priority);
  columns.route.push(task.route);
  columns.lane.push(task.lane);
  columns.input.push(task.input);
  columns.fence.push(task.fence);
  columns.attempt.push(task.attempt);
  columns.crashes.push(task.crashes);
  columns.suspect.push(task.suspect);
  columns.journalSteps.push(task.journalSteps);
  columns.timeoutMs.push(task.timeoutMs);
  columns.retry.push(task.retry);
  columns.createdMs.push(task.createdMs);
  columns.group.push(task.group);
}

export function claimedTasks(columns: ClaimColumns): ClaimedTask[] {
  return columns.key.map((key, at) => ({
    key,
    id: cell(columns.id, at),
    tenant: cell(columns.tenant, at),
    project: cell(columns.project, at),
    runKey: cell(columns.runKey, at),
    runId: cell(columns.runId, at),
    node: cell(columns.node, at),
    item: cell(columns.item, at),
    name: cell(columns.name, at),
    type: cell(columns.type, at),
    priority: cell(columns.priority, at),
    route: cell(columns.route, at),
    lane: cell(columns.lane, at),
    input: cell(columns.input, at),
    fence: cell(columns.fence, at),
    attempt: cell(columns.attempt, at),
    crashes: cell(columns.crashes, at),
    suspect: cell(columns.suspect, at),
    journalSteps: cell(columns.journalSteps, at),
    timeoutMs: cell(columns.timeoutMs, at),
    retry: cell(columns.retry, at),
    createdMs: cell(columns.createdMs, at),
    group: cell(columns.group, at),
  }));
}

/** Columns have equal length by construction (addClaimed). */
function cell<T>(column: readonly T[], at: number): T {
  return column[at] as T;
}
