/**
 * Where lists and totals over everything begin to look: beside a run of a million tasks they must not read them all
 * each time that a page refreshes. What is older is found by its id, and task by task with a cursor.
 */
import type { OperationContext } from './operation.ts';
import { selectRows } from './select-rows.ts';

/** Rows looked at: some 20 ms of a reader. */
const WINDOW = 100_000;

/** Rows with a key above this are looked at. */
export async function windowStart(
  context: OperationContext,
  name: 'tasks' | 'runs',
): Promise<number> {
  const query = context.hive.sql
    .selectFrom(name)
    .select('key')
    .where('tenant', '=', context.principal.tenant)
    .orderBy('key', 'desc')
    .limit(1);
  const [newest] = await selectRows(context, query);
  return newest === undefined ? 0 : newest.key - WINDOW;
}
