// The authors' door: what a file that defines an agent imports.

export { defineAgent, retryError, stopError } from './agents/index.ts';
export type {
  AgentContext,
  AgentDefinition,
  AgentResult,
  AgentSpecification,
  AuthorErrorOptions,
} from './agents/index.ts';
export { HiveError, isHiveError } from './contract/index.ts';
export type { Json } from './contract/index.ts';
