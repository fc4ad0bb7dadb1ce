// What a soak runs: five small workflows, one after the other, that between them use every part: steps, effects, timers, approvals, maps, child runs,
// loops, decisions, failure and compensation. Their receivers are functions of this process, because here nothing is killed.

import { z } from 'zod';
import { defineAgent, inlineSource, stopError } from '../../src/agents/index.ts';
import type { AgentSource } from '../../src/agents/index.ts';
import { flowAgent } from '../../src/agents/flow/flow-agent.ts';
import type { GraphInput } from '../../src/contract/index.ts';

export const SOAK_KINDS = ['steps', 'timer', 'approval', 'children', 'undo'] as const;
export type SoakKind = (typeof SOAK_KINDS)[number];

export const soakEnd = (kind: SoakKind): 'completed' | 'failed' =>
  kind === 'undo' ? 'failed' : 'completed';

const shared = { type: 'soak', version: '1.0.0', placement: 'inline', input: z.json() } as const;
const NAP_MS = 50;
/** Above the size from which results are kept as blobs. */
const LARGE = 9_000;

export function soakAgents(): AgentSource[] {
  const worker = defineAgent({
    ...shared,
    name: 'worker',
    capabilities: ['soak:work'],
    concurrency: 50,
    execute: async ({ step, effect, taskId }) => {
      const small = await step('small', () => taskId);
      const large = await step('large', () => `${taskId}${'x'.repeat(LARGE)}`);
      await effect('post', ({ idempotencyKey }) => idempotencyKey, { onUnknown: 'repeat' });
      return { small, size: large.length, items: [1, 2, 3] };
    },
  });
  const napper = defineAgent({
    ...shared,
    name: 'napper',
    capabilities: ['soak:nap'],
    concurrency: 50,
    execute: async ({ sleep, step }) => {
      await sleep(NAP_MS);
      return step('after', () => 'rested');
    },
  });
  const failing = defineAgent({
    ...shared,
    name: 'failing',
    capabilities: ['soak:fail'],
    concurrency: 50,
    execute: () => {
      throw stopError('planned failure');
    },
  });
  return [worker, napper, failing, flowAgent].map((agent) => inlineSource(agent));
}

const work = (id: string, after: string[] = []) => ({
  kind: 'agent' as const,
  id,
  after,
  capabilities: ['soak:work'],
});

const graphs: Readonly<Record<SoakKind, GraphInput>> = {
  steps: { name: 'soak-steps', nodes: [work('a'), work('b', ['a'])] },
  timer: {
    name: 'soak-timer',
    nodes: [
      { kind: 'agent', id: 'nap', capabilities: ['soak:nap'] },
      { kind: 'wait', id: 'wait', after: ['nap'], forMs: NAP_MS },
    ],
  },
  approval: {
    name: 'soak-approval',
    nodes: [
      work('a'),
      { kind: 'approval', id: 'ask', after: ['a'], message: 'well?' },
      {
        kind: 'decision',
        id: 'way',
        after: ['ask'],
        choices: [{ when: 'from.ask.decision == "approved"', to: ['yes'] }],
        otherwise: ['no'],
      },
      work('yes', ['way']),
      work('no', ['way']),
    ],
    output: 'way',
  },
  children: {
    name: 'soak-children',
    nodes: [
      work('a'),
      { kind: 'map', id: 'each', over: 'a', concurrency: 2, capabilities: ['soak:work'] },
      { kind: 'workflow', id: 'sub', after: ['each'], graph: { name: 'sub', nodes: [work('x')] } },
    ],
  },
  undo: {
    name: 'soak-undo',
    nodes: [
      work('a'),
      { kind: 'agent', id: 'boom', after: ['a'], capabilities: ['soak:fail'] },
      { kind: 'compensate', id: 'undo-a', undoes: 'a', capabilities: ['soak:work'] },
    ],
  },
};

export const soakGraph = (run: number): GraphInput =>
  graphs[SOAK_KINDS[run % SOAK_KINDS.length] ?? 'steps'];
