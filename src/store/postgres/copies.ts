// Tasks made from tasks that exist: forks, retries of runs, requeued tasks. Inside the caller's transaction, set by set.
// I1: a copy stays in the tenant, project and lane of its original, which does not change. I2: copied rows of a journal keep their order and share
// their blobs; open waits are not copied, and a copied approval has no id of its own, so that an approval id names one row.
// I3: what is tried again does not meet the failure that ended it: waits that failed or timed out and were followed by no work are not copied either.

import { formatId, hiveError, idBytes, taskStates } from '../../contract/index.ts';
import type { TaskId, TaskKey } from '../../contract/index.ts';
import { Overtaken } from './failure.ts';
import type { InTransaction } from './insert-rows.ts';
import { markReady } from './ready-marks.ts';
import * as sql from './sql-copies.ts';
import type { CopyRow } from './sql-copies.ts';

/**
 * Writes the copies; their keys in order, undefined when an id exists already. Throws NOT_FOUND when an original or its step is unknown or of
 * another tenant, ILLEGAL_TRANSITION when an original that should have ended has not.
 */
export async function writeCopies(
  scope: InTransaction,
  rows: readonly CopyRow[],
): Promise<TaskKey[] | undefined> {
  if (rows.length === 0) return [];
  const { client } = scope;
  const found = await client.query<sql.Original>({
    ...sql.originals,
    values: sql.originals.encode(rows),
  });
  const byOrd = new Map(found.rows.map((row) => [row.ord - 1, row]));
  for (const [i, row] of rows.entries()) check(row, byOrd.get(i));
  const inserted = await client.query<{ key: number; id: Uint8Array }>({
    ...sql.insertCopies,
    values: sql.insertCopies.encode(rows),
  });
  if (inserted.rows.length < rows.length) return undefined;
  const keys = keysById(inserted.rows);
  const copies = rows.map(({ copy }) => keys.get(copy.id) ?? 0);
  await writeJournals(scope, { rows, copies, originals: byOrd });
  await markReady(
    scope,
    rows.flatMap(({ copy }, i) => (copy.as === 'ready' ? (byOrd.get(i)?.lane ?? []) : [])),
  );
  return copies;
}

const keysById = (rows: readonly { key: number; id: Uint8Array }[]): ReadonlyMap<TaskId, TaskKey> =>
  new Map(rows.map((row) => [formatId('task', row.id), row.key]));

/** Keys of copies that were written before. */
export async function findCopies(
  scope: InTransaction,
  ids: readonly TaskId[],
): Promise<ReadonlyMap<TaskId, TaskKey>> {
  if (ids.length === 0) return new Map();
  const values = [ids.map((id) => Buffer.from(idBytes('task', id)))];
  const found = await scope.client.query<{ key: number; id: Uint8Array }>({
    ...sql.copiesById,
    values,
  });
  return keysById(found.rows);
}

function check({ copy, tenant }: CopyRow, original: sql.Original | undefined): void {
  if (original === undefined || (tenant !== null && tenant !== original.tenant))
    throw hiveError('NOT_FOUND', { message: `there is no task ${copy.from} to copy` });
  if (copy.as === 'ended' && original.state < taskStates.succeeded)
    throw hiveError('ILLEGAL_TRANSITION', {
      message: `task ${copy.from} has not ended, so it cannot be copied as ended`,
    });
  if (typeof copy.steps === 'string' || original.until !== null) return;
  const { name, occurrence } = copy.steps.before;
  throw hiveError('NOT_FOUND', {
    message: `the journal of task ${copy.from} has no step "${name}" (occurrence ${occurrence})`,
  });
}

async function writeJournals(
  scope: InTransaction,
  of: {
    rows: readonly CopyRow[];
    copies: readonly TaskKey[];
    originals: ReadonlyMap<number, sql.Original>;
  },
): Promise<void> {
  const { client } = scope;
  const withSteps = of.rows.flatMap(({ copy }, i) =>
    copy.steps === 'none' ? [] : [{ copy, i, key: of.copies[i] ?? 0 }],
  );
  if (withSteps.length === 0) return;
  const keys = withSteps.map(({ key }) => key);
  await client.query({
    ...sql.copyJournals,
    values: [
      keys,
      withSteps.map(({ copy }) => copy.from),
      withSteps.map(({ copy }) => (copy.steps === 'effects' ? 1 : 0)),
      withSteps.map(({ i }) => of.originals.get(i)?.until ?? null),
      withSteps.map(({ copy }) => (copy.as === 'ended' || copy.steps !== 'all' ? 1 : 0)),
    ],
  });
  await client.query({ ...sql.countJournals, values: [keys] });
  const blobs = await client.query<{ used: number; held: number }>({
    ...sql.shareBlobs,
    values: [keys],
  });
  const [row] = blobs.rows;
  if (row !== undefined && row.held < row.used)
    throw new Overtaken('an original was pruned meanwhile');
}
