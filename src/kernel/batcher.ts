// Group commit (bench-peers lesson 1): whatever arrives while a flush is in flight goes out together in the next one.
// Owns: the queue and the number of flushes in flight. Does not own: what a flush does.
// I1: an item is acknowledged only after its flush resolved. I2: with inFlight 1 items are flushed in the order of their arrival.
// I3: the queue is bounded; push over the bound rejects with QUEUE_FULL. I4: a flush that throws rejects exactly its own items.
//
// States of the batcher: idle (nothing queued) > armed (a flush starts in this turn's end) > flushing (up to inFlight) > armed | idle; closed at the end.

import { hiveError } from '../contract/plain.ts';

export interface BatcherOptions<Item, Result> {
  /** Commits the items together; one result per item, in order. */
  flush(items: readonly Item[]): Promise<readonly Result[]>;
  /** Items in one flush. */
  maxItems: number;
  inFlight: number;
  /** So much waiting goes out at once instead of at the end of the turn: the other side works while this one is still producing. */
  eagerItems?: number;
  /** Items that may wait. */
  maxQueue: number;
  /** Cost of an item against maxItems (a unit with 1,000 rows is not one row). */
  weight?(item: Item): number;
}

interface Waiting<Item, Result> {
  item: Item;
  weight: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

export class Batcher<Item, Result> {
  readonly #options: BatcherOptions<Item, Result>;
  #queue: Waiting<Item, Result>[] = [];
  #flushing = 0;
  #waitingWeight = 0;
  #armed = false;
  #idleWaiters: (() => void)[] = [];

  constructor(options: BatcherOptions<Item, Result>) {
    this.#options = options;
  }

  get depth(): number {
    return this.#queue.length;
  }

  push(item: Item): Promise<Result> {
    if (this.#queue.length >= this.#options.maxQueue) {
      return Promise.reject(
        hiveError('QUEUE_FULL', {
          message: `${this.#options.maxQueue} writes are waiting for the store`,
        }),
      );
    }
    return new Promise<Result>((resolve, reject) => {
      const weight = this.#options.weight?.(item) ?? 1;
      this.#queue.push({ item, weight, resolve, reject });
      this.#waitingWeight += weight;
      if (this.#waitingWeight >= (this.#options.eagerItems ?? Infinity)) void this.#run();
      else this.#arm();
    });
  }

  /** Resolves when nothing is queued or in flight. */
  idle(): Promise<void> {
    if (this.#queue.length === 0 && this.#flushing === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  #arm(): void {
    if (this.#armed || this.#flushing >= this.#options.inFlight || this.#queue.length === 0) return;
    this.#armed = true;
    // setImmediate, not a microtask: everything that this turn of the event loop produces shares the flush.
    setImmediate(() => {
      this.#armed = false;
      void this.#run();
    });
  }

  #take(): Waiting<Item, Result>[] {
    let weight = 0;
    let count = 0;
    for (const waiting of this.#queue) {
      weight += waiting.weight;
      if (count > 0 && weight > this.#options.maxItems) break;
      count++;
    }
    if (count === this.#queue.length) {
      const all = this.#queue;
      this.#queue = [];
      this.#waitingWeight = 0;
      return all;
    }
    const taken = this.#queue.splice(0, count);
    this.#waitingWeight -= taken.reduce((sum, each) => sum + each.weight, 0);
    return taken;
  }

  async #run(): Promise<void> {
    if (this.#flushing >= this.#options.inFlight || this.#queue.length === 0) return;
    const batch = this.#take();
    this.#flushing++;
    this.#arm(); // a second flush may go at once when inFlight allows
    try {
      const results = await this.#options.flush(batch.map((each) => each.item));
      if (results.length !== batch.length)
        throw hiveError('INTERNAL', {
          message: `flush of ${batch.length} items gave ${results.length} results`,
        });
      for (let i = 0; i < batch.length; i++) batch[i]?.resolve(results[i] as Result);
    } catch (error) {
      for (const each of batch) each.reject(error);
    } finally {
      this.#flushing--;
      this.#arm();
      if (this.#queue.length === 0 && this.#flushing === 0) {
        for (const resolve of this.#idleWaiters.splice(0)) resolve();
      }
    }
  }
}
