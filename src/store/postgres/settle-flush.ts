// Settle units inside one flush. Plain: ends of single tasks under their fence, one statement. Careful: everything else, inside the caller's
// transaction, which holds the locks (locked-rows.ts): judged in order, the accepted units written set by set.

import { crashPoint, idBytes } from '../../contract/index.ts';
import type { SettleUnit, SettleVerdict, TaskChange } from '../../contract/index.ts';
import { hasBlobs, uniqueSteps } from './blobs.ts';
import { taskPart } from './insert-rows.ts';
import type { FlushScope, InTransaction, TaskAnswer } from './insert-rows.ts';
import { addTasksOfRun, tokenOf } from './locked-rows.ts';
import { lookUp } from './look-up.ts';
import { markReady } from './ready-marks.ts';
import { judge } from './settle-verdicts.ts';
import type { PresentRows } from './settle-verdicts.ts';
import { SettleWriter } from './settle-writer.ts';
import { keysOf } from './sql-insert.ts';
import * as sql from './sql-settle.ts';

const isEmpty = (list: readonly unknown[] | undefined): boolean =>
  list === undefined || list.length === 0;

/** Whether the unit does nothing but change a task under its fence, its run, insert tasks and tell events. */
export function isOrdinary(unit: SettleUnit): boolean {
  const { change } = unit;
  return (
    change !== undefined &&
    'fence' in change.guard &&
    unit.audit === undefined &&
    isEmpty(change.openWaits) &&
    (change.journal === undefined || !hasBlobs(change.journal)) &&
    isEmpty(unit.also) &&
    isEmpty(unit.answers) &&
    isEmpty(unit.children) &&
    unit.sweep === undefined &&
    unit.deliver === undefined &&
    unit.lockRun === undefined
  );
}

/** Ends one attempt of a task without a run, with at most one event. */
export function isPlainEnd(unit: SettleUnit): boolean {
  return (
    unit.run === undefined &&
    isOrdinary(unit) &&
    isEmpty(unit.insert) &&
    unit.events.length <= 1 &&
    unit.events[0]?.seq === undefined
  );
}

/** Steps that travel with the change: all new, none large. */
export function stepsOf({ journal }: TaskChange): { json: string; count: number } | undefined {
  if (journal === undefined || journal.length === 0) return undefined;
  const steps = uniqueSteps(journal);
  return { json: JSON.stringify(steps), count: steps.length };
}

/** One statement, sent before anything is awaited; undefined where the row did not match (stale, capped, or applied before): judge those carefully. */
export async function settlePlain(
  scope: FlushScope,
  units: readonly SettleUnit[],
): Promise<(SettleVerdict | undefined)[]> {
  // By key, as everybody takes these locks.
  const rows = units
    .flatMap(({ change, events }, at) =>
      change === undefined ? [] : [{ at, change, event: events[0], steps: stepsOf(change) }],
    )
    .toSorted((a, b) => a.change.key - b.change.key);
  crashPoint('C7');
  const result = await scope.client.query<{ ords: string | null; lanes: string | null }>({
    ...sql.settleFast,
    values: sql.settleFast.encode(rows),
  });
  const verdicts: (SettleVerdict | undefined)[] = units.map(() => undefined);
  for (const ord of keysOf(result.rows[0]?.ords)) {
    const row = rows[ord - 1];
    if (row === undefined) continue;
    verdicts[row.at] = { status: 'ok', taskKeys: [] };
    scope.effects.events ||= row.event !== undefined;
  }
  await markReady(scope, keysOf(result.rows[0]?.lanes));
  return verdicts;
}

/** Any units, inside a transaction that holds the locks of their `rows`. */
export async function settleCarefully(
  scope: InTransaction,
  units: readonly SettleUnit[],
  rows: PresentRows,
): Promise<SettleVerdict[]> {
  const writer = new SettleWriter(scope);
  const verdicts: (SettleVerdict | undefined)[] = [];
  const repeated: SettleUnit[] = [];
  const accepted: { at: number; count: number; delivered: boolean | undefined }[] = [];
  for (const unit of units) {
    if (unit.sweep !== undefined && writer.inserts(unit.sweep.run)) {
      // S12: tasks that earlier units of this flush insert are swept too.
      await writer.writeInserts();
      await addTasksOfRun(scope, rows, unit.sweep.run);
    }
    const judgement = judge(rows, unit, unit.deliver === undefined ? 0 : tokenOf(unit.deliver));
    switch (judgement.status) {
      case 'accepted':
        accepted.push({
          at: verdicts.length,
          count: unit.insert?.length ?? 0,
          delivered: judgement.delivered,
        });
        verdicts.push(undefined);
        if (writer.touches(judgement)) await writer.writeChanges();
        writer.accept(unit, judgement);
        break;
      case 'repeated':
        repeated.push(unit);
        verdicts.push({ status: 'ok', taskKeys: [], ...delivery(judgement.delivered) });
        break;
      case 'refused':
        verdicts.push(judgement.verdict);
        break;
    }
  }
  const answers = await writer.finish(rows.waits.changes());
  let from = 0;
  for (const { at, count, delivered } of accepted) {
    verdicts[at] = {
      status: 'ok',
      ...taskPart(answers.slice(from, from + count)),
      ...delivery(delivered),
    };
    from += count;
  }
  await answerRepeated(scope, { units, repeated, verdicts });
  crashPoint('C7');
  if (units.some(isAnswer)) crashPoint('C16');
  return verdicts.map((verdict) => verdict ?? { status: 'stale_version' });
}

const delivery = (delivered: boolean | undefined): { delivered?: boolean } =>
  delivered === undefined ? {} : { delivered };

/** Brings something from outside: an answer or an event. */
export const isAnswer = (unit: SettleUnit): boolean =>
  unit.deliver !== undefined || (unit.answers !== undefined && unit.answers.length > 0);

/** Tasks that a repeated unit inserted the first time. */
async function answerRepeated(
  scope: FlushScope,
  of: {
    units: readonly SettleUnit[];
    repeated: readonly SettleUnit[];
    verdicts: (SettleVerdict | undefined)[];
  },
): Promise<void> {
  const inserted = of.repeated.flatMap((unit) =>
    (unit.insert ?? []).map((task) => ({ unit, task })),
  );
  if (inserted.length === 0) return;
  const found = await lookUp(
    scope,
    'tasks',
    inserted.map(({ task }) => ({
      id: idBytes('task', task.id),
      tenant: task.tenant,
      idem: undefined,
    })),
  );
  const byUnit = new Map<SettleUnit, TaskAnswer[]>();
  for (const [i, { unit, task }] of inserted.entries()) {
    const same = found.same.get(i);
    const answer = {
      key: same?.key ?? 0,
      unleased: task.lease !== undefined && same?.owned !== true,
    };
    byUnit.set(unit, [...(byUnit.get(unit) ?? []), answer]);
  }
  for (const [i, unit] of of.units.entries()) {
    const answers = byUnit.get(unit);
    const now = of.verdicts[i];
    if (answers !== undefined && now?.status === 'ok')
      of.verdicts[i] = { ...now, ...taskPart(answers) };
  }
}
