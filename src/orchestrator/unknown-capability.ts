// The refusal of work that no agent of this hive can do: which node wants it, what is missing, and what was probably meant. Pure.

import { hiveError } from '../contract/index.ts';
import type { AgentManifest } from '../contract/index.ts';
import { nearest } from '../kernel/index.ts';

export interface UnservedNeed {
  capabilities: readonly string[];
  /** Of the agents that there are. */
  manifests: readonly Pick<AgentManifest, 'name' | 'capabilities'>[];
  /** The node of a graph that needs it. */
  node?: string;
}

/** CAPABILITY_UNKNOWN: details {capabilities, missing, node, fix where a name is nearly right}. */
export function unknownCapability({ capabilities, manifests, node }: UnservedNeed): Error {
  const known = [
    ...new Set(manifests.flatMap(({ name, capabilities: own }) => [...own, `agent:${name}`])),
  ];
  const missing = capabilities.filter((each) => !known.includes(each));
  const where = node === undefined ? '' : `node "${node}": `;
  const what =
    missing.length > 0
      ? `no agent offers ${missing.join(', ')}`
      : `no single agent offers all of ${capabilities.join(', ')}`;
  const guesses = missing.flatMap((each) => {
    const near = nearest(each, known);
    return near === undefined ? [] : [`did you mean ${near} instead of ${each}?`];
  });
  const advice = '`hive doctor` shows the agents and their capabilities';
  return hiveError('CAPABILITY_UNKNOWN', {
    message: `${where}${what}`,
    details: {
      capabilities,
      missing,
      ...(node === undefined ? {} : { node }),
      ...(guesses.length === 0 ? {} : { fix: [...guesses, advice] }),
    },
  });
}
