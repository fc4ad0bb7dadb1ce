// Enqueue units inside one flush. Plain: single tasks, one statement. Everything else: see enqueue-plan.ts.
// I1: a repeated task (same id) answers with the key that exists (S6).

import { idBytes } from '../../contract/index.ts';
import type { EnqueueUnit, EnqueueVerdict } from '../../contract/index.ts';
import type { Dictionaries } from './dictionaries.ts';
import { EnqueuePlan } from './enqueue-plan.ts';
import { Overtaken } from './failure.ts';
import { insert, taskPart, taskRow } from './insert-rows.ts';
import type { FlushScope, InTransaction } from './insert-rows.ts';
import { lookUp } from './look-up.ts';
import { insertAudit } from './sql-insert.ts';

/** One task, no run row, nothing beside it but an audit row: nearly all single tasks. */
export function isPlain(unit: EnqueueUnit, dictionaries: Dictionaries): boolean {
  const task = unit.tasks[0];
  return (
    unit.tasks.length === 1 &&
    unit.run === undefined &&
    unit.copies === undefined &&
    task?.run === undefined &&
    (unit.events === undefined || unit.events.length === 0) &&
    (task?.lease === undefined || !dictionaries.anyCaps)
  );
}

/** Inserts plain units in one statement, sent before anything is awaited, that commits by itself when no transaction is open. */
export async function enqueuePlain(
  scope: FlushScope,
  units: readonly EnqueueUnit[],
): Promise<EnqueueVerdict[]> {
  const rows = units.flatMap((unit) => unit.tasks.map((task) => taskRow(scope, task, null)));
  const audits = units.flatMap(({ audit }) => audit ?? []);
  const { keys, answers } = await insert(scope, rows, audits);
  if (answers !== undefined)
    return answers.map((answer) => ({ status: 'ok', ...taskPart([answer]), runKey: null }));
  const found = await lookUp(
    scope,
    'tasks',
    rows.map(({ task }) => ({
      id: idBytes('task', task.id),
      tenant: task.tenant,
      idem: task.idempotencyKey,
    })),
  );
  const verdicts = units.map((unit, i): EnqueueVerdict => {
    const task = unit.tasks[0];
    const verdict = found.verdict(i, { kind: 'task', bodyHash: task?.bodyHash });
    if (verdict === undefined) throw new Overtaken('the row that was in the way is gone');
    if ('status' in verdict) return verdict;
    const answer = { key: verdict.key, unleased: task?.lease !== undefined && !verdict.owned };
    return { status: 'ok', ...taskPart([answer]), runKey: null };
  });
  // Before anything is acknowledged: the audit rows of the tasks that are new.
  const isNew = new Set(keys);
  const missing = units.flatMap(({ audit }, i) => {
    const verdict = verdicts[i];
    return audit !== undefined && verdict?.status === 'ok' && isNew.has(verdict.taskKeys[0] ?? 0)
      ? [audit]
      : [];
  });
  if (missing.length > 0)
    await scope.client.query({ ...insertAudit, values: insertAudit.encode(missing) });
  return verdicts;
}

/** Any units, inside a transaction. */
export async function enqueueCarefully(
  scope: InTransaction,
  units: readonly EnqueueUnit[],
): Promise<EnqueueVerdict[]> {
  const plan = new EnqueuePlan(scope, units);
  await plan.judge();
  return plan.write();
}
