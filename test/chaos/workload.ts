// What the hives under test work on: job i is a single task or a graph of seven, told by its number, with an idempotency key, so that whoever
// starts the hive again may send it again. The agents tell the ledger before they work.

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { GraphInput } from '../../src/contract/index.ts';
import { defineAgent, inlineSource, retryError } from '../../src/agents/index.ts';
import type { AgentSource } from '../../src/agents/index.ts';
import { z } from 'zod';
import type { LedgerClient } from './ledger-client.ts';

export const jobKey = (job: number): string => `job-${job}`;
export const isGraph = (job: number): boolean => job % 3 === 0;
/** Tasks of a finished job. */
export const tasksOf = (job: number): number => (isGraph(job) ? 6 : 1);

/** a and b at once; m over the three items of a; c when m and b are done. */
export function jobGraph(job: number): GraphInput {
  const settings = { capabilities: ['chaos'], timeoutMs: 60_000 };
  return {
    name: 'chaos',
    nodes: [
      { kind: 'agent', id: 'a', ...settings, input: { job, items: 3 } },
      { kind: 'agent', id: 'b', ...settings, input: { job } },
      {
        kind: 'map',
        id: 'm',
        ...settings,
        after: ['a'],
        over: 'a',
        items: 'items',
        input: { job },
      },
      { kind: 'join', id: 'j', after: ['m', 'b'] },
      { kind: 'agent', id: 'c', ...settings, after: ['j'], input: { job } },
    ],
  };
}

/** The same for every sender: the body of a repeated request must be the same. */
export function jobTask(job: number): Record<string, unknown> {
  return {
    name: `job ${job}`,
    type: 'chaos',
    capabilities: ['chaos'],
    input: { job, fails: job % 7 === 1 ? 1 : 0 },
    priority: job % 3,
    timeoutMs: 60_000,
    delayMs: job % 5 === 2 ? 40 : 0,
    idempotencyKey: jobKey(job),
    ...(job % 4 === 1 ? { concurrencyKey: 'shared' } : {}),
  };
}

interface Work {
  items?: number;
  fails?: number;
}

/** Two agents of one capability, so that matching has something to choose. */
export function chaosAgents(ledger: LedgerClient, workMs: number): AgentSource[] {
  return ['bee', 'wasp'].map((name) =>
    inlineSource(
      defineAgent({
        name,
        type: 'chaos',
        version: '1.0.0',
        capabilities: ['chaos'],
        placement: 'inline',
        concurrency: 4,
        input: z.json(),
        execute: async ({ input, taskId, attempt, step }) => {
          const token = randomUUID();
          await ledger.record({ kind: 'begin', task: taskId, attempt, token });
          const outer = input as { input?: Work } & Work;
          const work = outer.input ?? outer;
          const stepToken = await step('one', async () => {
            await ledger.record({ kind: 'step', task: taskId, token });
            return token;
          });
          await delay(workMs);
          if (attempt <= (work.fails ?? 0)) throw retryError('planned failure');
          return {
            token,
            stepToken,
            ...(work.items === undefined
              ? {}
              : { items: Array.from({ length: work.items }, (_, i) => i) }),
          };
        },
      }),
    ),
  );
}
