// Tells this process and the others what a commit changed.
// Owns: what waits to be sent. One NOTIFY at a time carries everything that was committed meanwhile: PostgreSQL lets notifying transactions
// commit one at a time, so a NOTIFY inside each flush would undo group commit (measured: a tenth of the enqueues on a slow disk).
// I1: told only after the commit. I2: hints may be lost (C9) or doubled, never wrong in a way that hides work: pollers look each second.

import { crashPoint } from '../../contract/index.ts';
import type { LaneKey, TaskKey } from '../../contract/index.ts';
import type { Clock } from '../../kernel/index.ts';
import type { HintHub } from '../hints.ts';
import type { Dictionaries } from './dictionaries.ts';
import type { Effects } from './effects.ts';
import { sleep } from './link.ts';
import { MAX_PAYLOAD_CHARS } from './listener.ts';
import type { Listener } from './listener.ts';
import type { ReadyLanes } from './ready-lanes.ts';

/** The message between hosts: lanes that may be ready, events committed, tasks whose owner was out-fenced. */
interface Message {
  l?: LaneKey[];
  e?: 1;
  r?: TaskKey[];
}

/** Keys in one message: 16 digits and a comma each stay below PostgreSQL's limit. */
const MAX_KEYS = Math.floor(MAX_PAYLOAD_CHARS / 17) - 4;

/** After a message the next one waits this long: bounds both the rate (each costs the server about a row's work in every host) and the delay. */
const GATHER_MS = 2;

export interface AnnouncerOptions {
  clock: Clock;
  hub: HintHub;
  lanes: ReadyLanes;
  dictionaries: Dictionaries;
  listener: () => Listener | undefined;
}

export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #lanes = new Set<LaneKey>();
  #revoked: TaskKey[] = [];
  #events = false;
  #sending = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** After a commit of this process. */
  committed(effects: Effects): void {
    const { hub, lanes, listener } = this.#options;
    const routes = new Set<number>();
    for (const lane of effects.ready) {
      lanes.mark(lane);
      routes.add(lane.route);
    }
    if (listener()?.hasPeers === true) {
      for (const lane of effects.ready) this.#lanes.add(lane.key);
      this.#revoked.push(...effects.revoked);
      this.#events ||= effects.events;
      void this.#send();
    }
    if (routes.size > 0) hub.ready([...routes]);
    if (effects.events) hub.events();
    if (effects.revoked.length > 0) hub.revoked(effects.revoked);
  }

  /** A message of another process. */
  async received(payload: string): Promise<void> {
    const { hub, lanes, dictionaries } = this.#options;
    const message = parse(payload);
    if (message.l !== undefined) {
      await dictionaries.learnKeys(message.l).catch(() => undefined); // found by the next rescan
      const routes = new Set<number>();
      for (const key of message.l) {
        const lane = dictionaries.laneByKey(key);
        if (lane === undefined) continue;
        lanes.mark(lane);
        routes.add(lane.route);
      }
      if (routes.size > 0) hub.ready([...routes]);
    }
    if (message.e === 1) hub.events();
    if (message.r !== undefined) hub.revoked(message.r);
  }

  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.#lanes.size > 0 || this.#revoked.length > 0 || this.#events) {
        await this.#options.listener()?.notify(JSON.stringify(this.#next()));
        crashPoint('C10');
        await sleep(this.#options.clock, GATHER_MS);
      }
    } finally {
      this.#sending = false;
    }
  }

  #next(): Message {
    const l = [...this.#lanes].slice(0, MAX_KEYS);
    for (const key of l) this.#lanes.delete(key);
    const r = this.#revoked.slice(0, MAX_KEYS - l.length);
    this.#revoked = this.#revoked.slice(r.length);
    const message: Message = {
      ...(l.length > 0 ? { l } : {}),
      ...(r.length > 0 ? { r } : {}),
      ...(this.#events ? { e: 1 } : {}),
    };
    this.#events = false;
    return message;
  }
}

function parse(payload: string): Message {
  try {
    const value: unknown = JSON.parse(payload);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {}; // not ours
  }
}
