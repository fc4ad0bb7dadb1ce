// Settle units inside one flush. Plain: ends of single tasks under their fence, one statement. Careful: everything else, inside the caller's
// transaction: lock runs, then tasks (each in key order), judge in order, write the accepted units set by set.
// I1: locks are taken in the same order everywhere (runs, tasks, caps), so two flushes cannot wait for each other in a circle.

import { crashPoint, idBytes, taskStates } from '../../contract/index.ts';
import type { SettleUnit, SettleVerdict } from '../../contract/index.ts';
import { taskPart } from './insert-rows.ts';
import type { FlushScope, InTransaction, TaskAnswer } from './insert-rows.ts';
import { lookUp } from './look-up.ts';
import { attemptName, judge } from './settle-verdicts.ts';
import type { PresentRows, PresentRun, PresentTask } from './settle-verdicts.ts';
import { markReady, SettleWriter } from './settle-writer.ts';
import { keysOf } from './sql-insert.ts';
import * as sql from './sql-settle.ts';

/** Ends one attempt of a task without a run, with at most one event. */
export function isPlainEnd(unit: SettleUnit): boolean {
  const { change } = unit;
  return (
    change !== undefined &&
    'fence' in change.guard &&
    unit.run === undefined &&
    unit.audit === undefined &&
    change.journal === undefined &&
    (unit.insert === undefined || unit.insert.length === 0) &&
    (unit.also === undefined || unit.also.length === 0) &&
    unit.events.length <= 1 &&
    unit.events[0]?.seq === undefined
  );
}

/** One statement; undefined where the row did not match (stale, capped, or applied before): judge those carefully. */
export async function settlePlain(
  scope: FlushScope,
  units: readonly SettleUnit[],
): Promise<(SettleVerdict | undefined)[]> {
  const rows = units.flatMap((unit) =>
    unit.change === undefined ? [] : [{ change: unit.change, event: unit.events[0] }],
  );
  crashPoint('C7');
  const result = await scope.client.query<{ ords: string | null; lanes: string | null }>({
    ...sql.settleFast,
    values: sql.settleFast.encode(rows),
  });
  const verdicts: (SettleVerdict | undefined)[] = units.map(() => undefined);
  for (const ord of keysOf(result.rows[0]?.ords)) {
    verdicts[ord - 1] = { status: 'ok', taskKeys: [] };
    scope.effects.events ||= units[ord - 1]?.events.length === 1;
  }
  await markReady(scope, keysOf(result.rows[0]?.lanes));
  return verdicts;
}

/** Any units, inside a transaction. */
export async function settleCarefully(
  scope: InTransaction,
  units: readonly SettleUnit[],
): Promise<SettleVerdict[]> {
  const rows = await lockRows(scope, units);
  const writer = new SettleWriter(scope);
  const verdicts: (SettleVerdict | undefined)[] = [];
  const repeated: SettleUnit[] = [];
  const insertedAt: { at: number; count: number }[] = [];
  for (const unit of units) {
    if (writer.touches(unit)) await writer.writeChanges();
    const judgement = judge(rows, unit);
    switch (judgement.status) {
      case 'accepted':
        insertedAt.push({ at: verdicts.length, count: unit.insert?.length ?? 0 });
        verdicts.push(undefined);
        writer.accept(unit, judgement);
        break;
      case 'repeated':
        repeated.push(unit);
        verdicts.push({ status: 'ok', taskKeys: [] });
        break;
      case 'refused':
        verdicts.push(judgement.verdict);
        break;
    }
  }
  const answers = await writer.finish();
  let from = 0;
  for (const { at, count } of insertedAt) {
    verdicts[at] = { status: 'ok', ...taskPart(answers.slice(from, from + count)) };
    from += count;
  }
  await answerRepeated(scope, { units, repeated, verdicts });
  crashPoint('C7');
  return verdicts.map((verdict) => verdict ?? { status: 'stale_version' });
}

async function lockRows(scope: FlushScope, units: readonly SettleUnit[]): Promise<PresentRows> {
  const { client } = scope;
  const runKeys = [
    ...new Set(units.flatMap((unit) => (unit.run === undefined ? [] : [unit.run.key]))),
  ];
  const changes = units.flatMap((unit) => [
    ...(unit.change === undefined ? [] : [unit.change]),
    ...(unit.also ?? []),
  ]);
  const taskKeys = [...new Set(changes.map((change) => change.key))];
  const [runs, tasks] = await Promise.all([
    runKeys.length === 0
      ? undefined
      : client.query<PresentRun>({ ...sql.lockRuns, values: [runKeys] }),
    taskKeys.length === 0
      ? undefined
      : client.query<PresentTask>({ ...sql.lockTasks, values: [taskKeys] }),
  ]);
  const byKey = new Map(tasks?.rows.map((row) => [row.key, row]));
  const doubtful = changes.filter(
    ({ to, attempt, key }) =>
      to === 'ready' && attempt !== undefined && byKey.get(key)?.state === taskStates.ready,
  );
  const attempts = new Set<string>();
  if (doubtful.length > 0) {
    const found = await client.query<{
      task: number;
      fence: number;
      outcome: string;
      ended_ms: number;
    }>({ ...sql.attemptsOf, values: [doubtful.map(({ key }) => key)] });
    for (const row of found.rows)
      attempts.add(
        attemptName(row.task, { fence: row.fence, outcome: row.outcome, endedMs: row.ended_ms }),
      );
  }
  return {
    tasks: byKey,
    runs: new Map(runs?.rows.map((row) => [row.key, row])),
    attempts,
    repeat: scope.tries > 0,
  };
}

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
    if (answers !== undefined) of.verdicts[i] = { status: 'ok', ...taskPart(answers) };
  }
}
