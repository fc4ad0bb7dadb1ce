/**
 * What tasks wait for: the open rows of their journals. An approval, an awaited event, a child run and a running timer
 * are rows without a result; an effect without one has an unknown outcome.
 */
import { sql } from 'kysely';
import type { WaitView } from '../contract/index.ts';
import type { OperationContext } from './operation.ts';
import { selectRows } from './select-rows.ts';
import { recordOf, storedJson } from './stored-json.ts';

/** Open waits of one task that are shown: loops and branches may hold several at once. */
const MAX_WAITS = 1_000;

const kinds = ['sleep', 'event', 'approval', 'child', 'effect'] as const;

/** Open waits by task key, oldest first. */
export async function readOpenWaits(
  context: OperationContext,
  taskKeys: readonly number[],
): Promise<Map<number, WaitView[]>> {
  if (taskKeys.length === 0) return new Map();
  const query = context.hive.sql
    .selectFrom('journal')
    .where('tenant', '=', context.principal.tenant)
    .where('task', 'in', [...taskKeys])
    .where('result', 'is', null)
    .where('blob', 'is', null)
    .where(
      'kind',
      'in',
      kinds.map((kind) => sql.lit(kind)), // literals, for a partial index
    )
    .orderBy('task')
    .orderBy('position')
    .limit(MAX_WAITS)
    .select(['task', 'name', 'occurrence', 'kind', 'subject', 'payload', 'due_ms', 'at_ms']);
  const waits = new Map<number, WaitView[]>();
  for (const row of await selectRows(context, query)) {
    const kind = kinds.find((each) => each === row.kind);
    if (kind === undefined) continue;
    const view = toWaitView({ ...row, kind });
    waits.set(row.task, [...(waits.get(row.task) ?? []), view]);
  }
  return waits;
}

export interface WaitRow {
  kind: WaitView['kind'];
  name: string;
  occurrence: number;
  subject: string | null;
  payload: string | null;
  due_ms: number | null;
  at_ms: number;
}

export function toWaitView(row: WaitRow): WaitView {
  const payload = recordOf(storedJson(row.payload));
  const { message, event } = payload;
  const isEvent = row.kind === 'event';
  return {
    kind: row.kind,
    name: row.name,
    occurrence: row.occurrence,
    sinceMs: row.at_ms,
    dueMs: row.due_ms,
    subject: isEvent && typeof event === 'string' ? event : eventName(row),
    message: row.kind === 'approval' && typeof message === 'string' ? message : null,
  };
}

/** An event's subject is `<run id>/<name>`: people give only the name. */
function eventName({ kind, subject }: WaitRow): string | null {
  if (kind !== 'event' || subject === null) return subject;
  const slash = subject.indexOf('/');
  return slash === -1 ? subject : subject.slice(slash + 1);
}
