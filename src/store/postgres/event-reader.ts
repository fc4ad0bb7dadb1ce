// Reads durable events in an order that never changes behind the reader.
// Sequence numbers become visible out of order: a transaction that took number 5 may commit after one that took 6. So events are ordered by
// (xid, key), and a reader stops at the oldest transaction that is still open (the snapshot's xmin): nothing can appear before that later.
// I1: a cursor never passes a transaction that may still commit. I2: when something is held back, listeners are told again soon.

import { idBytes } from '../../contract/index.ts';
import type { EventReader, HiveEvent, RunId, TenantKey } from '../../contract/index.ts';
import { hiveError } from '../../contract/index.ts';
import type { Clock } from '../../kernel/index.ts';
import { eventOfRow } from '../rows.ts';
import { storeError } from './failure.ts';
import type { LinkPool } from './link-pool.ts';

/** Until held-back events are asked for again: about the length of a flush. */
const HELD_BACK_MS = 5;

const AFTER = `select xid::text as xid, key, tenant, type, at_ms, run, task, seq, data,
    xid < (select pg_snapshot_xmin(pg_current_snapshot())) as settled
  from events where (xid, key) > ($1::text::xid8, $2::bigint)`;
const ORDER = 'order by events.xid, events.key limit';

const HEAD = `select xid::text as xid, key from events where xid < (select pg_snapshot_xmin(pg_current_snapshot()))
  order by events.xid desc, events.key desc limit 1`;

interface Request {
  cursor: string | null;
  tenant?: TenantKey;
  run?: RunId;
  limit: number;
}

export class PostgresEventReader implements EventReader {
  readonly #pool: LinkPool;
  readonly #clock: Clock;
  readonly #heldBack: () => void;

  constructor(options: { pool: LinkPool; clock: Clock; heldBack: () => void }) {
    this.#pool = options.pool;
    this.#clock = options.clock;
    this.#heldBack = options.heldBack;
  }

  async after({ cursor, tenant, run, limit }: Request): Promise<HiveEvent[]> {
    const values: unknown[] = parseCursor(cursor);
    let where = '';
    if (tenant !== undefined) where += ` and tenant = $${values.push(tenant)}::bigint`;
    if (run !== undefined)
      where += ` and seq is not null and run = $${values.push(Buffer.from(idBytes('run', run)))}::bytea`;
    const text = `${AFTER}${where} ${ORDER} $${values.push(limit)}::bigint`;
    const rows = await this.#query(text, values);
    const open = rows.findIndex((row) => row['settled'] !== true);
    if (open >= 0) this.#clock.after(HELD_BACK_MS, this.#heldBack);
    return (open < 0 ? rows : rows.slice(0, open)).map((row) =>
      eventOfRow(row, `${String(row['xid'])}:${String(row['key'])}`),
    );
  }

  async head(): Promise<string | null> {
    const [row] = await this.#query(HEAD, []);
    return row === undefined ? null : `${String(row['xid'])}:${String(row['key'])}`;
  }

  async #query(text: string, values: unknown[]): Promise<Record<string, unknown>[]> {
    try {
      return await this.#pool.run(
        async (client) => (await client.query<Record<string, unknown>>({ text, values })).rows,
      );
    } catch (error) {
      throw storeError(error);
    }
  }
}

function parseCursor(cursor: string | null): [xid: string, key: string] {
  if (cursor === null) return ['0', '0'];
  const parts = /^(\d{1,20}):(\d{1,16})$/.exec(cursor);
  if (parts?.[1] === undefined || parts[2] === undefined)
    throw hiveError('INPUT_INVALID', {
      message: `"${cursor.slice(0, 60)}" is not an event cursor of this store`,
    });
  return [parts[1], parts[2]];
}
