// From free slots to the groups of one claim: which agent asks the store for which routes, and for how many tasks.
//
// Owns: the split of one host's slots. Does not own: fairness between lanes and priority inside them (the store's claim).
// Groups are meant to be served in their order, each with what the ones before it left.
//
// C1 The slots of all groups of an agent together are at most its free slots: nobody is claimed over. C2 A group names only routes that its
// agent covers. C3 capability_based: each route stands in the group of its most specific agent with a free slot; agents that are nobody's
// best come after, with all their routes, so that no slot stays empty while a best agent is full. When that agent is full, the next
// plan gives its routes to the next one. C4 Every route that some agent with a free slot covers is in at least one group.

import type { ClaimRequest, RouteKey } from '../contract/index.ts';
import { unreachable } from '../kernel/index.ts';
import { assignmentReason, assignmentText, span } from './matching-assignment.ts';
import { comparison } from './matching-strategy.ts';
import type { Ranking, Strategy } from './matching-strategy.ts';
import { capabilitiesOf, covers, surplus } from './matching.ts';
import type { Capable, KnownRoute } from './matching.ts';

const HANDS = 4; // least_busy and round_robin deal slots in this many hands, so that few tasks spread without many groups

export type ClaimGroup = ClaimRequest['groups'][number];

/** Who covers what: worked out once, when the agents or the known routes change. */
export interface RouteTable {
  readonly agents: readonly { readonly agent: Capable; readonly routes: readonly RouteKey[] }[];
  /** Per route the agents that cover it (positions in `agents`) with their capabilities to spare, fewest first. */
  readonly byRoute: ReadonlyMap<RouteKey, readonly { at: number; spare: number }[]>;
}

export function routeTable(agents: readonly Capable[], known: readonly KnownRoute[]): RouteTable {
  const has = agents.map(capabilitiesOf);
  const byRoute = new Map<RouteKey, { at: number; spare: number }[]>();
  const routes: RouteKey[][] = agents.map(() => []);
  for (const route of known) {
    const able: { at: number; spare: number }[] = [];
    for (const [at, agent] of agents.entries()) {
      if (!covers(has[at] ?? new Set(), route.capabilities)) continue;
      able.push({ at, spare: surplus(agent, route.capabilities) });
      routes[at]?.push(route.key);
    }
    if (able.length > 0)
      byRoute.set(
        route.key,
        able.toSorted((a, b) => a.spare - b.spare),
      );
  }
  return { agents: agents.map((agent, at) => ({ agent, routes: routes[at] ?? [] })), byRoute };
}

export interface ClaimPlanRequest {
  strategy: Strategy;
  table: RouteTable;
  /** Slots in use and in all, by position of the agent in the table. */
  load: readonly { busy: number; slots: number }[];
  /** round_robin: the agent that got the last task on this host. */
  lastAgent?: string | null;
}

/** The groups of one claim; empty when nothing is free. */
export function planClaims(request: ClaimPlanRequest): ClaimGroup[] {
  const all = rankings(request);
  if (!all.some(isFree)) return [];
  switch (request.strategy) {
    case 'capability_based':
      return specificGroups(request.table, all);
    case 'priority':
      return listedGroups(request.table, all);
    case 'least_busy':
    case 'round_robin':
      return dealtGroups(request, all);
    default:
      return unreachable(request.strategy);
  }
}

/**
 * After a claim: the agents for which nothing is left, because each of their routes stood in a group that got less than it asked for.
 * `got` counts the tasks by position of the group. An agent that was asked for a part of its routes only is not among them
 * while a better agent for the other part came back full: its next plan names them.
 */
export function drainedAgents(
  table: RouteTable,
  claim: { groups: readonly ClaimGroup[]; got: ReadonlyMap<number, number> },
): string[] {
  const emptied = new Set(
    claim.groups.flatMap((group, at) =>
      (claim.got.get(at) ?? 0) < group.slots ? group.routes : [],
    ),
  );
  const drained = table.agents.filter(({ routes }) => routes.every((route) => emptied.has(route)));
  return drained.map(({ agent }) => agent.name);
}

/** The agents of the table with their load, by position. `spare` is a matter of routes and 0 here. */
function rankings(request: ClaimPlanRequest): Ranking[] {
  return request.table.agents.map(({ agent }, listed) => {
    const { busy, slots } = request.load[listed] ?? { busy: 0, slots: 0 };
    return { candidate: { ...agent, busy, slots }, listed, spare: 0 };
  });
}

function freeSlots({ candidate }: Ranking): number {
  return candidate.slots - candidate.busy;
}

function isFree(ranking: Ranking): boolean {
  return freeSlots(ranking) > 0;
}

/** The routes that one agent asks for in this claim, with its rank and its spare capabilities for each. */
interface Share {
  ranking: Ranking;
  routes: RouteKey[];
  ranks: number[];
  spares: number[];
}

function specificGroups(table: RouteTable, all: readonly Ranking[]): ClaimGroup[] {
  const compare = comparison('capability_based', null);
  const shares = new Map<number, Share>();
  const overflow = new Map<number, Share>();
  for (const [route, able] of table.byRoute) {
    const ranked = able.flatMap(({ at, spare }) => withSpare(all[at], spare)).toSorted(compare);
    let isBest = true;
    for (const [i, ranking] of ranked.entries()) {
      if (!isFree(ranking)) continue;
      addRoute(isBest ? shares : overflow, { ranking, route, rank: i + 1 });
      isBest = false;
    }
  }
  const rest = [...overflow.values()].filter(({ ranking }) => !shares.has(ranking.listed));
  const inOrder = (a: Share, b: Share): number =>
    Math.min(...a.ranks) - Math.min(...b.ranks) ||
    Math.min(...a.spares) - Math.min(...b.spares) ||
    compare(a.ranking, b.ranking);
  return [...[...shares.values()].toSorted(inOrder), ...rest.toSorted(inOrder)].map(specificGroup);
}

function withSpare(ranking: Ranking | undefined, spare: number): Ranking[] {
  return ranking === undefined ? [] : [{ ...ranking, spare }];
}

function addRoute(
  shares: Map<number, Share>,
  part: { ranking: Ranking; route: RouteKey; rank: number },
): void {
  const { ranking, route, rank } = part;
  const share = shares.get(ranking.listed) ?? { ranking, routes: [], ranks: [], spares: [] };
  share.routes.push(route);
  share.ranks.push(rank);
  share.spares.push(ranking.spare);
  shares.set(ranking.listed, share);
}

function specificGroup(share: Share): ClaimGroup {
  const reason = `specific:${span(share.spares)}`;
  return {
    routes: share.routes,
    slots: freeSlots(share.ranking),
    agent: share.ranking.candidate.name,
    assignment: assignmentText({ reason, rank: span(share.ranks) }),
  };
}

function listedGroups(table: RouteTable, all: readonly Ranking[]): ClaimGroup[] {
  return all.flatMap((ranking, i) =>
    groupOf({ table, strategy: 'priority', ranking, rank: i + 1, slots: freeSlots(ranking) }),
  );
}

/** Deals the free slots in hands, one hand of each agent after the other, in the strategy's order. */
function dealtGroups(request: ClaimPlanRequest, all: readonly Ranking[]): ClaimGroup[] {
  const { strategy, table } = request;
  const compare = comparison(strategy, request.lastAgent ?? null);
  const handOf = all.map((ranking) => Math.ceil(freeSlots(ranking) / HANDS));
  const groups: ClaimGroup[] = [];
  let open = all.toSorted(compare);
  while (open.some(isFree)) {
    const next: Ranking[] = [];
    for (const [i, ranking] of open.entries()) {
      const { candidate, listed } = ranking;
      const slots = Math.min(freeSlots(ranking), handOf[listed] ?? 0);
      groups.push(...groupOf({ table, strategy, ranking, rank: i + 1, slots }));
      next.push({
        ...ranking,
        candidate: { ...candidate, busy: candidate.busy + Math.max(0, slots) },
      });
    }
    open = next.toSorted(compare);
  }
  return groups;
}

/** A group for all routes of an agent; none when it has no routes or gets no slots. */
function groupOf(part: {
  table: RouteTable;
  strategy: Strategy;
  ranking: Ranking;
  rank: number;
  slots: number;
}): ClaimGroup[] {
  const { strategy, ranking, rank, slots } = part;
  const routes = part.table.agents[ranking.listed]?.routes ?? [];
  if (routes.length === 0 || slots <= 0) return [];
  const reason = assignmentReason(strategy, ranking);
  return [
    { routes, slots, agent: ranking.candidate.name, assignment: assignmentText({ reason, rank }) },
  ];
}
