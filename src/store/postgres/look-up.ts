// Which ids and idempotency keys exist already.

import { formatId } from '../../contract/index.ts';
import type { EnqueueVerdict, RunId, TaskId } from '../../contract/index.ts';
import type { FlushScope } from './insert-rows.ts';
import { existingRuns, existingTasks } from './sql-insert.ts';

interface Wanted {
  id: Uint8Array;
  tenant: number;
  idem: string | undefined;
}

/** A row with the same id: this unit was written before. */
export interface SameRow {
  key: number;
  /** Still under the lease it was inserted with. */
  owned: boolean;
}

class Found {
  readonly same = new Map<number, SameRow>();
  readonly byIdem = new Map<number, { id: Uint8Array; bodyHash: string | null }>();

  /** The same row, a duplicate or conflict, or undefined when nothing is in the way. */
  verdict(
    i: number,
    of: { kind: 'task' | 'run'; bodyHash: string | undefined },
  ): SameRow | EnqueueVerdict | undefined {
    const same = this.same.get(i);
    if (same !== undefined) return same;
    const other = this.byIdem.get(i);
    if (other === undefined) return undefined;
    const id = formatId(of.kind, other.id) as TaskId | RunId;
    return { status: other.bodyHash === (of.bodyHash ?? null) ? 'duplicate' : 'conflict', id };
  }
}

export async function lookUp(
  scope: FlushScope,
  table: 'tasks' | 'runs',
  wanted: readonly Wanted[],
): Promise<Found> {
  const found = new Found();
  if (wanted.length === 0) return found;
  const statement = table === 'tasks' ? existingTasks : existingRuns;
  const { rows } = await scope.client.query<{
    ord: number;
    key: number;
    id: Uint8Array;
    body_hash: string | null;
    same: boolean;
    owned: boolean;
  }>({
    ...statement,
    values: statement.encode(wanted.map((each, i) => ({ ...each, ord: i }))),
  });
  for (const row of rows) {
    if (row.same) found.same.set(row.ord - 1, { key: row.key, owned: row.owned });
    else found.byIdem.set(row.ord - 1, { id: row.id, bodyHash: row.body_hash });
  }
  return found;
}
