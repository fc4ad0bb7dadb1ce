/** Every operation, as data, and the one door that all transports call. */
import { hiveError } from '../contract/index.ts';
import type { OperationName } from '../contract/index.ts';
import { approvalApprove, approvalEdit, approvalReject } from './approval-decide.ts';
import { approvalList } from './approval-list.ts';
import { approvalShow } from './approval-show.ts';
import { eventList } from './event-list.ts';
import { hiveDoctor } from './hive-doctor.ts';
import { hiveStatus } from './hive-status.ts';
import { inspectStart } from './inspect-start.ts';
import { metricsSnapshot } from './metrics-snapshot.ts';
import { requirePermission } from './operation.ts';
import type { Operation, OperationContext } from './operation.ts';
import { retentionSet } from './retention-set.ts';
import { retentionShow } from './retention-show.ts';
import { runCancel } from './run-cancel.ts';
import { runDiff } from './run-diff.ts';
import { runExport } from './run-export.ts';
import { runFork } from './run-fork.ts';
import { runList } from './run-list.ts';
import { runPause } from './run-pause.ts';
import { runPrune } from './run-prune.ts';
import { runReplay } from './run-replay.ts';
import { runResume } from './run-resume.ts';
import { runRetry } from './run-retry.ts';
import { runShow } from './run-show.ts';
import { runSignal } from './run-signal.ts';
import { runStart } from './run-start.ts';
import { runTasks } from './run-tasks.ts';
import { runWatch } from './run-watch.ts';
import { taskBatch } from './task-batch.ts';
import { taskCancel } from './task-cancel.ts';
import { taskCreate } from './task-create.ts';
import { taskList } from './task-list.ts';
import { taskRequeue } from './task-requeue.ts';
import { taskResolve } from './task-resolve.ts';
import { taskShow } from './task-show.ts';
import { taskWhy } from './task-why.ts';
import { workflowList } from './workflow-list.ts';
import { workflowValidate } from './workflow-validate.ts';

export const operations: readonly Operation[] = [
  inspectStart,
  runStart,
  runList,
  runShow,
  runTasks,
  runCancel,
  runWatch,
  runPause,
  runResume,
  runRetry,
  runFork,
  runSignal,
  runReplay,
  runDiff,
  runExport,
  runPrune,
  taskCreate,
  taskList,
  taskShow,
  taskWhy,
  taskCancel,
  taskBatch,
  taskRequeue,
  taskResolve,
  approvalList,
  approvalShow,
  approvalApprove,
  approvalEdit,
  approvalReject,
  workflowValidate,
  workflowList,
  retentionShow,
  retentionSet,
  hiveStatus,
  hiveDoctor,
  eventList,
  metricsSnapshot,
];

const byName = new Map(operations.map((operation) => [operation.name, operation]));

/** Calls an operation: permission, then input, then handler. Throws HiveErrors. */
export async function invokeOperation(
  context: OperationContext,
  name: string,
  raw: unknown,
): Promise<unknown> {
  const operation = byName.get(name as OperationName);
  if (operation === undefined) {
    throw hiveError('NOT_FOUND', { message: `there is no operation ${name.slice(0, 60)}` });
  }
  requirePermission(context.principal, operation);
  return operation.run(context, raw);
}
