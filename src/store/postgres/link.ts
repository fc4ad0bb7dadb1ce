// One self-healing connection for work that must run one at a time: a flush lane, the claim, the upkeep.
// Owns: the session and its reconnection. Does not own: what the work does; work must be repeatable (S6).
// I1: one piece of work at a time, in order of arrival. I2: work that lost its connection is run again on a new one and told so, because
// its commit is unknown. I3: after `unavailableAfterMs` of failing the work ends with STORE_UNAVAILABLE. I4: data errors are not retried here.
//
// States: closed-socket (no session) > open > closed-socket (lost) | ended (close).

import type { Client } from 'pg';
import { hiveError } from '../../contract/index.ts';
import { backoffMs, systemUniform } from '../../kernel/index.ts';
import type { Clock } from '../../kernel/index.ts';
import { failureKind, storeError } from './failure.ts';
import { openSession } from './session.ts';
import type { SessionKind } from './session.ts';

/** How long writes wait for a database that is down before they fail: longer than a restart, shorter than a person's patience. */
export const UNAVAILABLE_AFTER_MS = 30_000;
const RECONNECT = {
  maxAttempts: Infinity,
  waitsMs: [50, 100, 200, 400, 800, 1_000],
  jitter: 'full',
} as const;

export interface LinkOptions {
  url: string;
  kind: SessionKind;
  clock: Clock;
  unavailableAfterMs: number;
  /** True from the moment that a server which is away is not waited for any more: the hive is stopping. */
  isHurried?: () => boolean;
}

/** `tries`: how often this work was begun before; above 0 an earlier try may have been committed. */
export type Work<T> = (client: Client, tries: number) => Promise<T>;

export class Link {
  readonly #options: LinkOptions;
  #client: Client | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #ended = false;
  #hurry = false;
  #pending = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Work that waits or runs. */
  get pending(): number {
    return this.#pending;
  }

  /** Runs the work when its turn comes. */
  run<T>(work: Work<T>): Promise<T> {
    this.#pending++;
    const turn = this.#tail.then(() => this.#persist(work)).finally(() => this.#pending--);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** From now on work that fails is not tried again: the store is closing. */
  hurry(): void {
    this.#hurry = true;
  }

  async close(): Promise<void> {
    this.#hurry = true;
    await this.#tail;
    this.#ended = true;
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  async #persist<T>(work: Work<T>): Promise<T> {
    const { clock, unavailableAfterMs } = this.#options;
    const sinceMs = clock.mono();
    let failures = 0;
    for (;;) {
      try {
        return await work(await this.#session(), failures);
      } catch (error) {
        const kind = failureKind(error);
        if (kind === 'lost') this.#drop();
        else if (kind !== 'again') throw error;
        failures++;
        const isHurried = this.#hurry || this.#options.isHurried?.() === true;
        if ((isHurried && kind === 'lost') || clock.mono() - sinceMs > unavailableAfterMs)
          throw storeError(error);
        if (failures > 1 || kind === 'lost')
          await sleep(clock, backoffMs(RECONNECT, failures, systemUniform) ?? 0);
      }
    }
  }

  async #session(): Promise<Client> {
    if (this.#ended) throw hiveError('SHUTTING_DOWN', { message: 'the store is closed' });
    if (this.#client === undefined) {
      const client = await openSession(this.#options.url, this.#options.kind);
      client.on('end', () => {
        if (this.#client === client) this.#client = undefined;
      });
      this.#client = client;
    }
    return this.#client;
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.end().catch(() => undefined);
  }
}

export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.after(delayMs, resolve));
}

/** Statements of a transaction whose answers nobody waits for one by one; COMMIT waits for all of them. */
export class Sent {
  readonly #answers: Promise<unknown>[] = [];

  add(answer: Promise<unknown>): void {
    answer.catch(() => undefined); // reported by all() or firstError()
    this.#answers.push(answer);
  }

  async all(): Promise<void> {
    await Promise.all(this.#answers);
  }

  /** The statement that failed first: those after it only say that the transaction is aborted. */
  async firstError(): Promise<unknown> {
    for (const answer of await Promise.allSettled(this.#answers)) {
      if (answer.status === 'rejected') return answer.reason;
    }
    return undefined;
  }
}

/**
 * BEGIN, the work, COMMIT; ROLLBACK when the work throws. Sessions are pipelined: BEGIN travels with the first statement, COMMIT right behind
 * what was sent; when one of those failed, the server answers that COMMIT with a rollback, and the error is thrown here.
 */
export async function transaction<T>(client: Client, work: (sent: Sent) => Promise<T>): Promise<T> {
  const sent = new Sent();
  sent.add(client.query('begin'));
  try {
    const result = await work(sent);
    sent.add(client.query('commit'));
    await sent.all();
    return result;
  } catch (error) {
    const first = (await sent.firstError()) ?? error;
    if (failureKind(first) !== 'lost') await client.query('rollback').catch(() => undefined);
    throw first;
  }
}
