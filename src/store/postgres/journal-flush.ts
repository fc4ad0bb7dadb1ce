// Journal appends inside one flush: one statement for all of them.

import type { JournalStep, TaskKey, TenantKey } from '../../contract/index.ts';
import { dropBlobs, encodeSteps, hasBlobs, writeBlobs } from './blobs.ts';
import type { FlushScope } from './insert-rows.ts';
import { addInboxes } from './locked-rows.ts';
import { PresentWaits } from './present-waits.ts';
import type { WaitCells } from './present-waits.ts';
import { keysOf } from './sql-insert.ts';
import { answerRows, appendJournal, closeRanks, resetJournal } from './sql-journal.ts';
import { takeInbox, waitsByName } from './sql-waits.ts';

export interface JournalAppend {
  key: TaskKey;
  tenant: TenantKey;
  fence: number;
  steps: readonly JournalStep[];
  /** Forget everything but effects before. */
  reset?: boolean;
}

interface Merged {
  key: TaskKey;
  tenant: TenantKey;
  fence: number;
  steps: JournalStep[];
  reset: boolean;
}

/**
 * Appends under the fence; true where the fence was good. Appends of one attempt in one flush become one. Those that need
 * a lock (needsLock): inside a transaction that holds it.
 */
export async function appendJournals(
  scope: FlushScope,
  appends: readonly JournalAppend[],
): Promise<boolean[]> {
  const { client } = scope;
  const merged = new Map<string, Merged>();
  for (const append of appends) {
    const { key, tenant, fence, steps } = append;
    const name = `${key} ${fence}`;
    const known = merged.get(name);
    const reset = append.reset === true;
    if (known === undefined) merged.set(name, { key, tenant, fence, steps: [...steps], reset });
    else {
      if (reset) known.steps = known.steps.filter(({ kind }) => kind === 'effect');
      known.reset ||= reset;
      known.steps.push(...steps);
    }
  }
  const list = [...merged.values()].toSorted((a, b) => a.key - b.key);
  const resets = list.filter((each) => each.reset);
  if (resets.length > 0) await reset(scope, resets);
  await writeBlobs(client, list);
  const rows = list.map(({ key, fence, steps }) => ({ key, fence, steps: encodeSteps(steps) }));
  const result = await client.query<{ ords: string | null }>({
    ...appendJournal,
    values: appendJournal.encode(rows),
  });
  const good = new Set<string>();
  for (const ord of keysOf(result.rows[0]?.ords)) {
    const each = list[ord - 1];
    if (each !== undefined) good.add(`${each.key} ${each.fence}`);
  }
  await takeEvents(
    scope,
    list.filter(({ key, fence }) => good.has(`${key} ${fence}`)),
  );
  return appends.map(({ key, fence }) => good.has(`${key} ${fence}`));
}

async function reset(scope: FlushScope, resets: readonly Merged[]): Promise<void> {
  const { client } = scope;
  const { rows } = await client.query<{ tenant: number; task: number; blob: Uint8Array | null }>({
    ...resetJournal,
    values: [resets.map(({ key }) => key), resets.map(({ fence }) => fence)],
  });
  const tasks = [...new Set(rows.map(({ task }) => task))];
  if (tasks.length === 0) return;
  for (const statement of closeRanks) await client.query({ ...statement, values: [tasks] });
  await dropBlobs(
    client,
    rows.flatMap(({ tenant, blob }) => (blob === null ? [] : [{ tenant, blob }])),
  );
}

const isOpenEvent = (step: JournalStep): boolean => step.kind === 'event' && step.result === null;

/** Whether the rows are written under the lock of their task: large results, waits that may find their event, a journal that starts afresh. */
export const needsLock = (append: Pick<JournalAppend, 'steps' | 'reset'>): boolean =>
  append.reset === true || append.steps.some(isOpenEvent) || hasBlobs(append.steps);

/** Waits for events that open while the attempt runs: what is in the inbox is theirs (S10). */
async function takeEvents(scope: FlushScope, appends: readonly Merged[]): Promise<void> {
  const { client } = scope;
  const suspensions = appends.flatMap(({ key, steps }) => {
    const waits = steps.filter(isOpenEvent);
    return waits.length === 0 ? [] : [{ key, openWaits: waits, journal: waits }];
  });
  if (suspensions.length === 0) return;
  const known = new PresentWaits();
  const names = suspensions.flatMap(({ key, openWaits }) =>
    openWaits.map(({ name, occurrence }) => ({ task: key, name, occurrence })),
  );
  const { rows } = await client.query<WaitCells>({
    ...waitsByName,
    values: waitsByName.encode(names),
  });
  for (const row of rows) known.add(row);
  const tasks = new Map(appends.map(({ key, tenant }) => [key, { tenant }]));
  await addInboxes(scope, { known, suspensions, tasks });
  const answers = names.flatMap((name) => known.takeFor(name) ?? []);
  if (answers.length === 0) return;
  await client.query({ ...answerRows, values: answerRows.encode(answers) });
  await client.query({ ...takeInbox, values: [known.changes().taken] });
}
