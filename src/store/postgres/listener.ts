// One connection that listens: wake-ups from other hosts, and the advisory locks that prove this host alive.
// Owns: the LISTEN session, its reconnection, the locks of registered hosts. Does not own: what a message means (open.ts routes it).
// I1: a host's lock is taken in the transaction that adds its row, so nobody sees a host without a lock. I2: messages are hints; after every
// (re)connection `onConnected` tells to look at SQL. I3: without another listener in the database nothing is sent.
//
// States: connecting > listening > connecting (lost, with back-off) | closed.

import type { Client } from 'pg';
import { backoffMs, deferred, systemUniform } from '../../kernel/index.ts';
import type { Clock } from '../../kernel/index.ts';
import { storeError } from './failure.ts';
import { transaction } from './link.ts';
import { LOCK_NAMESPACE } from './migrate.ts';
import { openSession } from './session.ts';
import { addHost } from './sql-dictionaries.ts';

const CHANNEL = 'hive';
const RECONNECT = {
  maxAttempts: Infinity,
  waitsMs: [50, 100, 200, 400, 800, 1_000],
  jitter: 'full',
} as const;
/** PostgreSQL's limit is 8,000 bytes. */
export const MAX_PAYLOAD_CHARS = 7_900;
/** Between looks for other listeners once there was one. */
const PEERS_CHECK_MS = 30_000;
const LOCK_RETRY_MS = 1_000;

export interface ListenerOptions {
  url: string;
  clock: Clock;
  onMessage: (payload: string) => void;
  onConnected: () => void;
}

const PEERS = `select count(*) as peers from pg_stat_activity
  where datname = current_database() and application_name = 'hivewright listen' and pid <> pg_backend_pid()`;

export class Listener {
  readonly #options: ListenerOptions;
  readonly #hosts = new Set<number>();
  #client: Client | undefined;
  #closed = false;
  #hasPeers = false;
  #peersCheckedMs = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Whether anybody else listens. */
  get hasPeers(): boolean {
    return this.#hasPeers;
  }

  /** The first connection; throws when the server cannot be reached. */
  async open(): Promise<void> {
    await this.#connect();
  }

  /** Adds the host's row and holds its lock until the store closes. */
  async registerHost(host: { id: string; boot: string; startedMs: number }): Promise<number> {
    const key = await this.#exclusive((client) =>
      transaction(client, async () => {
        const added = await client.query<{ key: number }>({
          ...addHost,
          values: [host.id, host.boot, host.startedMs],
        });
        const found = added.rows[0]?.key ?? 0;
        await client.query('select pg_advisory_lock($1, $2)', [LOCK_NAMESPACE, found]);
        return found;
      }),
    );
    this.#hosts.add(key);
    return key;
  }

  /** Sends to the other listeners; does nothing while the connection is down (they poll). */
  async notify(payload: string): Promise<void> {
    if (this.#client === undefined) return;
    try {
      await this.#exclusive(async (client) => {
        await client.query({
          name: 'notify',
          text: `select pg_notify('${CHANNEL}', $1)`,
          values: [payload],
        });
        const nowMs = this.#options.clock.mono();
        if (nowMs - this.#peersCheckedMs > PEERS_CHECK_MS) await this.#countPeers(client);
      });
    } catch {
      // A hint that is lost costs at most one polling interval.
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue.catch(() => undefined);
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  /** One piece of work at a time on the session. */
  #exclusive<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const turn = this.#queue.then(async () => {
      const client = this.#client;
      if (client === undefined) throw storeError(new Error('the listening connection is down'));
      return work(client);
    });
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #connect(): Promise<void> {
    const { url, onMessage, onConnected } = this.#options;
    const client = await openSession(url, 'listen');
    const ended = deferred<void>();
    client.on('end', () => {
      ended.resolve();
    });
    client.on('notification', (message) => {
      if (message.processId === pidOf(client)) return; // our own
      this.#hasPeers = true;
      if (message.payload !== undefined && message.payload !== '') onMessage(message.payload);
    });
    await client.query(`listen ${CHANNEL}`);
    await this.#countPeers(client);
    if (this.#hasPeers) await client.query(`notify ${CHANNEL}, ''`); // "I listen": the others start to send
    this.#client = client;
    if (this.#closed) await client.end();
    for (const host of this.#hosts) this.#lockAgain(client, host);
    onConnected();
    void ended.promise.then(() => this.#reconnect(client));
  }

  async #countPeers(client: Client): Promise<void> {
    const { rows } = await client.query<{ peers: number }>(PEERS);
    this.#hasPeers = (rows[0]?.peers ?? 0) > 0;
    this.#peersCheckedMs = this.#options.clock.mono();
  }

  /** The server may hold the lock for our dead session for a while: try until it is ours. */
  #lockAgain(client: Client, host: number): void {
    if (this.#closed || this.#client !== client) return;
    this.#exclusive(async () => {
      const { rows } = await client.query<{ locked: boolean }>(
        'select pg_try_advisory_lock($1, $2) as locked',
        [LOCK_NAMESPACE, host],
      );
      if (rows[0]?.locked === true)
        await client.query('update hosts set ended_ms = null where key = $1', [host]);
      else this.#options.clock.after(LOCK_RETRY_MS, () => this.#lockAgain(client, host));
    }).catch(() => undefined); // lost again: the next connection starts over
  }

  async #reconnect(lost: Client): Promise<void> {
    if (this.#client === lost) this.#client = undefined;
    for (let failures = 1; !this.#closed; failures++) {
      await new Promise<void>(
        (resolve) =>
          void this.#options.clock.after(
            backoffMs(RECONNECT, failures, systemUniform) ?? 0,
            resolve,
          ),
      );
      if (this.#closed) return;
      try {
        await this.#connect();
        return;
      } catch {
        // The server is still away; the flush lanes report it to their callers.
      }
    }
  }
}

function pidOf(client: Client): number | undefined {
  return (client as Client & { processID?: number }).processID;
}
