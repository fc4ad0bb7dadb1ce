// The slots of one agent on this host, and the tasks claimed ahead for them.
// Owns: how many slots are in use, the buffer. Does not own: leases (LeaseBook), running (Attempts).
// I1: running <= concurrency. I2: what is buffered is leased and is renewed like what runs. I3: an agent with long tasks claims nothing ahead, so
// that other hosts find work; one with short tasks claims up to four hands ahead, so that a slot never waits for a commit.

import type { AgentManifest, ClaimedTask } from '../contract/index.ts';

/** Claimed ahead while tasks are short: four times the slots hides one claim's round trip at the measured rates. */
export const HANDS_AHEAD = 4;
/** Mean task time above which nothing is claimed ahead: a claim takes some 3 ms. */
const SHORT_TASK_MS = 50;
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

  /** How many tasks this agent may hold, running and ahead. */
  get capacity(): number {
    const { concurrency } = this.manifest;
    return this.#meanMs < SHORT_TASK_MS && concurrency > 1
      ? concurrency * (1 + HANDS_AHEAD)
      : concurrency;
  }

  get held(): number {
    return this.running + this.buffered;
  }

  /** Asked for by claims that are not answered yet. */
  asked = 0;

  /**
   * How many tasks a claim should ask for now; 0 = none. Half of what may be held, so that two claims alternate: while the tasks of one are worked on
   * and settled, the other is under way, and neither the store nor the agents wait. More when slots would stay empty.
   */
  get wanted(): number {
    if (!this.isDirty) return 0;
    const promised = this.held + this.asked;
    const room = this.capacity - promised;
    const half = Math.ceil(this.capacity / 2);
    if (room >= half) return Math.min(room, half);
    return Math.max(0, Math.min(room, this.manifest.concurrency - promised));
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
