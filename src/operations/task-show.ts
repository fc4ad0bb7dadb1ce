/** Shows one task with its payloads and every try of it. */
import { hiveError, idBytes, isTerminal, taskStateName } from '../contract/index.ts';
import { readOpenWaits } from './open-waits.ts';
import { defineOperation } from './operation.ts';
import type { OperationContext } from './operation.ts';
import { selectRows } from './select-rows.ts';
import { storedError, storedJson } from './stored-json.ts';
import { taskQuery, toTaskSummary } from './task-reads.ts';

/** Tries of one task that are shown, newest kept: retries are bounded far below. */
const MAX_ATTEMPTS = 100;

export const taskShow = defineOperation('task.show', {
  summary: 'Show one task and its attempts',
  permission: 'task:read',
  handler: async (context, { id }) => {
    const query = taskQuery(context)
      .where('tasks.id', '=', idBytes('task', id))
      .innerJoin('routes', 'routes.key', 'tasks.route')
      .select([
        'routes.capabilities as capabilities',
        'tasks.description as description',
        'tasks.input as input',
        'tasks.result as result',
        'tasks.assignment as assignment',
        'tasks.crashes as crashes',
        'tasks.fence as fence',
        'tasks.timeout_ms as timeout_ms',
        'tasks.journal_steps as journal_steps',
        'tasks.hold as hold',
      ]);
    const [row] = await selectRows(context, query);
    if (row === undefined) throw hiveError('NOT_FOUND', { message: `there is no task ${id}` });
    return {
      ...toTaskSummary(row, context.clock.now()),
      description: row.description,
      capabilities: row.capabilities.split(' ').filter((each) => each !== ''),
      input: storedJson(row.input),
      result: storedJson(row.result),
      assignment: row.assignment,
      errors: row.errors,
      crashes: row.crashes,
      fence: row.fence,
      retry: row.retry,
      timeoutMs: row.timeout_ms,
      dueMs: row.due_ms,
      journalSteps: row.journal_steps,
      isHeld: row.hold === 1,
      waits: isTerminal(taskStateName(row.state))
        ? []
        : ((await readOpenWaits(context, [row.key])).get(row.key) ?? []),
      attempts: await readAttempts(context, row.key),
    };
  },
});

async function readAttempts(context: OperationContext, taskKey: number) {
  const query = context.hive.sql
    .selectFrom('attempts')
    .where('tenant', '=', context.principal.tenant)
    .where('task', '=', taskKey)
    .orderBy('key', 'desc')
    .limit(MAX_ATTEMPTS)
    .select(['attempt', 'fence', 'agent', 'outcome', 'started_ms', 'ended_ms', 'error']);
  const rows = await selectRows(context, query);
  return rows.toReversed().map((row) => ({
    attempt: row.attempt,
    fence: row.fence,
    agent: row.agent,
    outcome: row.outcome,
    startedMs: row.started_ms,
    endedMs: row.ended_ms,
    error: storedError(row.error),
  }));
}
