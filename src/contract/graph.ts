// Workflow graphs as data (design 5.3). A run pins its graph; advance() in orchestrator is the only thing that walks it.
//
// Every node but a join has one task (a map: one per item), so that whatever waits can be seen, resumed and cancelled by its own id.
// Tasks of `agent`, `map` and `compensate` nodes go to agents by capability. Those of `decision`, `approval`, `wait`, `workflow` and `loop` go to
// the hive's own agent (capability FLOW_CAPABILITY), whose code is an ordinary agent's: it evaluates, asks, sleeps or starts child runs by ctx.
// `command`, `gate` and `knowledge` validate; a run that has one is refused at start until their rooms exist.
//
// I1: acyclic. I2: node ids are unique. I3: `after` names existing nodes only. I4: a node that a decision may take waits for that decision. I5: a
// compensate node stands outside the forward flow: nobody waits for it and it waits for nobody; it runs only when the run fails or is cancelled
// after the node that it undoes had success. I6: every loop and every child depth is bounded, and hitting the bound is an error.

import { z } from 'zod';
import { jsonSchema } from './json-schema.ts';
import { retryPresetNames } from './retry-policy.ts';

export const graphLimits = {
  nodes: 1_000, // a graph is read by people; wide work is a map, which is one node
  allNodes: 10_000, // with those of the graphs inside its nodes
  mapItems: 10_000, // one task row per item; more belongs in batches
  edges: 10_000,
  depth: 8, // child runs inside child runs
  children: 10_000, // child runs below one root run
  loop: 1_000, // iterations of one loop node
  expression: 2_000, // characters of one condition
  waitMs: 366 * 86_400_000, // a year; longer waits are schedules
  runMs: 366 * 86_400_000,
  taskMs: 7 * 86_400_000, // one try of one task
} as const;

/** What the hive's own agent offers: tasks of control nodes need it. */
export const FLOW_CAPABILITY = 'hive:flow';

export const nodeId = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]{0,63}$/,
    'a node id is a lower-case letter, then letters, digits, - and _, at most 64',
  );
export const capability = z.string().regex(
  /^[a-z][a-z0-9_:.-]{0,79}$/, // room for agent:<name>
  'a capability is lower-case letters, digits, _ : . and -, at most 80',
);
/** A CEL expression over `input` (of the run), `from` (results by node id), `run` ({id}), in a map also `item` and `index`, in a loop's `until` also `last` and `iteration`. */
export const expression = z.string().min(1).max(graphLimits.expression);
const waitMs = z.number().int().min(1).max(graphLimits.waitMs);
const eventName = z.string().min(1).max(200);

const base = {
  id: nodeId,
  title: z.string().max(200).optional(),
  after: z.array(nodeId).max(graphLimits.nodes).default([]),
};
const skippable = {
  /** Evaluated when the node is reached; false skips it and what only waits for it. */
  when: expression.optional(),
};
const data = {
  /** Fixed input. Null: the input of the run. */
  input: z.json().default(null),
  /** Fields of the input, each computed; with it the agent gets exactly this object (over the fields of `input`), else {input, from, run}. */
  inputs: z.record(z.string().min(1).max(100), expression).optional(),
};
const failure = {
  /** What happens to the run when this node fails: stop it, or go on and leave the result out. */
  onFailure: z.enum(['stop', 'continue']).default('stop'),
};
const work = {
  capabilities: z.array(capability).min(1).max(16),
  priority: z.number().int().min(-100).max(100).default(0),
  retry: z.enum(retryPresetNames as [string, ...string[]]).default('default'),
  /** Deadline of one try. */
  timeoutMs: z.number().int().min(1).max(graphLimits.taskMs).default(600_000),
  /** Checks the result; another one fails the task. */
  output: jsonSchema.optional(),
};

/** One task for an agent. */
export const agentNode = z.strictObject({
  kind: z.literal('agent'),
  ...base,
  ...skippable,
  ...work,
  ...data,
  ...failure,
});
/**
 * One task per element of a list: the one at `items` in the result of node `over`, or without `over` in the run's input. Without `inputs` an item's
 * input is {input, item, index, run}. Its result is the list of results in order. `concurrency`: tasks open at once, in order of the list.
 */
export const mapNode = z.strictObject({
  kind: z.literal('map'),
  ...base,
  ...work,
  ...data,
  ...failure,
  over: nodeId.optional(),
  items: z.string().max(200).default('items'),
  concurrency: z.number().int().min(1).max(graphLimits.mapItems).optional(),
});
/** No task: done when all of `after` have ended (any: one of them has), skipped ones not counted; skipped when all of them are. */
export const joinNode = z.strictObject({
  kind: z.literal('join'),
  ...base,
  after: z.array(nodeId).min(1).max(graphLimits.nodes),
  mode: z.enum(['all', 'any']).default('all'),
});
/** Takes the first choice whose condition holds, else `otherwise`; the nodes not taken are skipped. Result: {taken: [ids]}. */
export const decisionNode = z.strictObject({
  kind: z.literal('decision'),
  ...base,
  ...skippable,
  ...failure,
  choices: z
    .array(z.strictObject({ when: expression, to: z.array(nodeId).min(1).max(50) }))
    .min(1)
    .max(50),
  otherwise: z.array(nodeId).max(50).default([]),
});
/** Waits for a person. Result: {decision: 'approved' | 'rejected' | 'expired', answer, by, comment}. */
export const approvalNode = z.strictObject({
  kind: z.literal('approval'),
  ...base,
  ...skippable,
  ...failure,
  message: z.string().min(1).max(2_000),
  /** What the approver sees beside the message. */
  show: z.record(z.string().min(1).max(100), expression).optional(),
  /** Form of the answer. */
  form: jsonSchema.optional(),
  assignee: z.string().min(1).max(200).optional(),
  deadlineMs: waitMs.optional(),
  /** After the deadline a second approval goes to this one; its own deadline counts anew. */
  escalate: z
    .strictObject({ to: z.string().min(1).max(200), deadlineMs: waitMs.optional() })
    .optional(),
  onReject: z.enum(['fail', 'continue']).default('fail'),
  onExpire: z.enum(['fail', 'continue']).default('fail'),
});
/** Waits for a time or an event. Exactly one of forMs, until, event. Result: null for a time, {event, data} for an event, {timedOut: true} when continued without it. */
export const waitNode = z.strictObject({
  kind: z.literal('wait'),
  ...base,
  ...skippable,
  ...failure,
  forMs: waitMs.optional(),
  /** Gives milliseconds since 1970, or an ISO time as text. */
  until: expression.optional(),
  event: eventName.optional(),
  timeoutMs: waitMs.optional(),
  onTimeout: z.enum(['fail', 'continue']).default('fail'),
});
/** A child run: of the graph given here, or of the one that the expression `graphFrom` finds in the data at hand. Result: the child's output. */
export const workflowNode = z.strictObject({
  kind: z.literal('workflow'),
  ...base,
  ...skippable,
  ...failure,
  ...data,
  /** A Graph; checked with its parent. */
  graph: z.json().optional(),
  graphFrom: expression.optional(),
});
/** A child run of `body` again and again until the condition holds, at most `max` times (then LOOP_BOUND). Result: the last iteration's output. */
export const loopNode = z.strictObject({
  kind: z.literal('loop'),
  ...base,
  ...skippable,
  ...failure,
  ...data,
  /** A Graph; its run's input is {input, last, iteration} (iteration from 1). */
  body: z.json(),
  until: expression,
  max: z.number().int().min(1).max(graphLimits.loop),
});
/** Undoes node `undoes` when the run ends badly. Input: {input, result, run}: result is that of the node it undoes. */
export const compensateNode = z.strictObject({
  kind: z.literal('compensate'),
  id: nodeId,
  title: z.string().max(200).optional(),
  after: z.array(nodeId).max(0).default([]),
  undoes: nodeId,
  ...work,
  input: z.json().default(null),
});
export const commandNode = z.strictObject({
  kind: z.literal('command'),
  ...base,
  ...skippable,
  ...failure,
  argv: z.array(z.string().max(4_096)).min(1).max(1_000),
  timeoutMs: z.number().int().min(1).max(graphLimits.taskMs).default(300_000),
});
export const gateNode = z.strictObject({
  kind: z.literal('gate'),
  ...base,
  ...skippable,
  ...failure,
  level: z.enum(['L1', 'L2', 'L3', 'L4']),
});
export const knowledgeNode = z.strictObject({
  kind: z.literal('knowledge'),
  ...base,
  ...skippable,
  ...failure,
  query: z.string().min(1).max(2_000),
  limit: z.number().int().min(1).max(100).default(10),
});

export const graphNode = z.discriminatedUnion('kind', [
  agentNode,
  mapNode,
  joinNode,
  decisionNode,
  approvalNode,
  waitNode,
  workflowNode,
  loopNode,
  compensateNode,
  commandNode,
  gateNode,
  knowledgeNode,
]);
export type GraphNode = z.infer<typeof graphNode>;
export type NodeKind = GraphNode['kind'];
/** Nodes whose tasks go to agents by capability. */
export type WorkNode = Extract<GraphNode, { kind: 'agent' | 'map' | 'compensate' }>;
/** Nodes whose tasks the hive's own agent does. */
export type FlowNode = Extract<
  GraphNode,
  { kind: 'decision' | 'approval' | 'wait' | 'workflow' | 'loop' }
>;
/** Nodes that have tasks. */
export type TaskNode = WorkNode | FlowNode;

/** Kinds that validate but cannot run yet, and the room that they wait for. */
export const missingRooms: Readonly<Partial<Record<NodeKind, string>>> = {
  command: 'sandbox',
  gate: 'factory',
  knowledge: 'knowledge',
};

export const graph = z.strictObject({
  name: z.string().min(1).max(100),
  version: z.string().max(50).default('1'),
  description: z.string().max(2_000).optional(),
  /** Schema of the run's input. */
  input: jsonSchema.optional(),
  /** Tasks of the run that are open (not ended) at once; further ones are created as others end. */
  concurrency: z.number().int().min(1).max(graphLimits.mapItems).optional(),
  /** Deadline of the run. */
  timeoutMs: z.number().int().min(1).max(graphLimits.runMs).optional(),
  nodes: z.array(graphNode).min(1).max(graphLimits.nodes),
  /** The node whose result is the run's output; default: the last node that is no compensate node. */
  output: nodeId.optional(),
});
export type Graph = z.infer<typeof graph>;
export type GraphInput = z.input<typeof graph>;
