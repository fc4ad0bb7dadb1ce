// The authors' door: what a file that defines an agent or a workflow imports.

export { defineAgent, defineWorkflow, retryError, stopError } from './agents/index.ts';
export type {
  AgentContext,
  AgentDefinition,
  AgentResult,
  AgentSpecification,
  AuthorErrorOptions,
  WorkflowDefinition,
  WorkflowNode,
  WorkflowSpecification,
} from './agents/index.ts';
export { HiveError, isHiveError } from './contract/index.ts';
export type { GraphInput, Json } from './contract/index.ts';
