// Starts of runs inside one flush, by one statement.
// I1: nothing here waits before its statement is sent, so that statements of one flush can be sent behind each other.

import { crashPoint } from '../../contract/index.ts';
import type { EnqueueUnit, EnqueueVerdict, NewRun } from '../../contract/index.ts';
import type { Dictionaries } from './dictionaries.ts';
import { markInserted, taskPart, taskRow, wouldTakeCap } from './insert-rows.ts';
import type { FlushScope } from './insert-rows.ts';
import { keysOf } from './sql-insert.ts';
import { insertRunStarts } from './sql-run-starts.ts';

/** A new run with tasks of its own, none of which needs a cap or is a copy. */
export interface RunStart extends EnqueueUnit {
  run: NewRun;
}

export function isRunStart(unit: EnqueueUnit, dictionaries: Dictionaries): unit is RunStart {
  const { run, copies = [] } = unit;
  return (
    run !== undefined &&
    copies.length === 0 &&
    unit.tasks.every((task) => !wouldTakeCap(task, dictionaries))
  );
}

/** For units that are written for the first time. Throws when a row cannot be stored, or its id or idempotency key exists: then nothing is written. */
export async function startRuns(
  scope: FlushScope,
  units: readonly RunStart[],
): Promise<EnqueueVerdict[]> {
  const tasks = units.flatMap((unit, i) =>
    unit.tasks.map((task) => ({ row: taskRow(scope, task, null), at: i + 1 })),
  );
  const events = units.flatMap((unit) => unit.events ?? []);
  const rows = {
    runs: units.map(({ run, events: own = [] }) => ({
      run,
      seq: own.reduce((last, event) => Math.max(last, event.seq ?? 0), 0),
    })),
    tasks,
    events,
    audits: units.flatMap(({ audit }) => audit ?? []),
  };
  const answered = scope.client.query<{ runs: string | null; tasks: string | null }>({
    ...insertRunStarts,
    values: insertRunStarts.encode(rows),
  });
  crashPoint('C2');
  const [answer] = (await answered).rows;
  const runKeys = keysOf(answer?.runs);
  const taskKeys = keysOf(answer?.tasks);
  markInserted(
    scope,
    tasks.map(({ row }) => row),
  );
  scope.effects.events ||= events.length > 0;
  let at = 0;
  return units.map((unit, i) => {
    const answers = taskKeys
      .slice(at, (at += unit.tasks.length))
      .map((key) => ({ key, unleased: false }));
    return { status: 'ok', ...taskPart(answers), runKey: runKeys[i] ?? null };
  });
}
