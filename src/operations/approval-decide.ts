/** Decides an approval. The first decision wins; the answer must match the form that was asked with. */
import { hiveError, parseId } from '../contract/index.ts';
import type { ApprovalView, Json } from '../contract/index.ts';
import { readApproval } from './approval-reads.ts';
import { defineOperation } from './operation.ts';
import type { OperationContext } from './operation.ts';
import { recordOf } from './stored-json.ts';

export const approvalApprove = defineOperation('approval.approve', {
  summary: 'Approve what a run waits for',
  permission: 'approval:decide',
  handler: async (context, { id, answer, comment }) => {
    const asked = await openApproval(context, id);
    await decide(context, {
      id,
      decision: 'approved',
      answer: answer ?? formDefaults(asked.form),
      comment,
    });
    return { id, decision: 'approved' as const };
  },
});

export const approvalEdit = defineOperation('approval.edit', {
  summary: 'Approve with an answer that differs from what the form proposes',
  permission: 'approval:decide',
  handler: async (context, { id, answer, comment }) => {
    const asked = await openApproval(context, id);
    const proposed = formDefaults(asked.form);
    const edited = isObject(proposed) && isObject(answer) ? { ...proposed, ...answer } : answer;
    await decide(context, { id, decision: 'approved', answer: edited, comment });
    return { id, decision: 'approved' as const };
  },
});

export const approvalReject = defineOperation('approval.reject', {
  summary: 'Reject what a run waits for',
  permission: 'approval:decide',
  handler: async (context, { id, answer, comment }) => {
    await openApproval(context, id);
    await decide(context, { id, decision: 'rejected', answer: answer ?? null, comment });
    return { id, decision: 'rejected' as const };
  },
});

/** Looked at before deciding, so that the refusal can say who was faster. Throws NOT_FOUND, APPROVAL_CLOSED. */
async function openApproval(context: OperationContext, id: string): Promise<ApprovalView> {
  const approval = await readApproval(context, id);
  if (approval.state === 'open') return approval;
  const by = approval.by === null ? '' : ` by ${approval.by}`;
  throw hiveError('APPROVAL_CLOSED', { message: `${id} is already ${approval.state}${by}` });
}

async function decide(
  { hive, principal }: OperationContext,
  request: {
    id: string;
    decision: 'approved' | 'rejected';
    answer: Json;
    comment: string | undefined;
  },
): Promise<void> {
  await hive.decideApproval(
    {
      approval: parseId('approval', request.id),
      decision: request.decision,
      answer: request.answer,
      comment: request.comment ?? null,
    },
    { actor: principal.name, tenant: principal.tenant },
  );
}

/** What approving without an answer means: the default of the form, or of each of its fields. */
export function formDefaults(form: Json): Json {
  const { default: whole, properties } = recordOf(form);
  if (whole !== undefined) return whole as Json;
  const fields = Object.entries(recordOf(properties)).flatMap(([name, schema]) => {
    const { default: value } = recordOf(schema);
    return value === undefined ? [] : [[name, value as Json] as const];
  });
  return fields.length === 0 ? null : Object.fromEntries(fields);
}

const isObject = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
