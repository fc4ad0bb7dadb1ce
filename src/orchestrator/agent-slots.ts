// The slots of one agent on this host, and the tasks claimed ahead for them.
// Owns: how many slots are in use, the buffer. Does not own: leases (LeaseBook), running (Attempts).
// I1: running <= concurrency. I2: what is buffered is leased and is renewed like what runs. I3: what is claimed
// ahead lasts some milliseconds: enough that a slot never waits for a claim, too little to starve other hosts or other tenants.

import type { AgentManifest, ClaimedTask } from '../contract/index.ts';

/** Claimed ahead at most, in multiples of the slots: hides one claim's round trip at the highest rates, and makes a commit hold some hundred tasks. */
export const HANDS_AHEAD = 8;
/**
 * What is claimed ahead lasts about this long. More would let tasks of others that come later wait behind the buffer, because
 * fairness is decided when a task is claimed.
 */
const AHEAD_MS = 1;
/** Weight of the newest task in the running mean. */
const NEWEST_SHARE = 0.1;

export class AgentSlots {
  readonly manifest: AgentManifest;
  running = 0;
  /** Work may be waiting in SQL for this agent: claim. */
  isDirty = true;
  #buffer: ClaimedTask[] = [];
  #at = 0; // read position: shift() on a long array moves every element
  #meanMs = 0;

  constructor(manifest: AgentManifest) {
    this.manifest = manifest;
  }

  get buffered(): number {
    return this.#buffer.length - this.#at;
  }

  get hasFreeSlot(): boolean {
    return this.running < this.manifest.concurrency;
  }

  /** Tasks that may be claimed beyond the slots. */
  get #ahead(): number {
    const { concurrency } = this.manifest;
    if (concurrency === 1) return 0; // one at a time: nothing to overlap
    return Math.min(
      concurrency * HANDS_AHEAD,
      Math.floor((concurrency * AHEAD_MS) / Math.max(this.#meanMs, 0.01)),
    );
  }

  /** How many tasks this agent may hold, running and ahead. */
  get capacity(): number {
    return this.manifest.concurrency + this.#ahead;
  }

  get held(): number {
    return this.running + this.buffered;
  }

  /** Asked for by claims that are not answered yet. */
  asked = 0;

  /**
   * How many tasks a claim should ask for now; 0 = none. Half of what may be held, so that two claims alternate: while the tasks of one are worked on
   * and settled, the other is under way, and neither the store nor the agents wait.
   */
  get wanted(): number {
    if (!this.isDirty) return 0;
    const room = this.capacity - this.held - this.asked;
    const isWorthIt = room > 0 && room >= Math.ceil(this.#ahead / 2);
    return isWorthIt ? Math.min(room, Math.ceil(this.capacity / 2)) : 0;
  }

  /** A new task may skip the queue only when nobody waits in it for this agent. */
  get mayDispatchLocally(): boolean {
    return !this.isDirty && this.buffered === 0 && this.hasFreeSlot;
  }

  add(task: ClaimedTask): void {
    this.#buffer.push(task);
  }

  next(): ClaimedTask | undefined {
    const task = this.#buffer[this.#at];
    if (task === undefined) return undefined;
    this.#at++;
    if (this.#at === this.#buffer.length) {
      this.#buffer = [];
      this.#at = 0;
    }
    return task;
  }

  /** Takes all that was claimed ahead (shutdown). */
  drain(): ClaimedTask[] {
    const rest = this.#buffer.slice(this.#at);
    this.#buffer = [];
    this.#at = 0;
    return rest;
  }

  took(durationMs: number): void {
    this.#meanMs += (durationMs - this.#meanMs) * NEWEST_SHARE;
  }
}
