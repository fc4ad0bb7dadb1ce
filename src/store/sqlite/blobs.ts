// Large results, kept once per content and tenant. Runs in the writer thread inside the flush's transaction.
// I1: a hash in a row of the journal has its blob (both are written in one transaction). I2: a blob goes when the last row that refers to it goes.

import { createHash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BLOB_BYTES } from '../../contract/plain.ts';
import type { TenantKey } from '../../contract/index.ts';

/** A UTF-16 unit takes at most three bytes of UTF-8: shorter texts need no count. */
export const SURELY_SMALL = Math.floor(BLOB_BYTES / 3);

export class Blobs {
  readonly #insert: StatementSync;
  readonly #drop: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      'insert into blobs (tenant, hash, bytes, data, at_ms) values (?, ?, ?, ?, ?) on conflict do nothing',
    );
    this.#drop = db.prepare(
      'delete from blobs where tenant = ? and hash = ? and not exists (select 1 from journal j where j.tenant = blobs.tenant and j.blob = blobs.hash)',
    );
  }

  /** The hash under which the result is kept, or null when it is small and belongs into its row. */
  keep(tenant: TenantKey, result: string | null, atMs: number): Uint8Array | null {
    if (result === null || result.length < SURELY_SMALL) return null;
    const bytes = Buffer.byteLength(result);
    if (bytes < BLOB_BYTES) return null;
    const hash = hashOf(result);
    this.#insert.run(tenant, hash, bytes, result, atMs);
    return hash;
  }

  /** Deletes those of these that nothing refers to any more. */
  drop(tenant: TenantKey, hashes: Iterable<Uint8Array>): void {
    for (const hash of hashes) this.#drop.run(tenant, hash);
  }
}

export function hashOf(result: string): Uint8Array {
  return createHash('sha256').update(result).digest();
}
