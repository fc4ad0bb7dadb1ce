/** Lists runs, newest first: graph runs and single tasks together. */
import { runStates, taskStates } from '../contract/index.ts';
import type { RunState, RunSummary, TaskState } from '../contract/index.ts';
import { windowStart } from './newest-window.ts';
import { defineOperation } from './operation.ts';
import type { OperationContext } from './operation.ts';
import { cursorPart, encodeCursor } from './page-cursor.ts';
import {
  runQuery,
  singleRunState,
  singleRunSummary,
  toRunSummary,
  waitingRuns,
} from './run-summaries.ts';
import { selectRows } from './select-rows.ts';
import { taskQuery } from './task-reads.ts';

interface Entry {
  summary: RunSummary;
  key: number;
}

export const runList = defineOperation('run.list', {
  summary: 'List runs, newest first',
  permission: 'run:read',
  handler: async (context, { limit, cursor, state, children }) => {
    const graphRuns = await listGraphRuns(context, {
      before: cursorPart(cursor, 'run'),
      state,
      limit: limit + 1,
      children,
    });
    const singles = await listSingles(context, {
      before: cursorPart(cursor, 'task'),
      state,
      limit: limit + 1,
    });
    const merged = [...graphRuns, ...singles].toSorted(
      (a, b) => b.summary.createdMs - a.summary.createdMs || b.key - a.key,
    );
    const shown = merged.slice(0, limit);
    const last = (isSingle: boolean): number | undefined =>
      shown.findLast(({ summary }) => summary.isSingleTask === isSingle)?.key;
    const next =
      merged.length > limit
        ? encodeCursor({
            run: last(false) ?? cursorPart(cursor, 'run') ?? Number.MAX_SAFE_INTEGER,
            task: last(true) ?? cursorPart(cursor, 'task') ?? Number.MAX_SAFE_INTEGER,
          })
        : null;
    return { runs: shown.map(({ summary }) => summary), next };
  },
});

interface Part {
  before: number | undefined;
  state: RunState | undefined;
  limit: number;
}

async function listGraphRuns(
  context: OperationContext,
  part: Part & { children: boolean },
): Promise<Entry[]> {
  let query = runQuery(context).orderBy('runs.key', 'desc').limit(part.limit);
  if (!part.children) query = query.where('runs.parent_task', 'is', null);
  if (part.before !== undefined) query = query.where('runs.key', '<', part.before);
  if (part.state !== undefined) query = query.where('runs.state', '=', runStates[part.state]);
  const rows = await selectRows(context, query);
  const standing = await waitingRuns(context, rows);
  return rows.map((row) => ({
    summary: toRunSummary(row, { waitsFor: standing.get(row.key) ?? [] }),
    key: row.key,
  }));
}

async function listSingles(context: OperationContext, part: Part): Promise<Entry[]> {
  let query = taskQuery(context)
    .where('tasks.run', 'is', null)
    .where('tasks.key', '>', await windowStart(context, 'tasks'))
    .orderBy('tasks.key', 'desc')
    .limit(part.limit);
  if (part.before !== undefined) query = query.where('tasks.key', '<', part.before);
  const { state } = part;
  if (state !== undefined) query = query.where('tasks.state', 'in', taskCodesOf(state));
  const rows = await selectRows(context, query);
  return rows.map((row) => ({ summary: singleRunSummary(row), key: row.key }));
}

function taskCodesOf(state: RunState): number[] {
  const names = Object.keys(taskStates) as TaskState[];
  return names.filter((name) => singleRunState(name) === state).map((name) => taskStates[name]);
}
