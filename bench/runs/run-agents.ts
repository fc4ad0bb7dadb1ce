// The agents and graphs of the suite. All agents are inline, so that the figures are those of the hive and not of worker threads.

import { defineAgent, inlineSource } from '../../src/agents/index.ts';
import type { InlineSource } from '../../src/agents/index.ts';
import type { GraphInput } from '../../src/contract/index.ts';
import { CONCURRENCY } from '../core/bench-hive.ts';

export const STEPS = 5;
export const NODES = 5;
export const THREE_DAYS_MS = 259_200_000;

const inline = {
  type: 'bench',
  version: '1.0.0',
  placement: 'inline',
  concurrency: CONCURRENCY,
} as const;

/** A workflow of five steps that do nothing, each remembered. */
export const stepsAgent: InlineSource = inlineSource(
  defineAgent({
    ...inline,
    name: 'bench-steps',
    capabilities: ['bench:steps'],
    execute: async (ctx) => {
      for (let step = 0; step < STEPS; step++) await ctx.step(`s${step}`, () => ({ ok: true }));
      return { ok: true };
    },
  }),
);

/** Gives a list of as many items as asked. */
export const listAgent: InlineSource = inlineSource(
  defineAgent({
    ...inline,
    name: 'bench-list',
    capabilities: ['bench:list'],
    execute: (ctx) => {
      const { input } = ctx.input as { input: { count: number } };
      return { items: Array.from({ length: input.count }, (_, i) => i) };
    },
  }),
);

/** Sleeps as long as its node says. `kept` sees a value that only code after the sleep needs: while that lives, the attempt's closure does. */
export const napAgent = (kept: (value: object) => void = () => undefined): InlineSource =>
  inlineSource(
    defineAgent({
      ...inline,
      name: 'bench-nap',
      capabilities: ['bench:nap'],
      execute: async (ctx) => {
        const { input } = ctx.input as { input: { forMs: number } };
        const value = { ok: true };
        kept(value);
        await ctx.sleep(input.forMs);
        return value;
      },
    }),
  );

/** Five agents in a row. */
export function chainGraph(capability: string, input: { forMs: number } | null = null): GraphInput {
  return {
    name: 'chain',
    nodes: Array.from({ length: NODES }, (_, at) => ({
      kind: 'agent' as const,
      id: `n${at}`,
      after: at === 0 ? [] : [`n${at - 1}`],
      capabilities: [capability],
      input,
    })),
  };
}

/** An agent gives the list, a map works on it. */
export const listMapGraph = (items: number): GraphInput => ({
  name: 'list-map',
  nodes: [
    { kind: 'agent', id: 'list', capabilities: ['bench:list'], input: { count: items } },
    { kind: 'map', id: 'work', over: 'list', after: ['list'], capabilities: ['noop'] },
  ],
});

/** The list is the run's input. */
export const inputMapGraph: GraphInput = {
  name: 'input-map',
  nodes: [{ kind: 'map', id: 'work', capabilities: ['noop'] }],
};

/** Waits three days: on a node of the graph, or inside an agent. */
export const waitGraph: GraphInput = {
  name: 'wait',
  nodes: [{ kind: 'wait', id: 'wait', forMs: THREE_DAYS_MS }],
};
export const napGraph: GraphInput = {
  name: 'nap',
  nodes: [
    { kind: 'agent', id: 'nap', capabilities: ['bench:nap'], input: { forMs: THREE_DAYS_MS } },
  ],
};
