// What every simulated world has: time, one store, hosts that crash, pause, get wrong clocks and are started again, until peace comes.

import { idSource } from '../../src/kernel/index.ts';
import type { TaskMaker } from './diamond.ts';
import { LEASE_MS } from './sim-host.ts';
import { SimStore } from './sim-store.ts';
import { SimProcess, VirtualTime } from './virtual-time.ts';

export const START_MS = 1_750_000_000_000;
/** Length of the troubled part, and how long peace may take to finish everything (I6). */
export const TROUBLE_MS = 60_000;
export const PEACE_MS = 300_000;

export class SimWorld {
  readonly time: VirtualTime;
  readonly store: SimStore;
  readonly make: TaskMaker;
  readonly hosts: SimProcess[] = [];
  readonly counts = { crashes: 0, pauses: 0, jumps: 0, boots: 0 };
  readonly #startWork: (process: SimProcess) => void;

  /** `startWork` lets a process be a host. */
  constructor(seed: number, startWork: (process: SimProcess) => void) {
    this.#startWork = startWork;
    this.time = new VirtualTime(seed, START_MS);
    this.store = new SimStore(this.time);
    const ids = idSource(
      { now: () => this.time.nowMs, mono: () => this.time.nowMs, after: () => () => undefined },
      (bytes) => {
        for (let i = 0; i < bytes.length; i++) bytes[i] = this.time.between(0, 255);
      },
    );
    this.make = {
      ids,
      route: 0,
      nowMs: () => this.time.nowMs,
      token: () => this.time.between(0, 2 ** 40),
    };
  }

  async settleNow<T>(promise: Promise<T>): Promise<T> {
    let isDone = false;
    void promise.finally(() => (isDone = true));
    await this.time.run(() => isDone, Infinity);
    return await promise;
  }

  startHost(index: number): void {
    const process = new SimProcess(
      this.time,
      `h${index}-${this.counts.crashes + this.counts.boots}`,
    );
    this.hosts[index] = process;
    this.#startWork(process);
  }

  async sabotage(saboteur: SimProcess): Promise<void> {
    while (this.time.nowMs < START_MS + TROUBLE_MS) {
      await saboteur.sleep(this.time.between(500, 6_000));
      const index = this.time.between(0, this.hosts.length - 1);
      const host = this.hosts[index];
      const luck = this.time.random();
      if (host === undefined) continue;
      if (luck < 0.35) {
        this.counts.crashes++;
        host.kill();
        this.time.plan(this.time.between(100, 5_000), () => this.startHost(index));
      } else if (luck < 0.65) {
        this.counts.pauses++;
        host.pause(this.time.between(LEASE_MS / 2, LEASE_MS * 3));
      } else if (luck < 0.9) {
        this.counts.jumps++;
        host.clockOffsetMs = this.time.between(-60_000, 60_000);
      } else {
        this.counts.boots++;
        for (const each of this.hosts) each.kill();
        this.store.boot();
        for (let i = 0; i < this.hosts.length; i++) this.startHost(i);
      }
    }
    this.store.faults = { lostRequest: 0, lostAnswer: 0 };
    for (const host of this.hosts) host.clockOffsetMs = 0;
  }

  /** Nothing is open. */
  isIdle(): boolean {
    const [row] = this.store.all<{ open: number }>(
      'select (select count(*) from tasks where state < 6) + (select count(*) from runs where state < 3) as open',
    );
    return row?.open === 0;
  }
}
