// Agents that do what agents must not do, one export each (agent0, agent1, …), loaded by worker threads.

import { defineAgent } from '../../src/agents/index.ts';

const shape = { type: 'test', version: '1.0.0' };

export const agent0 = defineAgent({
  ...shape,
  name: 'throws',
  capabilities: ['throws'],
  execute: () => Promise.reject(new Error('on purpose')),
});
export const agent1 = defineAgent({
  ...shape,
  name: 'returns-nothing',
  capabilities: ['returns_nothing'],
  execute: () => Promise.resolve(undefined as never),
});
export const agent2 = defineAgent({
  ...shape,
  name: 'returns-a-function',
  capabilities: ['returns_a_function'],
  execute: () => Promise.resolve((() => 1) as never),
});
export const agent3 = defineAgent({
  ...shape,
  name: 'loops',
  capabilities: ['loops'],
  execute: () => {
    for (;;);
  },
});
export const agent4 = defineAgent({
  ...shape,
  name: 'exits',
  capabilities: ['exits'],
  execute: () => {
    process.exit(3);
  },
});

export const misbehaving = [agent0, agent1, agent2, agent3, agent4];
