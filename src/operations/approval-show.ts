/** Shows one approval: what is asked, of whom, until when, and how it was decided. */
import { readApproval } from './approval-reads.ts';
import { defineOperation } from './operation.ts';

export const approvalShow = defineOperation('approval.show', {
  summary: 'Show one approval',
  permission: 'run:read',
  handler: (context, { id }) => readApproval(context, id),
});
