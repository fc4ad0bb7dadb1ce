// Which lanes a claim takes from, and how many of each: stride scheduling (Waldspurger & Weihl, "Stride Scheduling", MIT 1995) over lanes that
// may have ready tasks, with tenant weights. In memory, one per driver; shared by both.
// Owns: the set of lanes believed ready, their pass values. Does not own: the truth (SQL); a lane believed ready may be empty and the reverse
// is repaired by rescan (poll), so this is a hint with fair order.
// I1: a pick costs O(lanes picked x log lanes), not O(tasks). I2: between tenants that always have work, shares follow weights within one
// task per pick. I3: a tenant that was idle gets no credit for the idle time (its pass starts at the present virtual time).
// I4: inside a tenant its lanes take turns.
//
// A lane is: unknown > ready (marked) > unknown (a claim found fewer than asked, so it is empty).

import type { LaneKey, RouteKey, TenantKey } from '../contract/index.ts';

export interface Lane {
  key: LaneKey;
  tenant: TenantKey;
  route: RouteKey;
}

export interface LanePick {
  lane: LaneKey;
  count: number;
}

/** Lanes offered beyond those picked: what a handful of tenants that come and go leave behind. */
const MAX_RESERVE = 16;
/** Lanes touched by one claim: bounds its cost; the rest wait for the next claim, some milliseconds later. */
const MAX_LANES_PER_PICK = 64;

interface TenantQueue {
  tenant: TenantKey;
  weight: number;
  pass: number;
  /** Lanes believed ready, in turn order. */
  lanes: Lane[];
}

class RouteQueue {
  readonly tenants = new Map<TenantKey, TenantQueue>();
  virtualTime = 0;
}

export class LaneScheduler {
  readonly #routes = new Map<RouteKey, RouteQueue>();
  readonly #ready = new Set<LaneKey>();
  readonly #weightOf: (tenant: TenantKey) => number;

  constructor(weightOf: (tenant: TenantKey) => number = () => 1) {
    this.#weightOf = weightOf;
  }

  /** Says that the lane may have ready tasks. */
  mark(lane: Lane): void {
    if (this.#ready.has(lane.key)) return;
    this.#ready.add(lane.key);
    let route = this.#routes.get(lane.route);
    if (route === undefined) this.#routes.set(lane.route, (route = new RouteQueue()));
    let queue = route.tenants.get(lane.tenant);
    if (queue === undefined) {
      queue = {
        tenant: lane.tenant,
        weight: Math.max(this.#weightOf(lane.tenant), 1e-6),
        pass: route.virtualTime,
        lanes: [],
      };
      route.tenants.set(lane.tenant, queue);
    }
    queue.lanes.push(lane);
  }

  hasReady(routes: readonly RouteKey[]): boolean {
    return routes.some((route) => (this.#routes.get(route)?.tenants.size ?? 0) > 0);
  }

  /** Chooses up to `slots` tasks over the lanes of these routes. Says nothing of tasks that exist: report back with `empty`. */
  pick(routes: readonly RouteKey[], slots: number): LanePick[] {
    const queues: { queue: TenantQueue; route: RouteQueue }[] = [];
    for (const key of routes) {
      const route = this.#routes.get(key);
      if (route !== undefined)
        for (const queue of route.tenants.values()) queues.push({ queue, route });
    }
    if (queues.length === 0) return [];
    queues.sort((a, b) => a.queue.pass - b.queue.pass);
    const chosen = queues.slice(0, Math.min(queues.length, MAX_LANES_PER_PICK));
    const counts = new Map<LaneKey, number>();
    // Whole turns first keep this O(lanes) when few tenants share many slots; the remainder goes by lowest pass.
    let left = slots;
    while (left > 0) {
      chosen.sort((a, b) => a.queue.pass - b.queue.pass);
      const lowest = chosen[0];
      if (lowest === undefined) break;
      const second = chosen[1]?.queue.pass ?? Infinity;
      const { queue, route } = lowest;
      const until = Math.floor((second - queue.pass) * queue.weight) + 1;
      const turn = Math.max(
        1,
        Math.min(
          left,
          Number.isFinite(until) ? until : left,
          Math.max(1, Math.ceil(left / chosen.length)),
        ),
      );
      const lane = queue.lanes[0];
      if (lane === undefined) break;
      counts.set(lane.key, (counts.get(lane.key) ?? 0) + turn);
      queue.lanes.push(queue.lanes.shift() ?? lane);
      queue.pass += turn / queue.weight;
      route.virtualTime = Math.max(route.virtualTime, Math.min(queue.pass, second));
      left -= turn;
    }
    return [...counts].map(([lane, count]) => ({ lane, count }));
  }

  /** The lanes that would come next, in order, besides those picked: a claim that reaches SQL over a network offers them too, in case the picked ones are empty. */
  reserve(routes: readonly RouteKey[], picked: ReadonlySet<LaneKey>): LaneKey[] {
    const queues = routes.flatMap((key) => [...(this.#routes.get(key)?.tenants.values() ?? [])]);
    queues.sort((a, b) => a.pass - b.pass);
    const lanes: LaneKey[] = [];
    for (const { lanes: own } of queues.slice(0, MAX_RESERVE + picked.size)) {
      for (const lane of own.slice(0, MAX_RESERVE)) if (!picked.has(lane.key)) lanes.push(lane.key);
    }
    return lanes.slice(0, MAX_RESERVE);
  }

  /** A lane of the reserve gave so many tasks. */
  charge(lane: Lane, count: number): void {
    const queue = this.#routes.get(lane.route)?.tenants.get(lane.tenant);
    if (queue !== undefined) queue.pass += count / queue.weight;
  }

  /** The lane had fewer ready tasks than were asked for: `unused` of its turn are given back and it is not ready until marked again. */
  empty(lane: Lane, unused: number): void {
    if (!this.#ready.delete(lane.key)) return;
    const route = this.#routes.get(lane.route);
    const queue = route?.tenants.get(lane.tenant);
    if (route === undefined || queue === undefined) return;
    queue.pass -= unused / queue.weight;
    const at = queue.lanes.findIndex((each) => each.key === lane.key);
    if (at >= 0) queue.lanes.splice(at, 1);
    if (queue.lanes.length === 0) route.tenants.delete(lane.tenant);
  }
}
