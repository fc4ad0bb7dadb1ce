// Which lanes this host believes to have ready tasks, safe against claims in flight.
// Owns: the scheduler. Does not own: the truth (SQL) and when to rescan.
// I1: a mark that arrives while a claim is in flight survives that claim's finding "empty": the claim's snapshot may be older than the mark.

import type { LaneKey, RouteKey, TenantKey } from '../../contract/index.ts';
import { LaneScheduler } from '../lanes.ts';
import type { Lane, LanePick } from '../lanes.ts';

export class ReadyLanes {
  readonly #scheduler: LaneScheduler;
  readonly #markedDuringClaim = new Map<LaneKey, Lane>();
  #claiming = false;

  constructor(weightOf: (tenant: TenantKey) => number) {
    this.#scheduler = new LaneScheduler(weightOf);
  }

  mark(lane: Lane): void {
    if (this.#claiming) this.#markedDuringClaim.set(lane.key, lane);
    this.#scheduler.mark(lane);
  }

  pick(routes: readonly RouteKey[], slots: number): LanePick[] {
    this.#claiming = true;
    return this.#scheduler.pick(routes, slots);
  }

  reserve(routes: readonly RouteKey[], picked: ReadonlySet<LaneKey>): LaneKey[] {
    return this.#scheduler.reserve(routes, picked);
  }

  charge(lane: Lane, count: number): void {
    this.#scheduler.charge(lane, count);
  }

  /** Found fewer than asked. Call before `claimed`. */
  empty(lane: Lane, unused: number): void {
    this.#scheduler.empty(lane, unused);
  }

  /** The claim is over: lanes marked meanwhile are ready again. */
  claimed(): void {
    this.#claiming = false;
    for (const lane of this.#markedDuringClaim.values()) this.#scheduler.mark(lane);
    this.#markedDuringClaim.clear();
  }
}
