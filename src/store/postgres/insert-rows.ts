// Inserting rows inside a flush: tasks with their caps and lanes, events, audit. Shared by enqueue and settle.
// I1: a local dispatch that a cap forbids is inserted ready instead of leased.

import type { Client } from 'pg';
import { formatId, hiveError, idBytes } from '../../contract/index.ts';
import type { NewAudit, NewEvent, NewTask, RunId, RunKey, TaskKey } from '../../contract/index.ts';
import type { Dictionaries } from './dictionaries.ts';
import type { Effects } from './effects.ts';
import { Overtaken } from './failure.ts';
import type { Sent } from './link.ts';
import {
  insertAudit,
  insertAuditedTasks,
  insertEvents,
  insertTasks,
  keysOf,
  runKeysById,
} from './sql-insert.ts';
import type { TaskRow } from './sql-insert.ts';
import { lockCaps, takeCaps } from './sql-settle.ts';

export interface FlushScope {
  client: Client;
  /** How often this flush was begun before; above 0 an earlier try may have been committed. */
  tries: number;
  dictionaries: Dictionaries;
  effects: Effects;
}

/** A scope whose transaction is open. */
export interface InTransaction extends FlushScope {
  sent: Sent;
}

/** Looks at what exists before a unit that still finds rows in its way is refused. */
const MAX_LOOKS = 3;

/** What the verdict says of one inserted task. */
export interface TaskAnswer {
  key: TaskKey;
  /** Local dispatch was asked for, and this host does not own the task. */
  unleased: boolean;
}

/** The part of an `ok` verdict that speaks of tasks. */
export function taskPart(answers: readonly TaskAnswer[]): {
  taskKeys: TaskKey[];
  unleased?: TaskKey[];
} {
  const taskKeys = answers.map(({ key }) => key);
  const unleased = answers.filter((answer) => answer.unleased).map(({ key }) => key);
  return unleased.length === 0 ? { taskKeys } : { taskKeys, unleased };
}

/** Inserts task rows (caps already counted), with audit rows for those that are new, and marks their lanes. Without `answers` when some of them exist already: then `keys` are those of the new ones, and no audit row was written. */
export async function insert(
  scope: FlushScope,
  rows: readonly TaskRow[],
  audits: readonly NewAudit[] = [],
): Promise<{ keys: readonly TaskKey[]; answers?: TaskAnswer[] }> {
  if (rows.length === 0) return { keys: [], answers: [] };
  const { client } = scope;
  const { name, text } = audits.length === 0 ? insertTasks : insertAuditedTasks;
  const values =
    audits.length === 0 ? insertTasks.encode(rows) : insertAuditedTasks.encode(rows, audits);
  const result = await client.query<{ keys: string | null }>({ name, text, values });
  const keys = keysOf(result.rows[0]?.keys);
  markInserted(scope, rows);
  if (keys.length < rows.length) return { keys };
  const answers = rows.map(({ task, leased }, i) => ({
    key: keys[i] ?? 0,
    unleased: task.lease !== undefined && !leased,
  }));
  return { keys, answers };
}

/** Marks the lanes of new rows that wait for a claim. */
export function markInserted(
  { effects, dictionaries }: FlushScope,
  rows: readonly Pick<TaskRow, 'task' | 'leased' | 'lane'>[],
): void {
  for (const { task, leased, lane } of rows) {
    if (leased || task.state !== 'ready') continue;
    const entry = dictionaries.laneByKey(lane);
    if (entry !== undefined) effects.ready.add(entry);
  }
}

/** Whether its local dispatch must be counted against a cap. */
export function wouldTakeCap(task: NewTask, dictionaries: Dictionaries): boolean {
  if (task.lease === undefined || !dictionaries.anyCaps) return false;
  const lane = dictionaries.lane(task);
  return lane === undefined || dictionaries.capsOf(lane).length > 0;
}

export function taskRow(scope: FlushScope, task: NewTask, runKey: RunKey | null): TaskRow {
  const lane = scope.dictionaries.lane(task);
  if (lane === undefined) throw new Overtaken('the lane left the cache');
  return {
    task,
    lane: lane.key,
    runKey,
    leased: task.lease !== undefined && task.state === 'ready',
    capped: false,
  };
}

/** Counts local dispatches against caps; those over a cap become ordinary ready tasks. */
export async function applyCaps(scope: FlushScope, rows: readonly TaskRow[]): Promise<void> {
  const { client, dictionaries } = scope;
  if (!dictionaries.anyCaps) return;
  const wanted = rows.flatMap((row) => {
    const lane = row.leased ? dictionaries.laneByKey(row.lane) : undefined;
    const caps = lane === undefined ? [] : dictionaries.capsOf(lane);
    return caps.length === 0 ? [] : [{ row, caps }];
  });
  if (wanted.length === 0) return;
  const keys = [...new Set(wanted.flatMap(({ caps }) => caps))];
  const locked = await client.query<{ key: number; max_running: number; running: number }>({
    ...lockCaps,
    values: [keys],
  });
  const free = new Map(locked.rows.map((cap) => [cap.key, cap.max_running - cap.running]));
  const taken = new Map<number, number>();
  for (const { row, caps } of wanted) {
    if (caps.some((key) => (free.get(key) ?? 0) <= 0)) {
      row.leased = false;
      continue;
    }
    row.capped = true;
    for (const key of caps) {
      free.set(key, (free.get(key) ?? 0) - 1);
      taken.set(key, (taken.get(key) ?? 0) + 1);
    }
  }
  if (taken.size > 0)
    await client.query({ ...takeCaps, values: [[...taken.keys()], [...taken.values()]] });
}

export function sendFacts(
  scope: InTransaction,
  facts: { events: readonly NewEvent[]; audits: readonly NewAudit[] },
): void {
  const { client, sent, effects } = scope;
  if (facts.events.length > 0)
    sent.add(client.query({ ...insertEvents, values: insertEvents.encode(facts.events) }));
  if (facts.audits.length > 0)
    sent.add(client.query({ ...insertAudit, values: insertAudit.encode(facts.audits) }));
  effects.events ||= facts.events.length > 0;
}

/** Some rows were in the way: look again a few times (others write too); after that it is the unit's own fault. */
export function inTheWay(scope: FlushScope): Error {
  if (scope.tries < MAX_LOOKS) return new Overtaken('an id or idempotency key exists already');
  return hiveError('INPUT_INVALID', {
    message: 'an id or idempotency key of the unit is in use by other rows',
  });
}

/** Keys of runs that tasks name by id. Throws INPUT_INVALID when one does not exist. */
export async function findRunKeys(
  client: Client,
  ids: readonly RunId[],
): Promise<Map<RunId, RunKey>> {
  const keys = new Map<RunId, RunKey>();
  if (ids.length === 0) return keys;
  const wanted = [...new Set(ids)];
  const { rows } = await client.query<{ key: number; id: Uint8Array }>({
    ...runKeysById,
    values: [wanted.map((id) => Buffer.from(idBytes('run', id)))],
  });
  for (const row of rows) keys.set(formatId('run', row.id), row.key);
  for (const id of wanted)
    if (!keys.has(id)) throw hiveError('INPUT_INVALID', { message: `there is no run ${id}` });
  return keys;
}
