/** One page of tasks, newest first inside a list over everything, oldest first inside a run. */
import { taskStates } from '../contract/index.ts';
import type { TaskState, TaskSummary } from '../contract/index.ts';
import type { OperationContext } from './operation.ts';
import { cursorPart, encodeCursor } from './page-cursor.ts';
import type { RunTarget } from './run-reads.ts';
import { selectRows } from './select-rows.ts';
import { taskQuery, toTaskSummary } from './task-reads.ts';

export interface TaskPage {
  limit: number;
  cursor: string | undefined;
  state: TaskState | undefined;
  target?: RunTarget;
}

export async function listTasks(
  context: OperationContext,
  { limit, cursor, state, target }: TaskPage,
): Promise<{ tasks: TaskSummary[]; next: string | null }> {
  const isNewestFirst = target === undefined;
  let query = taskQuery(context)
    .orderBy('tasks.key', isNewestFirst ? 'desc' : 'asc')
    .limit(limit + 1);
  const from = cursorPart(cursor, 'task');
  if (from !== undefined) query = query.where('tasks.key', isNewestFirst ? '<' : '>', from);
  if (state !== undefined) query = query.where('tasks.state', '=', taskStates[state]);
  if (target !== undefined) {
    query = query.where(target.kind === 'graph' ? 'tasks.run' : 'tasks.key', '=', target.key);
  }
  const rows = await selectRows(context, query);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const nowMs = context.clock.now();
  return {
    tasks: shown.map((row) => toTaskSummary(row, nowMs)),
    next: rows.length > limit && last !== undefined ? encodeCursor({ task: last.key }) : null,
  };
}
