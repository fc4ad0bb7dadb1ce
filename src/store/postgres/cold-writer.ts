// Cold writes (logs, instances, settings): many units, one commit.
// I1: a unit is atomic; one that fails on data is refused alone. I2: cold statements need not be repeatable: after an unknown commit the
// server is asked what became of the transaction (pg_xact_status).

import type { Client } from 'pg';
import type { Statement } from '../../contract/index.ts';
import { Batcher } from '../../kernel/index.ts';
import { failureKind, Overtaken, storeError } from './failure.ts';
import type { Link } from './link.ts';
import { transaction } from './link.ts';

/** Statements of one flush. */
const MAX_STATEMENTS = 500;
const MAX_QUEUE = 20_000;

type Unit = readonly Statement[];
type Outcome = { error: unknown } | undefined;

export class ColdWriter {
  readonly #link: Link;
  readonly #batcher: Batcher<Unit, Outcome>;

  constructor(link: Link) {
    this.#link = link;
    this.#batcher = new Batcher({
      flush: (units) => this.#commit(units),
      maxItems: MAX_STATEMENTS,
      inFlight: 1,
      maxQueue: MAX_QUEUE,
      weight: (unit) => unit.length,
    });
  }

  async write(unit: Unit): Promise<void> {
    if (unit.length === 0) return;
    const outcome = await this.#batcher.push(unit);
    if (outcome !== undefined) throw storeError(outcome.error);
  }

  async close(): Promise<void> {
    this.#link.hurry();
    await this.#batcher.idle();
    await this.#link.close();
  }

  async #commit(units: readonly Unit[]): Promise<Outcome[]> {
    let xid: string | undefined;
    try {
      await this.#link.run(async (client) => {
        if (xid !== undefined && (await wasCommitted(client, xid))) return;
        await transaction(client, async () => {
          const { rows } = await client.query<{ xid: string }>(
            'select pg_current_xact_id()::text as xid',
          );
          for (const { sql, parameters } of units.flat())
            await client.query({ text: sql, values: [...parameters] });
          xid = rows[0]?.xid;
        });
        xid = undefined;
      });
      return units.map(() => undefined);
    } catch (error) {
      const kind = failureKind(error);
      if (kind !== 'data' && kind !== 'other') throw storeError(error);
      if (units.length === 1) return [{ error }];
      const middle = Math.ceil(units.length / 2);
      const first = await this.#commit(units.slice(0, middle));
      return first.concat(await this.#commit(units.slice(middle)));
    }
  }
}

async function wasCommitted(client: Client, xid: string): Promise<boolean> {
  const { rows } = await client.query<{ status: string | null }>(
    'select pg_xact_status($1::text::xid8) as status',
    [xid],
  );
  if (rows[0]?.status === 'in progress')
    throw new Overtaken('the lost transaction is not over yet');
  return rows[0]?.status === 'committed';
}
