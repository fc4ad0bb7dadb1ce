/** Checks a workflow without starting it, also against the agents that are there now. */
import { missingRooms } from '../contract/index.ts';
import type { Graph } from '../contract/index.ts';
import { defineOperation } from './operation.ts';
import { readAgents } from './read-agents.ts';
import { sourceGraph } from './workflow-source.ts';

export const workflowValidate = defineOperation('workflow.validate', {
  summary: 'Check a workflow without starting it',
  permission: 'run:read',
  handler: async (context, { workflow }) => {
    const graph = sourceGraph(context.hive, workflow);
    const agents = await readAgents(context);
    const offers = agents.map(
      ({ name, capabilities }) => new Set([`agent:${name}`, ...capabilities]),
    );
    const missing = neededSets(graph).filter(
      (set) => !offers.some((offer) => set.every((each) => offer.has(each))),
    );
    const kinds = graph.nodes
      .map(({ kind }) => kind)
      .filter((kind) => missingRooms[kind] !== undefined);
    return {
      name: graph.name,
      version: graph.version,
      nodes: graph.nodes.length,
      missing: [...new Set(missing.map((set) => set.join(' + ')))],
      cannotRun: [...new Set(kinds)],
    };
  },
});

const neededSets = (graph: Graph): (readonly string[])[] =>
  graph.nodes.flatMap((node) => ('capabilities' in node ? [node.capabilities] : []));
