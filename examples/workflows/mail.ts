// A workflow as code: the same graph, with types, with schemas by zod, and with whatever a program can compute of it.

import { z } from 'zod';
import { defineWorkflow } from 'hivewright';

const languages = ['de', 'fr', 'pl'];

export default defineWorkflow({
  name: 'mail',
  version: '1',
  input: z.object({ text: z.string() }),
  nodes: [
    ...languages.map((language) => ({
      kind: 'agent' as const,
      id: language,
      capabilities: ['echo'],
      input: { language },
      inputs: { text: 'input.text' },
    })),
    { kind: 'agent', id: 'all', capabilities: ['aggregate'], after: languages },
    {
      kind: 'approval',
      id: 'send',
      after: ['all'],
      message: 'Send these mails?',
      show: { mails: 'from.all.results' },
      form: z.object({ copies: z.number().int().min(1).default(1) }),
      onReject: 'continue',
    },
  ],
});
