// The ledger: what hives said they had done, kept by a process that is never killed. A server on a Unix socket, one JSON line per record.
// Owns: records in the order of their arrival. L1: a record is acknowledged only when it is kept; the hive waits for it before it goes on.
// L2: `acked` is written after the hive's answer, `begin` before an agent works, `page` when a reader has read on in the event log: the tasks whose
// end it met and the cursor are one record, so a reader that is killed neither skips nor repeats. L3: it is the receiver of effects too: it knows the
// idempotency keys that arrived and says so when asked.

import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type LedgerRecord =
  | { kind: 'acked'; pid: number; job: number; id: string }
  | { kind: 'begin'; pid: number; task: string; attempt: number; token: string }
  | { kind: 'step'; pid: number; task: string; token: string }
  | {
      kind: 'page';
      pid: number;
      reader: string;
      cursor: string;
      events: number;
      ended: string[];
    }
  /** An effect that reached its receiver, with the step results that the agent knew: they are durable by then. */
  | {
      kind: 'effect';
      pid: number;
      task: string;
      key: string;
      mode: 'repeat' | 'check' | 'ask';
      steps: Record<string, string>;
    }
  /** Step results that an agent knew after a wait. */
  | { kind: 'seen'; pid: number; task: string; steps: Record<string, string> }
  /** A compensation that reached its receiver; token: of the execution that it undoes. */
  | { kind: 'undo'; pid: number; task: string; run: string; token: string; key: string }
  /** What the operator is about to say of an uncertain effect. */
  | { kind: 'resolved'; pid: number; task: string; key: string; resolution: 'done' | 'retry' }
  | { kind: 'note'; pid: number; text: string };

/** What a hive asks when it starts. */
export interface LedgerState {
  acked: number[];
  cursor: string | null;
  /** Events that readers of this name have met. */
  events: number;
}

/** When so long not a single record came, nothing that is waited for will come. */
const WHEN_LIMIT_MS = 60_000;

export class Ledger {
  readonly records: LedgerRecord[] = [];
  readonly socketPath: string;
  readonly #folder: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Idempotency keys of effects that arrived. */
  readonly #keys = new Set<string>();
  #waiters: { isMet: () => boolean; resolve: () => void; limit: NodeJS.Timeout }[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
    this.socketPath = join(folder, 'ledger.sock');
    this.#server = createServer((socket) => {
      this.#serve(socket);
    });
  }

  static async open(): Promise<Ledger> {
    const ledger = new Ledger(await mkdtemp(join(tmpdir(), 'hive-ledger-')));
    await new Promise<void>((resolve, reject) => {
      ledger.#server.once('error', reject);
      ledger.#server.listen(ledger.socketPath, resolve);
    });
    return ledger;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined); // the other side was killed
    socket.on('close', () => this.#sockets.delete(socket));
    const lines = createInterface({ input: socket });
    lines.on('error', () => undefined); // told here too
    lines.on('line', (line) => {
      const { id, record, ask, has } = JSON.parse(line) as {
        id: number;
        record?: LedgerRecord;
        ask?: string;
        has?: string;
      };
      if (record !== undefined) this.#keep(record);
      const answer = {
        id,
        ...(ask === undefined ? {} : { state: this.state(ask) }),
        ...(has === undefined ? {} : { known: this.#keys.has(has) }),
      };
      socket.write(`${JSON.stringify(answer)}\n`);
    });
  }

  #keep(record: LedgerRecord): void {
    this.records.push(record);
    if (record.kind === 'effect') this.#keys.add(record.key);
    this.#waiters = this.#waiters.filter((waiter) => {
      if (!waiter.isMet()) {
        waiter.limit.refresh(); // something still happens
        return true;
      }
      clearTimeout(waiter.limit);
      waiter.resolve();
      return false;
    });
  }

  state(reader: string): LedgerState {
    const acked = this.records.flatMap((record) => (record.kind === 'acked' ? [record.job] : []));
    const pages = this.records.flatMap((record) =>
      record.kind === 'page' && record.reader === reader ? [record] : [],
    );
    const events = pages.reduce((sum, page) => sum + page.events, 0);
    return { acked, cursor: pages.at(-1)?.cursor ?? null, events };
  }

  /** Tasks whose end some reader has met. */
  ended(): Set<string> {
    return new Set(this.records.flatMap((record) => (record.kind === 'page' ? record.ended : [])));
  }

  count(kind: LedgerRecord['kind']): number {
    return this.records.filter((record) => record.kind === kind).length;
  }

  /** Resolves when the condition holds over the records; looked at after each of them. Rejects when records stop coming before. */
  when(what: string, isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        const last = this.records.slice(-5).map((record) => JSON.stringify(record));
        reject(
          new Error(
            `it did not come to this, and ${WHEN_LIMIT_MS} ms passed without a record: ${what}; ${this.records.length} records, the last: ${last.join(' ')}`,
          ),
        );
      }, WHEN_LIMIT_MS);
      this.#waiters.push({ isMet, resolve, limit });
    });
  }

  /** Writes the records where the oracle reads them. */
  async save(): Promise<string> {
    const file = join(this.#folder, 'ledger.json');
    await writeFile(file, JSON.stringify(this.records));
    return file;
  }

  async close(): Promise<void> {
    for (const waiter of this.#waiters) clearTimeout(waiter.limit);
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true, force: true });
  }
}
