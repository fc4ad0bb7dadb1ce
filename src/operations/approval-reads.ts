/** Approvals: journal rows of kind approval. The row's payload is what is asked, its result the answer; nothing else holds them. */
import { sql } from 'kysely';
import {
  formatId,
  hiveError,
  idBytes,
  isTerminal,
  taskStateName,
  timeOfId,
} from '../contract/index.ts';
import type { ApprovalView, Json } from '../contract/index.ts';
import type { OperationContext } from './operation.ts';
import { selectRows } from './select-rows.ts';
import type { QueryRow } from './select-rows.ts';
import { recordOf, storedJson } from './stored-json.ts';

export function approvalQuery({ hive, principal }: OperationContext) {
  return hive.sql
    .selectFrom('journal')
    .innerJoin('tasks', 'tasks.key', 'journal.task')
    .leftJoin('runs', 'runs.key', 'tasks.run')
    .leftJoin('blobs', (join) =>
      join.onRef('blobs.hash', '=', 'journal.blob').onRef('blobs.tenant', '=', 'journal.tenant'),
    )
    .where('journal.tenant', '=', principal.tenant)
    .where('journal.kind', '=', sql.lit('approval')) // a literal, for the partial indexes
    .select([
      'journal.task as task',
      'journal.position as position',
      'journal.subject as subject',
      'journal.payload as payload',
      'journal.result as result',
      'blobs.data as blob',
      'journal.due_ms as due_ms',
      'journal.at_ms as at_ms',
      'tasks.id as task_id',
      'tasks.name as task_name',
      'tasks.state as task_state',
      'runs.id as run_id',
      'runs.title as run_title',
    ]);
}
export type ApprovalRow = QueryRow<ReturnType<typeof approvalQuery>>;

export function toApprovalView(row: ApprovalRow): ApprovalView {
  const form = recordOf(storedJson(row.payload));
  const text = (field: string): string | null => {
    const value = form[field];
    return typeof value === 'string' ? value : null;
  };
  const end = endOf(row);
  return {
    id: row.subject ?? '',
    state: end.state,
    title: text('title') ?? row.task_name,
    message: text('message') ?? '',
    taskId: formatId('task', row.task_id),
    runId: formatId('run', row.run_id ?? row.task_id),
    runTitle: row.run_title ?? row.task_name,
    show: asJson(form['show']),
    form: asJson(form['form']),
    assignee: text('assignee'),
    escalateTo: text('escalateTo'),
    askedMs: askedMs(row),
    deadlineMs: row.due_ms,
    answer: end.answer,
    by: end.by,
    comment: end.comment,
  };
}

/** From the id, which was made when it was asked: the row's own time is that of its last change, in the end of the decision. */
const askedMs = ({ subject, at_ms }: ApprovalRow): number =>
  subject === null ? at_ms : timeOfId('approval', subject);

interface End {
  state: ApprovalView['state'];
  answer: Json;
  by: string | null;
  comment: string | null;
}

/** A WaitResult whose value is an ApprovalAnswer. Without one the approval is open as long as its task is. */
function endOf({ result, blob, task_state }: ApprovalRow): End {
  const none: End = { state: 'closed', answer: null, by: null, comment: null };
  const stored = result ?? blob;
  if (stored === null) {
    return { ...none, state: isTerminal(taskStateName(task_state)) ? 'closed' : 'open' };
  }
  const { status, value } = recordOf(storedJson(stored));
  if (status === 'timeout') return { ...none, state: 'expired' };
  const { decision, answer, by, comment } = recordOf(value);
  return {
    state:
      decision === 'approved' || decision === 'rejected' || decision === 'expired'
        ? decision
        : 'closed',
    answer: asJson(answer),
    by: typeof by === 'string' ? by : null,
    comment: typeof comment === 'string' ? comment : null,
  };
}

/** Parts of a value that came out of JSON.parse. */
const asJson = (value: unknown): Json => (value === undefined ? null : (value as Json));

/** One approval by its id. Throws ID_INVALID, NOT_FOUND. */
export async function readApproval(context: OperationContext, id: string): Promise<ApprovalView> {
  idBytes('approval', id);
  const [row] = await selectRows(context, approvalQuery(context).where('journal.subject', '=', id));
  if (row === undefined) throw hiveError('NOT_FOUND', { message: `there is no approval ${id}` });
  return toApprovalView(row);
}
