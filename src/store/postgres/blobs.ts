// Steps as JSON text, with large results set apart as blobs.
// I1: a result of BLOB_BYTES and more is stored once per tenant and content.

import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import { BLOB_BYTES } from '../../contract/index.ts';
import type { JournalStep, TenantKey } from '../../contract/index.ts';
import { deleteBlobs, insertBlobs, lockBlobs } from './sql-journal.ts';
import type { BlobRow } from './sql-journal.ts';

/** A character has at most three bytes for each UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;

function isLarge(result: string | null): result is string {
  return (
    result !== null &&
    result.length * MAX_BYTES_PER_UNIT >= BLOB_BYTES &&
    Buffer.byteLength(result) >= BLOB_BYTES
  );
}

const hashOf = (result: string): Buffer => createHash('sha256').update(result).digest();

export const hasBlobs = (steps: readonly JournalStep[]): boolean =>
  steps.some(({ result }) => isLarge(result));

/** Steps of one task for one statement: a step named twice (a sleep that began and ended) keeps its place, and its first result (S9). */
export function uniqueSteps(steps: readonly JournalStep[]): readonly JournalStep[] {
  if (steps.length < 2) return steps;
  const byName = new Map<string, JournalStep>();
  for (const step of steps) {
    const name = `${step.occurrence} ${step.name}`;
    const earlier = byName.get(name);
    if (earlier === undefined) byName.set(name, step);
    else if (earlier.result === null) byName.set(name, { ...earlier, ...step });
  }
  return [...byName.values()];
}

/** JSON text of such steps. */
export function encodeSteps(steps: readonly JournalStep[]): string {
  return JSON.stringify(
    uniqueSteps(steps).map((step) =>
      isLarge(step.result)
        ? { ...step, result: null, blob: hashOf(step.result).toString('hex') }
        : step,
    ),
  );
}

/** Writes the blobs that these journals need, in one order for all hosts. Call it inside the transaction, after its task rows are locked. */
export async function writeBlobs(
  client: Client,
  journals: readonly { tenant: TenantKey; steps: readonly JournalStep[] }[],
): Promise<void> {
  const rows = new Map<string, BlobRow>();
  for (const { tenant, steps } of journals) {
    for (const { result, atMs } of steps) {
      if (!isLarge(result)) continue;
      const hash = hashOf(result);
      rows.set(`${String(tenant).padStart(16, '0')} ${hash.toString('hex')}`, {
        tenant,
        hash,
        data: result,
        atMs,
      });
    }
  }
  if (rows.size === 0) return;
  const ordered = [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  await client.query({ ...insertBlobs, values: insertBlobs.encode(ordered) });
}

/** Deletes those that no journal uses any more. Inside a transaction, after its journal rows are gone. */
export async function dropBlobs(
  client: Client,
  blobs: readonly { tenant: TenantKey; blob: Uint8Array }[],
): Promise<void> {
  if (blobs.length === 0) return;
  const values = [blobs.map(({ tenant }) => tenant), blobs.map(({ blob }) => blob)];
  await client.query({ ...lockBlobs, values });
  await client.query({ ...deleteBlobs, values });
}
