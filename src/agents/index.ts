// agents: what an agent is for its author, hosting agents (inline and in worker threads), and the built-in roster.

export type {
  AgentContext,
  ApprovalQuestion,
  ChildRunRequest,
  DelegateRequest,
  EffectCall,
  EffectOptions,
  LogLevel,
  LogLine,
  ReceivedEvent,
} from './authoring/agent-context.ts';
export { retryError, stopError } from './authoring/author-errors.ts';
export type { AuthorErrorOptions } from './authoring/author-errors.ts';
export { defineAgent } from './authoring/define-agent.ts';
export type { AgentDefinition, AgentResult, AgentSpecification } from './authoring/define-agent.ts';
export { defineWorkflow } from './authoring/define-workflow.ts';
export type {
  WorkflowDefinition,
  WorkflowNode,
  WorkflowSpecification,
} from './authoring/define-workflow.ts';
export { createAgentRunner } from './hosting/agent-runner.ts';
export type { AgentRunnerOptions } from './hosting/agent-runner.ts';
export { inlineSource } from './hosting/agent-source.ts';
export type { AgentSource, InlineSource, ThreadSource } from './hosting/agent-source.ts';
export { builtInAgents } from './built-in-agents.ts';
export type { InspectPlaces } from './inspect/inspect-agent.ts';
export { canonicalDirectory } from './inspect/canonical-directory.ts';
export { inspectGraph } from './inspect/inspect-graph.ts';
export type { InspectOptions } from './inspect/inspect-graph.ts';
