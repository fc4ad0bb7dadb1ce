/** Cancels the task of a row: what task.cancel and run.cancel of a single task share. */
import { formatId, hiveError, idBytes } from '../contract/index.ts';
import type { OperationContext } from './operation.ts';
import { selectRows } from './select-rows.ts';
import { taskQuery } from './task-reads.ts';

/** `id` is a public task id. Throws ID_INVALID, NOT_FOUND, ILLEGAL_TRANSITION. */
export async function cancelTaskById(context: OperationContext, id: string): Promise<void> {
  const query = taskQuery(context).where('tasks.id', '=', idBytes('task', id));
  const [row] = await selectRows(context, query);
  if (row === undefined) throw hiveError('NOT_FOUND', { message: `there is no task ${id}` });
  await context.hive.cancelTask({
    key: row.key,
    id: formatId('task', row.id),
    tenant: context.principal.tenant,
    runKey: row.run,
    runId: row.run_id === null ? null : formatId('run', row.run_id),
    node: row.node,
    item: row.item,
    createdMs: row.created_ms,
    startedMs: row.started_ms,
    agent: row.agent,
    attempt: row.errors + 1,
    actor: context.principal.name,
  });
}
