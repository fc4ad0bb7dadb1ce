// The rows of the operation table about approvals: what people are asked, and their answers.

import { z } from 'zod';
import { byId, comment, flag, id, next, page, route } from './operation-fields.ts';
import { approvalView, jsonView } from './views.ts';

const decided = z.object({ id: z.string(), decision: z.enum(['approved', 'rejected']) });

export const approvalOperations = {
  'approval.list': route({
    method: 'GET',
    path: '/approvals',
    input: z.strictObject({
      ...page,
      /** Also those that are decided. */
      all: flag,
    }),
    output: z.object({ approvals: z.array(approvalView), next }),
  }),
  'approval.show': route({
    method: 'GET',
    path: '/approvals/:id',
    input: byId,
    output: approvalView,
  }),
  'approval.approve': route({
    method: 'POST',
    path: '/approvals/:id/approve',
    /** Without answer: the defaults of the form. */
    input: z.strictObject({ id, answer: jsonView.optional(), comment }),
    output: decided,
  }),
  'approval.edit': route({
    method: 'POST',
    path: '/approvals/:id/edit',
    /** Approves with the form's defaults changed in these fields. */
    input: z.strictObject({ id, answer: jsonView, comment }),
    output: decided,
  }),
  'approval.reject': route({
    method: 'POST',
    path: '/approvals/:id/reject',
    input: z.strictObject({ id, answer: jsonView.optional(), comment }),
    output: decided,
  }),
} as const;
