/** Lists approvals: what is open, longest waiting first, or everything that was ever asked, newest first. */
import { isTerminal, taskStates } from '../contract/index.ts';
import type { TaskState } from '../contract/index.ts';
import { approvalQuery, toApprovalView } from './approval-reads.ts';
import { defineOperation } from './operation.ts';
import { cursorPart, encodeCursor } from './page-cursor.ts';
import { selectRows } from './select-rows.ts';

const openStates = (Object.keys(taskStates) as TaskState[])
  .filter((state) => !isTerminal(state))
  .map((state) => taskStates[state]);

export const approvalList = defineOperation('approval.list', {
  summary: 'List approvals that wait for a decision, or all of them',
  permission: 'run:read',
  handler: async (context, { limit, cursor, all }) => {
    const order = all ? 'desc' : 'asc';
    let query = approvalQuery(context)
      .orderBy('journal.at_ms', order)
      .orderBy('journal.task', order)
      .orderBy('journal.position', order)
      .limit(limit + 1);
    if (!all) {
      query = query
        .where('journal.result', 'is', null)
        .where('journal.blob', 'is', null)
        .where('tasks.state', 'in', openStates);
    }
    const at = cursorPart(cursor, 'at');
    const task = cursorPart(cursor, 'task');
    const position = cursorPart(cursor, 'position');
    if (at !== undefined && task !== undefined && position !== undefined) {
      const beyond = all ? '<' : '>';
      query = query.where((eb) =>
        eb.or([
          eb('journal.at_ms', beyond, at),
          eb.and([eb('journal.at_ms', '=', at), eb('journal.task', beyond, task)]),
          eb.and([
            eb('journal.at_ms', '=', at),
            eb('journal.task', '=', task),
            eb('journal.position', beyond, position),
          ]),
        ]),
      );
    }
    const rows = await selectRows(context, query);
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    return {
      approvals: shown.map(toApprovalView),
      next:
        rows.length > limit && last !== undefined
          ? encodeCursor({ at: last.at_ms, task: last.task, position: last.position })
          : null,
    };
  },
});
