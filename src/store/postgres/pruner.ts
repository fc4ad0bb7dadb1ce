// Deletes what ended long ago, a bounded piece at a time, each in its own transaction.
// Owns: its connection. Who may call it: the store.
// I1: nothing goes that has not ended, and a run goes only when its whole tree has. I2: children go before what started them and a run's row goes last, so
// that what a piece leaves behind is found again by the next. I3: locks are taken as everywhere: runs, tasks, blobs. I4: audit is never touched.

import type { Client } from 'pg';
import type { PruneRequest, PruneResult, StoreSize, TenantKey } from '../../contract/index.ts';
import { dropBlobs } from './blobs.ts';
import { storeError } from './failure.ts';
import { transaction } from './link.ts';
import type { Link } from './link.ts';
import * as sql from './sql-prune.ts';

/** Rows of tasks or runs deleted in one piece: well below a second. */
const MAX_ROWS = 2_000;
/** Events of a task may be a little older or younger than it. */
const SLACK_MS = 60_000;

interface Row {
  key: number;
  id: Uint8Array;
}
interface Tree {
  kind: 'run' | 'task';
  key: number;
}
const keysIn = (rows: readonly { key: number }[]): number[] => rows.map(({ key }) => key);
const idsIn = (rows: readonly Row[]): Uint8Array[] => rows.map(({ id }) => id);

export class Pruner {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  /** One piece. `done` when nothing was left to delete. Throws STORE_UNAVAILABLE. */
  async prune(request: PruneRequest): Promise<PruneResult> {
    try {
      return await this.#link.run((client) => transaction(client, () => piece(client, request)));
    } catch (error) {
      throw storeError(error);
    }
  }

  async size(): Promise<StoreSize> {
    try {
      const { rows } = await this.#link.run((client) =>
        client.query<{ used: number; disk: number }>(sql.size),
      );
      return { usedBytes: rows[0]?.used ?? 0, diskBytes: rows[0]?.disk ?? 0 };
    } catch (error) {
      throw storeError(error);
    }
  }

  close(): Promise<void> {
    return this.#link.close();
  }
}

async function piece(client: Client, request: PruneRequest): Promise<PruneResult> {
  const { tenant, limit } = request;
  const beforeMs = await endedBefore(client, request);
  if (beforeMs === null) return { runs: 0, tasks: 0, done: true };
  const trees = await client.query<Tree>(sql.candidates, [
    tenant,
    request.project ?? null,
    beforeMs,
    limit,
  ]);
  const tops = keysIn(trees.rows.filter(({ kind }) => kind === 'run'));
  const lone = keysIn(trees.rows.filter(({ kind }) => kind === 'task'));
  const runs = await client.query<Row>(sql.runsOfTrees, [tops, lone, MAX_ROWS]);
  const tasks = await client.query<Row>(sql.tasksOfRuns, [keysIn(runs.rows), MAX_ROWS]);
  const blobs = await deleteTasks(client, tasks.rows);
  const gone = await deleteRuns(client, { tenant, runs: runs.rows });
  const single = await deleteSingles(client, { tenant, keys: lone });
  await dropBlobs(client, [...blobs, ...single.blobs]);
  const left = trees.rows.length - single.count - tops.filter((key) => gone.has(key)).length;
  return {
    runs: gone.size,
    tasks: single.count,
    done: left === 0 && trees.rows.length < limit,
  };
}

/** Ended before this goes; null: all is kept. */
async function endedBefore(
  client: Client,
  { tenant, project, beforeMs, keep = 0 }: PruneRequest,
): Promise<number | null> {
  if (keep <= 0) return beforeMs;
  const { rows } = await client.query<{ ended_ms: number }>(sql.cut, [
    tenant,
    project ?? null,
    keep,
  ]);
  return rows[0] === undefined ? null : Math.min(beforeMs, rows[0].ended_ms);
}

interface BlobName {
  tenant: TenantKey;
  blob: Uint8Array;
}

async function deleteTasks(client: Client, tasks: readonly Row[]): Promise<BlobName[]> {
  if (tasks.length === 0) return [];
  const keys = keysIn(tasks);
  const { rows } = await client.query<BlobName>(sql.deleteJournals, [keys]);
  for (const text of sql.deleteByTask) await client.query(text, [keys]);
  await client.query(sql.deleteLogsOfTasks, [idsIn(tasks)]);
  return rows;
}

/** Those that nothing is left of; a large tree takes several pieces. */
async function deleteRuns(
  client: Client,
  of: { tenant: TenantKey; runs: readonly Row[] },
): Promise<ReadonlySet<number>> {
  if (of.runs.length === 0) return new Set();
  const { rows } = await client.query<Row>(sql.emptyRuns, [keysIn(of.runs)]);
  const ids = idsIn(rows);
  for (const text of sql.deleteByRunId) await client.query(text, [ids]);
  await client.query(sql.deleteInbox, [of.tenant, ids]);
  for (const text of sql.deleteRuns) await client.query(text, [keysIn(rows)]);
  return new Set(keysIn(rows));
}

async function deleteSingles(
  client: Client,
  of: { tenant: TenantKey; keys: readonly number[] },
): Promise<{ count: number; blobs: BlobName[] }> {
  if (of.keys.length === 0) return { count: 0, blobs: [] };
  const { rows } = await client.query<Row & { from_ms: number; until_ms: number }>(sql.singles, [
    of.keys,
  ]);
  if (rows.length === 0) return { count: 0, blobs: [] };
  const blobs = await deleteTasks(client, rows);
  await client.query(sql.deleteInbox, [of.tenant, idsIn(rows)]);
  await client.query(sql.deleteEventsOfSingles, [
    idsIn(rows),
    rows.reduce((least, { from_ms }) => Math.min(least, from_ms), Infinity) - SLACK_MS,
    rows.reduce((most, { until_ms }) => Math.max(most, until_ms), 0) + SLACK_MS,
  ]);
  return { count: rows.length, blobs };
}
