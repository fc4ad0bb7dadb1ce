// The agents of the workflows under test: one does what its input lists, one undoes. They tell the ledger what they do before and after, and what
// they have been told: a step's result that was seen after a barrier must be the same for ever.

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { defineAgent, inlineSource, retryError, stopError } from '../../src/agents/index.ts';
import type { AgentContext, AgentSource, EffectOptions } from '../../src/agents/index.ts';
import { flowAgent } from '../../src/agents/flow/flow-agent.ts';
import type { Json } from '../../src/contract/index.ts';
import type { Op } from './flow-plan.ts';
import type { LedgerClient } from './ledger-client.ts';

interface Work {
  job: number;
  ops: Op[];
  items?: number;
  count?: number;
}

interface Told {
  steps: Record<string, string>;
  effects: string[];
}

class Worker {
  readonly #context: AgentContext<Json>;
  readonly #ledger: LedgerClient;
  readonly #token = randomUUID();
  readonly #told: Told = { steps: {}, effects: [] };

  constructor(context: AgentContext<Json>, ledger: LedgerClient) {
    this.#context = context;
    this.#ledger = ledger;
  }

  async work({ ops, items, count }: Work, workMs: number): Promise<Json> {
    const { taskId: task, attempt } = this.#context;
    await this.#ledger.record({ kind: 'begin', task, attempt, token: this.#token });
    for (const [at, op] of ops.entries()) {
      await delay(workMs);
      await this.#do(op, `${op.do}-${at}`);
    }
    return {
      token: this.#token,
      ...this.#told,
      ...(count === undefined ? {} : { count }),
      ...(items === undefined ? {} : { items: Array.from({ length: items }, (_, i) => i) }),
    };
  }

  async #do(op: Op, name: string): Promise<void> {
    const { step, sleep, approve, waitFor, delegate, attempt } = this.#context;
    switch (op.do) {
      case 'step':
        this.#told.steps[name] = await step(name, async () => {
          const token = randomUUID();
          await this.#ledger.record({ kind: 'step', task: this.#context.taskId, token });
          return token;
        });
        return;
      case 'effect':
        return this.#effect(op, name);
      case 'sleep':
        await sleep(op.ms);
        return this.#seen();
      case 'approve':
        await approve({ title: name, message: 'well?' });
        return this.#seen();
      case 'listen': {
        const event = `twice-${name}-${this.#context.taskId}`;
        const heard = [await waitFor(event), await waitFor(event)];
        const data = heard.map((event) => Number(event.data)).toSorted((a, b) => a - b);
        if (data.join() !== '1,2') throw stopError(`heard ${data.join()}`);
        return this.#seen();
      }
      case 'delegate': {
        const parts = Array.from({ length: op.children }, (_, i) =>
          delegate<{ count: number }>({
            capabilities: ['flow:do'],
            input: { job: -1, ops: [{ do: 'step' }], count: i },
            title: `${name}-${i}`,
          }),
        );
        const counts = (await Promise.all(parts)).map((part) => part.count);
        if (counts.some((count, i) => count !== i)) throw stopError(`children ${counts.join()}`);
        return this.#seen();
      }
      case 'stumble':
        if (attempt === 1) throw retryError('planned stumble');
        return;
      case 'fail':
        throw stopError('planned failure');
    }
  }

  async #effect(op: Extract<Op, { do: 'effect' }>, name: string): Promise<void> {
    const { taskId: task, effect } = this.#context;
    const { unknown } = op;
    const onUnknown: EffectOptions<{ receipt: string }>['onUnknown'] =
      unknown === 'check'
        ? {
            check: async (key) =>
              (await this.#ledger.has(key))
                ? { done: true, result: { receipt: key } }
                : { done: false },
          }
        : unknown;
    const { receipt } = await effect(
      name,
      async ({ idempotencyKey: key }) => {
        const isFirst = !(await this.#ledger.has(key));
        const { steps } = this.#told;
        await this.#ledger.record({ kind: 'effect', task, key, mode: unknown, steps });
        if (op.breaks && isFirst) throw retryError('the answer was lost');
        return { receipt: key };
      },
      { onUnknown },
    );
    this.#told.effects.push(receipt);
  }

  async #seen(): Promise<void> {
    const { steps } = this.#told;
    await this.#ledger.record({ kind: 'seen', task: this.#context.taskId, steps });
  }
}

const shared = { type: 'chaos', version: '1.0.0', placement: 'inline', input: z.json() } as const;

export function flowAgents(ledger: LedgerClient, workMs: number): AgentSource[] {
  const agents = ['bee', 'wasp'].map((name) =>
    defineAgent({
      ...shared,
      name,
      capabilities: ['flow:do'],
      concurrency: 6,
      execute: (context) => {
        const outer = context.input as unknown as { input?: Work } & Work;
        return new Worker(context, ledger).work(outer.input ?? outer, workMs);
      },
    }),
  );
  const undo = defineAgent({
    ...shared,
    name: 'broom',
    capabilities: ['flow:undo'],
    concurrency: 4,
    execute: async ({ input, taskId: task, effect }) => {
      const { run, result } = input as { run: string; result: { token: string } };
      const { token } = result;
      return effect(
        'undo',
        async ({ idempotencyKey: key }) => {
          await delay(workMs);
          await ledger.record({ kind: 'undo', task, run, token, key });
          return { undone: token };
        },
        { onUnknown: 'repeat' },
      );
    },
  });
  // Of the built-in roster only the hive's own agent: the others would start threads in every life.
  return [...agents, undo, flowAgent].map((agent) => inlineSource(agent));
}
