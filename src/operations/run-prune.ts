/** Deletes runs and single tasks that ended long ago, with everything that belongs to them; audit stays. Says what the store weighed before and after. */
import { sql as sqlText } from 'kysely';
import type { SqlBool } from 'kysely';
import { runStates, taskStates } from '../contract/index.ts';
import type { OperationInput } from '../contract/index.ts';
import { defineOperation } from './operation.ts';
import type { OperationContext } from './operation.ts';
import { selectRows } from './select-rows.ts';

/** Runs of one batch: the writer is held for some 50 ms. */
const BATCH = 500;
/** A caller is answered after this; what is left is one more call. */
const ANSWER_AFTER_MS = 15_000;

export const runPrune = defineOperation('run.prune', {
  summary: 'Delete runs that ended long ago',
  permission: 'run:write',
  handler: async (context, input) => {
    const { hive, clock, principal } = context;
    const beforeMs = clock.now() - input.olderThanMs;
    const before = await hive.size();
    if (input.dryRun) {
      const counts = await countPrunable(context, { beforeMs, keep: input.keep });
      return { ...counts, dryRun: true, done: true, before, after: before };
    }
    const total = { runs: 0, tasks: 0 };
    const deadline = clock.mono() + ANSWER_AFTER_MS;
    let isDone = false;
    while (!isDone && clock.mono() < deadline && context.signal?.aborted !== true) {
      const { runs, tasks, done } = await hive.prune({
        tenant: principal.tenant,
        beforeMs,
        limit: BATCH,
        ...(input.keep === undefined ? {} : { keep: input.keep }),
      });
      total.runs += runs;
      total.tasks += tasks;
      isDone = done;
    }
    return { ...total, dryRun: false, done: isDone, before, after: await hive.size() };
  },
});

interface Cut {
  beforeMs: number;
  keep: OperationInput<'run.prune'>['keep'];
}

/** Runs (child runs go with their parents) and single tasks that ended before the cut. */
async function countPrunable(
  context: OperationContext,
  cut: Cut,
): Promise<{ runs: number; tasks: number }> {
  const { sql } = context.hive;
  const { tenant } = context.principal;
  const beforeMs = Math.min(cut.beforeMs, await oldestKept(context, cut.keep));
  // A child run goes with the topmost one.
  const [runs] = await selectRows(
    context,
    sql
      .selectFrom('runs')
      .leftJoin('runs as roots', 'roots.key', 'runs.root')
      .where('runs.tenant', '=', tenant)
      .where(endedBefore(beforeMs))
      .select(({ fn }) => fn.countAll().as('count')),
  );
  const [singles] = await selectRows(
    context,
    sql
      .selectFrom('tasks')
      .where('tenant', '=', tenant)
      .where('run', 'is', null)
      .where('state', '>=', taskStates.succeeded)
      .where('ended_ms', '<', beforeMs)
      .select(({ fn }) => fn.countAll().as('count')),
  );
  return { runs: Number(runs?.count ?? 0), tasks: Number(singles?.count ?? 0) };
}

/** Of the topmost run. */
const endedBefore = (beforeMs: number) =>
  sqlText<SqlBool>`coalesce(roots.state, runs.state) >= ${sqlText.lit(runStates.completed)} and coalesce(roots.ended_ms, runs.ended_ms) < ${beforeMs}`;

/** When the last of the `keep` newest ended: what ended at that time or later stays. */
async function oldestKept(context: OperationContext, keep: number | undefined): Promise<number> {
  if (keep === undefined || keep === 0) return Infinity;
  const { sql } = context.hive;
  const { tenant } = context.principal;
  const runs = await selectRows(
    context,
    sql
      .selectFrom('runs')
      .where('tenant', '=', tenant)
      .where('state', '>=', runStates.completed)
      .where('parent_task', 'is', null)
      .orderBy('ended_ms', 'desc')
      .limit(keep)
      .select('ended_ms'),
  );
  const singles = await selectRows(
    context,
    sql
      .selectFrom('tasks')
      .where('tenant', '=', tenant)
      .where('run', 'is', null)
      .where('state', '>=', taskStates.succeeded)
      .orderBy('ended_ms', 'desc')
      .limit(keep)
      .select('ended_ms'),
  );
  const newest = [...runs, ...singles]
    .map(({ ended_ms: endedMs }) => endedMs ?? 0)
    .toSorted((x, y) => y - x)
    .slice(0, keep);
  // When fewer have ended this is the oldest of them all.
  return newest.at(-1) ?? 0;
}
