// One request-reply line to a thread of the store. Owns the worker and the requests in flight.
// States: opening > open > closing > closed; a thread that dies in `open` rejects what is in flight and everything after with STORE_UNAVAILABLE.

import { Worker } from 'node:worker_threads';
import { HiveError, hiveError } from '../../contract/plain.ts';
import type { ErrorCode, ErrorRecord } from '../../contract/index.ts';
import { deferred, threadEnvironment } from '../../kernel/index.ts';
import type { Deferred } from '../../kernel/index.ts';

type Message =
  | { ready: number }
  | { failed: ErrorRecord }
  | { closed: true }
  | { id: number; reply: unknown }
  | { id: number; error: ErrorRecord };

export function fromRecord(record: ErrorRecord): HiveError {
  return new HiveError(record.code as ErrorCode, {
    message: record.message,
    ...(record.details === undefined ? {} : { details: record.details }),
  });
}

export class ThreadLink {
  readonly #worker: Worker;
  readonly #inFlight = new Map<number, Deferred<unknown>>();
  readonly #opened = deferred<number>();
  readonly #closed = deferred<null>();
  #nextId = 1;
  #dead: HiveError | undefined;

  private constructor(entry: URL, data: unknown) {
    this.#worker = new Worker(entry, { workerData: data, env: threadEnvironment() });
    this.#worker.on('message', (message: Message) => {
      this.#receive(message);
    });
    this.#worker.on('error', (error) => {
      this.#die(
        hiveError('STORE_UNAVAILABLE', {
          message: `the store's thread died: ${String(error)}`,
          cause: error,
        }),
      );
    });
    this.#worker.on('exit', (code) => {
      this.#die(
        hiveError('STORE_UNAVAILABLE', { message: `the store's thread ended with code ${code}` }),
      );
      this.#closed.resolve(null);
    });
  }

  /** Starts the thread; resolves when it is ready, with what it reported. */
  static async open(entry: URL, data: unknown): Promise<{ link: ThreadLink; ready: number }> {
    const link = new ThreadLink(entry, data);
    return { link, ready: await link.#opened.promise };
  }

  request<Reply>(body: object): Promise<Reply> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead);
    const id = this.#nextId++;
    const answer = deferred<unknown>();
    this.#inFlight.set(id, answer);
    this.#worker.postMessage({ id, ...body });
    return answer.promise as Promise<Reply>;
  }

  get isDead(): boolean {
    return this.#dead !== undefined;
  }

  async close(): Promise<void> {
    if (this.#dead === undefined) this.#worker.postMessage({ close: true });
    await this.#closed.promise;
  }

  #receive(message: Message): void {
    if ('ready' in message) this.#opened.resolve(message.ready);
    else if ('failed' in message) this.#opened.reject(fromRecord(message.failed));
    else if ('id' in message) {
      const answer = this.#inFlight.get(message.id);
      this.#inFlight.delete(message.id);
      if ('error' in message) answer?.reject(fromRecord(message.error));
      else answer?.resolve(message.reply);
    }
  }

  #die(reason: HiveError): void {
    this.#dead ??= reason;
    this.#opened.reject(this.#dead);
    for (const answer of this.#inFlight.values()) answer.reject(this.#dead);
    this.#inFlight.clear();
  }
}
