// Workflow graphs as data (design 5.3). A run pins its graph; advance() in orchestrator is the only thing that walks it.
// Node kinds of this version: agent, map, join. I1: acyclic. I2: node ids are unique. I3: `after` names existing nodes only.

import { z } from 'zod';
import { retryPresetNames } from './retry-policy.ts';

export const graphLimits = {
  nodes: 1_000, // a graph is read by people; wide work is a map, which is one node
  mapItems: 10_000, // one task row per item; more belongs in batches
  edges: 10_000,
} as const;

export const nodeId = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]{0,63}$/,
    'a node id is a lower-case letter, then letters, digits, - and _, at most 64',
  );
export const capability = z
  .string()
  .regex(
    /^[a-z][a-z0-9_:.-]{0,63}$/,
    'a capability is lower-case letters, digits, _ : . and -, at most 64',
  );

const taskSettings = {
  title: z.string().max(200).optional(),
  after: z.array(nodeId).max(graphLimits.nodes).default([]),
  capabilities: z.array(capability).min(1).max(16),
  priority: z.number().int().min(-100).max(100).default(0),
  retry: z.enum(retryPresetNames as [string, ...string[]]).default('default'),
  timeoutMs: z
    .number()
    .int()
    .min(1)
    .max(7 * 86_400_000)
    .default(600_000),
  /** What happens to the run when this node fails: stop it, or go on and leave the result out. */
  onFailure: z.enum(['stop', 'continue']).default('stop'),
};

/** One task. Its input is `input` joined with the results of the nodes in `after`, as {input, from: {nodeId: result}}. */
export const agentNode = z.strictObject({
  kind: z.literal('agent'),
  id: nodeId,
  ...taskSettings,
  input: z.json().default(null),
});
/** One task per element of the array found at `items` in the result of node `over`: its input is {input, item, index}. Its result is the list of results in order. */
export const mapNode = z.strictObject({
  kind: z.literal('map'),
  id: nodeId,
  ...taskSettings,
  over: nodeId,
  items: z.string().max(200).default('items'),
  input: z.json().default(null),
});
/** No task: done when all (or any) of `after` are done. */
export const joinNode = z.strictObject({
  kind: z.literal('join'),
  id: nodeId,
  title: z.string().max(200).optional(),
  after: z.array(nodeId).min(1),
  mode: z.enum(['all', 'any']).default('all'),
});

export const graphNode = z.discriminatedUnion('kind', [agentNode, mapNode, joinNode]);
export type GraphNode = z.infer<typeof graphNode>;
export type TaskNode = Extract<GraphNode, { kind: 'agent' | 'map' }>;

export const graph = z.strictObject({
  name: z.string().min(1).max(100),
  version: z.string().max(50).default('1'),
  nodes: z.array(graphNode).min(1).max(graphLimits.nodes),
  /** The node whose result is the run's output; default: the last node. */
  output: nodeId.optional(),
});
export type Graph = z.infer<typeof graph>;
export type GraphInput = z.input<typeof graph>;
