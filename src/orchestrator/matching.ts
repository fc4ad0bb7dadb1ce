// Exact capability matching (design 5.2): filter first, rank after. This file is the filter; matching-strategy.ts ranks what it lets through.
//
// M1 An agent gets a task only when it has every capability that the task needs; no strategy, load or priority bends that.
// M2 Every agent has the capability `agent:<its name>`, and only that one of the prefix: nobody answers to another's name.

import type { RouteKey } from '../contract/index.ts';

const NAME_PREFIX = 'agent:';

/** What of a manifest decides. */
export interface Capable {
  readonly name: string;
  readonly capabilities: readonly string[];
}

export interface KnownRoute {
  readonly key: RouteKey;
  readonly capabilities: readonly string[];
}

/** Everything that an agent answers to: its capabilities and its name. */
export function capabilitiesOf(agent: Capable): ReadonlySet<string> {
  const own = agent.capabilities.filter((each) => !each.startsWith(NAME_PREFIX));
  return new Set([...own, NAME_PREFIX + agent.name]);
}

export function covers(has: ReadonlySet<string>, needed: readonly string[]): boolean {
  return needed.every((each) => has.has(each));
}

/** The needed capabilities that are missing, in the order given. */
export function missing(has: ReadonlySet<string>, needed: readonly string[]): string[] {
  return needed.filter((each) => !has.has(each));
}

/** How many of the agent's own capabilities the task does not need: 0 is a specialist for exactly this. Its name is not counted. */
export function surplus(agent: Capable, needed: readonly string[]): number {
  const unused = new Set(agent.capabilities.filter((each) => !each.startsWith(NAME_PREFIX)));
  for (const each of needed) unused.delete(each);
  return unused.size;
}

/** The routes that an agent may serve, in the order given. */
export function routesOf(agent: Capable, knownRoutes: readonly KnownRoute[]): RouteKey[] {
  const has = capabilitiesOf(agent);
  return knownRoutes.filter((route) => covers(has, route.capabilities)).map((route) => route.key);
}
