/** Every operation, as data, and the one door that all transports call. */
import { hiveError } from '../contract/index.ts';
import type { OperationName } from '../contract/index.ts';
import { eventList } from './event-list.ts';
import { hiveDoctor } from './hive-doctor.ts';
import { hiveStatus } from './hive-status.ts';
import { inspectStart } from './inspect-start.ts';
import { metricsSnapshot } from './metrics-snapshot.ts';
import { requirePermission } from './operation.ts';
import type { Operation, OperationContext } from './operation.ts';
import { runCancel } from './run-cancel.ts';
import { runList } from './run-list.ts';
import { runShow } from './run-show.ts';
import { runTasks } from './run-tasks.ts';
import { runWatch } from './run-watch.ts';
import { taskCancel } from './task-cancel.ts';
import { taskCreate } from './task-create.ts';
import { taskList } from './task-list.ts';
import { taskShow } from './task-show.ts';
import { taskWhy } from './task-why.ts';

export const operations: readonly Operation[] = [
  inspectStart,
  runList,
  runShow,
  runTasks,
  runCancel,
  runWatch,
  taskCreate,
  taskList,
  taskShow,
  taskWhy,
  taskCancel,
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
