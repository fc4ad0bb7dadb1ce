// The hive's side of the ledger: one socket, one request at a time in the order they were made.

import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { LedgerRecord, LedgerState } from './ledger.ts';

type Unsigned = LedgerRecord extends infer R
  ? R extends { pid: number }
    ? Omit<R, 'pid'>
    : never
  : never;

interface Answer {
  id: number;
  state?: LedgerState;
  known?: boolean;
}

export class LedgerClient {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #nextId = 1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const lines = createInterface({ input: socket });
    lines.on('error', () => undefined); // 'close' follows
    socket.on('error', () => undefined);
    lines.on('line', (line) => {
      const answer = JSON.parse(line) as Answer;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
    // Without a ledger nothing that happens here would be judged.
    socket.on('close', () => {
      if (this.#waiting.size > 0) process.exit(70);
    });
  }

  static async connect(path: string): Promise<LedgerClient> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new LedgerClient(socket);
  }

  #request(body: object): Promise<Answer> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.write(`${JSON.stringify({ id, ...body })}\n`);
    });
  }

  /** Resolves when the record is kept. */
  async record(record: Unsigned): Promise<void> {
    await this.#request({ record: { ...record, pid: process.pid } });
  }

  async state(reader: string): Promise<LedgerState> {
    const { state } = await this.#request({ ask: reader });
    return state ?? { acked: [], cursor: null, events: 0 };
  }

  /** Whether an effect of this idempotency key has arrived. */
  async has(key: string): Promise<boolean> {
    return (await this.#request({ has: key })).known ?? false;
  }

  close(): void {
    this.#socket.end();
  }
}
