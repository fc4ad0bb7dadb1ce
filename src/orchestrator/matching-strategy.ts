// Ranks the agents that may have a task (DISTRIBUTION_STRATEGY). Ranking never adds an agent that the filter refused (M1).
//
//   capability_based  fewest capabilities to spare first, then the least busy, then by name; keeps generalists free for what only they can do
//   least_busy        smallest share of busy slots first, then by name
//   round_robin       by name, beginning behind the agent that had the last task
//   priority          in the order of the list of agents: the first one that is free
// An empty set of needed capabilities is covered by every agent. Order of equal agents is by code unit, so it is the same on every machine.

import { unreachable } from '../kernel/index.ts';
import { assignmentReason } from './matching-assignment.ts';
import { capabilitiesOf, covers, surplus } from './matching.ts';
import type { Capable } from './matching.ts';

export const strategies = ['capability_based', 'least_busy', 'round_robin', 'priority'] as const;
export type Strategy = (typeof strategies)[number];

export interface Candidate extends Capable {
  readonly slots: number;
  readonly busy: number;
}

export interface RankedAgent {
  agent: string;
  /** Reason code, see matching-assignment.ts. */
  reason: string;
  /** From 1. */
  rank: number;
}

export interface RankRequest<C extends Candidate = Candidate> {
  strategy: Strategy;
  /** In the order of the configuration; that order is the priority. */
  candidates: readonly C[];
  needed: readonly string[];
  /** round_robin: the agent that got the last task. */
  lastAgent?: string | null;
}

/** The agents that cover `needed`, best first; busy ones are ranked too (a claim leaves those without a free slot out). */
export function rankAgents(request: RankRequest): RankedAgent[] {
  const able = request.candidates
    .map((candidate, listed) => ({ candidate, listed, spare: surplus(candidate, request.needed) }))
    .filter(({ candidate }) => covers(capabilitiesOf(candidate), request.needed));
  const order = able.toSorted(comparison(request.strategy, request.lastAgent ?? null));
  return order.map(({ candidate, listed, spare }, i) => ({
    agent: candidate.name,
    reason: assignmentReason(request.strategy, { candidate, listed, spare }),
    rank: i + 1,
  }));
}

export interface Ranking {
  candidate: Candidate;
  /** Position in the list of agents, from 0. */
  listed: number;
  /** Capabilities to spare. */
  spare: number;
}

/** The order of a strategy, total: no two agents are equal. */
export function comparison(
  strategy: Strategy,
  lastAgent: string | null,
): (a: Ranking, b: Ranking) => number {
  switch (strategy) {
    case 'capability_based':
      return (a, b) => a.spare - b.spare || byLoad(a, b) || byName(a, b);
    case 'least_busy':
      return (a, b) => byLoad(a, b) || byName(a, b);
    case 'round_robin': {
      const had = (ranking: Ranking): number =>
        lastAgent !== null && ranking.candidate.name <= lastAgent ? 1 : 0;
      return (a, b) => had(a) - had(b) || byName(a, b);
    }
    case 'priority':
      return (a, b) => a.listed - b.listed;
    default:
      return unreachable(strategy);
  }
}

function byLoad(a: Ranking, b: Ranking): number {
  return load(a.candidate) - load(b.candidate);
}

function load(candidate: Candidate): number {
  return candidate.slots === 0 ? 1 : candidate.busy / candidate.slots;
}

function byName(a: Ranking, b: Ranking): number {
  return a.candidate.name < b.candidate.name
    ? -1
    : a.candidate.name > b.candidate.name
      ? 1
      : a.listed - b.listed;
}
