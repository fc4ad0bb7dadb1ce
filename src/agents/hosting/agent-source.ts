/** Where an agent's code is: already in this process, or in a module that workers load by its URL. */
import type { AgentManifest } from '../../contract/index.ts';
import type { AgentDefinition } from '../authoring/define-agent.ts';

/** Runs in the hive's own event loop: built-in, trusted, never CPU-bound. */
export interface InlineSource {
  readonly placement: 'inline';
  readonly manifest: AgentManifest;
  readonly definition: AgentDefinition;
}

/** Loaded inside the workers only, so its imports cost this process nothing. */
export interface ThreadSource {
  readonly placement: 'thread';
  readonly manifest: AgentManifest;
  /** A `file:` URL; another query string loads it afresh. */
  readonly module: string;
  readonly exportName: string;
}

export type AgentSource = InlineSource | ThreadSource;

export function inlineSource(definition: AgentDefinition): InlineSource {
  return { placement: 'inline', manifest: definition.manifest, definition };
}
