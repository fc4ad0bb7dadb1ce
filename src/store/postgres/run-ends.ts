// Ends of run tasks inside one flush, by one statement: the usual units of a run.
// I1: the units of one run are one chain, written whole or left to the careful path whole. I2: nothing here waits before its statement is sent, so
// that statements of one flush can be sent behind each other.

import { crashPoint } from '../../contract/index.ts';
import type {
  RunChange,
  RunKey,
  SettleUnit,
  SettleVerdict,
  TaskChange,
} from '../../contract/index.ts';
import type { Dictionaries } from './dictionaries.ts';
import { markInserted, taskPart, taskRow, wouldTakeCap } from './insert-rows.ts';
import type { FlushScope } from './insert-rows.ts';
import { markReady } from './ready-marks.ts';
import { isOrdinary, stepsOf } from './settle-flush.ts';
import { keysOf } from './sql-insert.ts';
import { settleRunEnds } from './sql-run-ends.ts';
import type { RunEndRows } from './sql-run-ends.ts';

/** A unit that ends an attempt and moves its run, with new tasks of that run and events, none of which needs a cap. */
export interface RunEnd extends SettleUnit {
  change: TaskChange & { guard: { fence: number } };
  run: RunChange;
}

export function isRunEnd(unit: SettleUnit, dictionaries: Dictionaries): unit is RunEnd {
  const { run, insert = [] } = unit;
  return (
    run !== undefined &&
    isOrdinary(unit) &&
    insert.every((task) => task.run === run.id && !wouldTakeCap(task, dictionaries))
  );
}

/** Whether the units of each run follow from one another, and none changes a task twice: then each run is a chain. */
export function areChains(units: readonly RunEnd[]): boolean {
  const last = new Map<RunKey, RunChange>();
  const tasks = new Set<number>();
  for (const { run, change } of units) {
    const before = last.get(run.key);
    if (
      tasks.has(change.key) ||
      (before !== undefined &&
        (run.expectVersion !== before.expectVersion + 1 || run.expectToken !== before.token))
    )
      return false;
    last.set(run.key, run);
    tasks.add(change.key);
  }
  return true;
}

/**
 * One statement; undefined where the run or a task of its chain did not match (stale, capped, held, or applied before): judge those carefully.
 * `units`: chains. Throws when a row cannot be stored: then nothing is written.
 */
export async function settleChains(
  scope: FlushScope,
  units: readonly RunEnd[],
): Promise<(SettleVerdict | undefined)[]> {
  const rows = rowsOf(scope, units);
  crashPoint('C7');
  const result = await scope.client.query<{
    runs: string | null;
    keys: string | null;
    lanes: string | null;
  }>({ ...settleRunEnds, values: settleRunEnds.encode(rows) });
  const [answer] = result.rows;
  const written = new Set(keysOf(answer?.runs));
  markInserted(
    scope,
    rows.tasks.filter(({ runKey }) => written.has(runKey ?? 0)),
  );
  scope.effects.events ||= rows.events.some(({ run }) => written.has(run));
  await markReady(scope, keysOf(answer?.lanes));
  const keys = keysOf(answer?.keys);
  let at = 0;
  return units.map(({ run, insert = [] }) => {
    if (!written.has(run.key)) return undefined;
    const answers = keys.slice(at, (at += insert.length)).map((key) => ({ key, unleased: false }));
    return { status: 'ok', ...taskPart(answers) };
  });
}

function rowsOf(scope: FlushScope, units: readonly RunEnd[]): RunEndRows {
  const chains = Map.groupBy(units, ({ run }) => run.key);
  return {
    guards: units.map(({ change, run: { key: run } }) => {
      const chain = chains.get(run) ?? [];
      const { expectVersion: version = 0, expectToken: token = 0 } = chain[0]?.run ?? {};
      const { key, guard, journal = [] } = change;
      return {
        key,
        fence: guard.fence,
        run,
        version,
        token,
        links: chain.length,
        firstSteps: journal.length > 0,
      };
    }),
    changes: units.map(({ change, run }) => ({
      change,
      event: undefined,
      steps: stepsOf(change),
      run: run.key,
    })),
    runs: [...chains.values()].flatMap((chain) => {
      const [head, ...rest] = chain.map(({ run }) => run);
      if (head === undefined) return [];
      const change = rest.reduce((sum, next) => ({ ...sum, ...next }), head);
      return [{ change, version: head.expectVersion + chain.length }];
    }),
    events: units.flatMap(({ run, events }) => events.map((event) => ({ event, run: run.key }))),
    tasks: units.flatMap(({ run, insert = [] }) =>
      insert.map((task) => taskRow(scope, task, run.key)),
    ),
  };
}
