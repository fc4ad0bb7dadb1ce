// Graphs for people who name agents instead of writing a workflow: one after the other, all at once, or each agent naming the next.
//
// Owns: the three shapes. Does not own: whether the agents exist (the caller tells at once; waiting-reason.ts tells later).

import type { z } from 'zod';
import { graphLimits, hiveError } from '../contract/index.ts';
import type { GraphInput } from '../contract/index.ts';

const MAX_AGENTS = 100; // named one by one on a command line
const MAX_ADAPTIVE = 12; // its expressions name every agent, each within graphLimits.expression
const ROUNDS_PER_AGENT = 4; // an agent that is asked more often is going in circles

export type Strategy = 'sequential' | 'parallel' | 'adaptive';
export interface StrategyRequest {
  task: string;
  /** Names of agents; one may come several times. */
  agents: readonly string[];
  strategy: Strategy;
}

type Node = GraphInput['nodes'][number];

/**
 * sequential: each agent gets {task, previous}, the result of the one before it (null for the first); the output is the last result.
 * parallel: each gets {task, previous: null}; the output is {results: {agent: result}}, without those that failed; one that comes again has its number.
 * adaptive: the first agent begins; a result {next: agent} names who goes on, with {task, previous}; the output is {result} of the one that names nobody. It
 * fails when `next` is none of the agents, or after four rounds per agent.
 * The graph is to be checked as any other. Throws INPUT_INVALID without agents or with too many.
 */
export function strategyGraph({ task, agents, strategy }: StrategyRequest): GraphInput {
  const most = strategy === 'adaptive' ? MAX_ADAPTIVE : MAX_AGENTS;
  if (agents.length === 0 || agents.length > most)
    throw hiveError('INPUT_INVALID', {
      message: `${agents.length} agents are given; name 1 to ${most} for the strategy ${strategy}, or write a workflow`,
    });
  const graph = { name: strategy, description: task.slice(0, 2_000) };
  if (strategy === 'sequential') return { ...graph, nodes: chain(task, agents) };
  if (strategy === 'parallel') return { ...graph, nodes: fan(task, agents) };
  return { ...graph, nodes: rounds(task, [...new Set(agents)]) };
}

function chain(task: string, agents: readonly string[]): Node[] {
  const ids = nodeIds(agents, []);
  return agents.map((agent, at): Node => {
    const before = ids[at - 1];
    return {
      ...work(agent, ids[at] ?? agent),
      input: { task },
      inputs: { previous: before === undefined ? 'null' : `from[${JSON.stringify(before)}]` },
      after: before === undefined ? [] : [before],
    };
  });
}

function fan(task: string, agents: readonly string[]): Node[] {
  const ids = nodeIds(agents, ['results']);
  const input = { task, previous: null };
  return [
    ...agents.map((agent, at): Node => {
      const inputs = { previous: 'null' }; // with computed fields an agent gets just its input
      return { ...work(agent, ids[at] ?? agent), input, inputs, onFailure: 'continue' };
    }),
    { ...work('aggregate', 'results'), after: ids },
  ];
}

function rounds(task: string, agents: readonly string[]): Node[] {
  const ids = nodeIds(agents, ['choose', 'turn']);
  // Exactly one agent works in a round; the results of the others are null.
  const results = (of: string): string =>
    `([${ids.map((id) => `${of}[${JSON.stringify(id)}]`).join(', ')}].filter(r, r != null) + [null])[0]`;
  const previous = `input.last == null ? null : ${results('input.last')}`;
  const next = `${results('input.last')}.next`;
  const known = agents.map((agent) => `${JSON.stringify(agent)}: false`).join(', ');
  const first = ids[0] ?? '';
  const body: GraphInput = {
    name: 'turn',
    nodes: [
      {
        kind: 'decision',
        id: 'choose',
        choices: [
          // Looking up a name that is no agent's is an error, which tells it.
          { when: `input.last == null || {${known}}[${next}]`, to: [first] },
          ...agents.map((agent, at) => ({
            when: `${next} == ${JSON.stringify(agent)}`,
            to: [ids[at] ?? ''],
          })),
        ],
      },
      ...agents.map((agent, at): Node => {
        const id = ids[at] ?? agent;
        return { ...work(agent, id), input: { task }, inputs: { previous } };
      }),
      { kind: 'join', id: 'turn', after: ids, mode: 'any' },
    ],
  };
  const last = results('last');
  return [
    {
      kind: 'loop',
      id: 'turns',
      title: 'Turns of the agents',
      input: { task },
      body: body as z.core.util.JSONType,
      until: `!([${last}].exists(r, type(r) == map && "next" in r && r.next != null))`,
      max: Math.min(graphLimits.loop, ROUNDS_PER_AGENT * agents.length),
    },
    {
      ...work('echo', 'result'),
      inputs: { result: results('from.turns') },
      after: ['turns'],
    },
  ];
}

function work(agent: string, id: string): Extract<Node, { kind: 'agent' }> {
  return { kind: 'agent', id, title: agent, capabilities: [`agent:${agent}`] };
}

/** A node id for each agent: its name, with a number when it comes again or is taken. */
function nodeIds(agents: readonly string[], taken: readonly string[]): string[] {
  const used = new Set(taken);
  return agents.map((agent) => {
    let id = agent;
    for (let count = 2; used.has(id); count++) id = `${agent.slice(0, 60)}-${count}`;
    used.add(id);
    return id;
  });
}
