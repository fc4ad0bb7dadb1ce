// Journal appends inside one flush: one statement for all of them.

import type { JournalStep, TaskKey, TenantKey } from '../../contract/index.ts';
import type { FlushScope } from './insert-rows.ts';
import { keysOf } from './sql-insert.ts';
import { appendJournal } from './sql-settle.ts';

export interface JournalAppend {
  key: TaskKey;
  tenant: TenantKey;
  fence: number;
  steps: readonly JournalStep[];
}

/** Appends under the fence; true where the fence was good. Appends of one attempt in one flush become one. */
export async function appendJournals(
  scope: FlushScope,
  appends: readonly JournalAppend[],
): Promise<boolean[]> {
  const merged = new Map<string, JournalStep[]>();
  for (const { key, fence, steps } of appends) {
    const name = `${key} ${fence}`;
    const list = merged.get(name);
    if (list === undefined) merged.set(name, [...steps]);
    else list.push(...steps);
  }
  const names = [...merged.keys()];
  const rows = names.map((name) => {
    const [key = '', fence = ''] = name.split(' ');
    return {
      key: Number(key),
      tenant: 0,
      fence: Number(fence),
      steps: JSON.stringify(mergeSteps(merged.get(name) ?? [])),
    };
  });
  const result = await scope.client.query<{ ords: string | null }>({
    ...appendJournal,
    values: appendJournal.encode(rows),
  });
  const good = new Set(keysOf(result.rows[0]?.ords).map((ord) => names[ord - 1]));
  return appends.map(({ key, fence }) => good.has(`${key} ${fence}`));
}

/** Steps of one task for one statement: a step named twice (a sleep that began and ended) keeps its place and takes the later values. */
export function mergeSteps(steps: readonly JournalStep[]): JournalStep[] {
  const byName = new Map<string, JournalStep>();
  for (const step of steps) byName.set(`${step.occurrence} ${step.name}`, step);
  return [...byName.values()];
}
