/** Lists the workflows that runs were started of (child runs not counted), the most recently used first. A run pins its graph, so this is what really ran. */
import { formatId, runStateName } from '../contract/index.ts';
import { windowStart } from './newest-window.ts';
import { defineOperation } from './operation.ts';
import { selectRows } from './select-rows.ts';
import { recordOf, storedJson } from './stored-json.ts';

/** Names that are told; a hive with more has them made by a program. */
const MAX_WORKFLOWS = 200;

export const workflowList = defineOperation('workflow.list', {
  summary: 'List the workflows that were run',
  permission: 'run:read',
  handler: async (context) => {
    const { sql } = context.hive;
    const { tenant } = context.principal;
    const used = await selectRows(
      context,
      sql
        .selectFrom('runs')
        .where('tenant', '=', tenant)
        .where('key', '>', await windowStart(context, 'runs'))
        .where('parent_task', 'is', null)
        .groupBy('workflow')
        .select(({ fn }) => ['workflow', fn.countAll().as('runs'), fn.max('key').as('last')])
        .orderBy('last', 'desc')
        .limit(MAX_WORKFLOWS),
    );
    if (used.length === 0) return { workflows: [] };
    const newest = await selectRows(
      context,
      sql
        .selectFrom('runs')
        .innerJoin('run_pins', 'run_pins.run', 'runs.key')
        .where('runs.tenant', '=', tenant)
        .where(
          'runs.key',
          'in',
          used.map(({ last }) => Number(last)),
        )
        .select([
          'runs.key as key',
          'runs.id as id',
          'run_pins.graph as graph',
          'runs.state as state',
          'runs.created_ms as created_ms',
        ]),
    );
    const byKey = new Map(newest.map((row) => [row.key, row]));
    const workflows = used.flatMap(({ workflow, runs, last }) => {
      const row = byKey.get(Number(last));
      if (row === undefined) return [];
      const { version } = recordOf(storedJson(row.graph));
      return [
        {
          name: workflow,
          version: typeof version === 'string' ? version : '1',
          runs: Number(runs),
          lastRunId: formatId('run', row.id),
          lastMs: row.created_ms,
          lastState: runStateName(row.state),
        },
      ];
    });
    return { workflows };
  },
});
