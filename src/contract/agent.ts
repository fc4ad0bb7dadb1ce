// What an agent is, as data: checked when it is loaded. The code behind it is reached through the AgentRunner port.

import { z } from 'zod';
import { capability } from './graph.ts';

export const agentName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,62}$/,
    'an agent name is a lower-case letter, then letters, digits and -, at most 63',
  );
export const placements = ['inline', 'thread'] as const;
export type Placement = (typeof placements)[number];

export const agentManifest = z.strictObject({
  name: agentName,
  type: z.string().min(1).max(64),
  version: z.string().min(1).max(50),
  description: z.string().max(2_000).default(''),
  capabilities: z.array(capability).min(1).max(32),
  placement: z.enum(placements).default('thread'),
  /** Tasks that one instance works on at once. */
  concurrency: z.number().int().min(1).max(1_000).default(1),
  /**
   * What happens to a task whose journal was written by another version of this agent's code: stop = it fails with JOURNAL_MISMATCH,
   * fresh = it starts afresh, effects that happened stay.
   */
  onCodeChange: z.enum(['stop', 'fresh']).default('stop'),
});
export type AgentManifest = z.infer<typeof agentManifest>;

/** S1's simple status of an instance, derived from its slots. */
export type SimpleStatus = 'idle' | 'busy' | 'offline';
