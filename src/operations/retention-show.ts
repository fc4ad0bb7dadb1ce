/** Shows how long ended runs of the project are kept: its own numbers where it has some, else the hive's. */
import type { OperationOutput } from '../contract/index.ts';
import { defineOperation } from './operation.ts';
import type { OperationContext } from './operation.ts';
import { selectRows } from './select-rows.ts';

export const retentionShow = defineOperation('retention.show', {
  summary: 'Show how long ended runs are kept',
  permission: 'run:read',
  handler: (context) => readRetention(context),
});

export async function readRetention(
  context: OperationContext,
): Promise<OperationOutput<'retention.show'>> {
  const { hive, principal } = context;
  const query = hive.sql
    .selectFrom('projects')
    .where('tenant', '=', principal.tenant)
    .where('key', '=', principal.project)
    .select(['retention_days', 'retention_runs']);
  const [row] = await selectRows(context, query);
  const own = { days: row?.retention_days ?? null, runs: row?.retention_runs ?? null };
  const { days, runs } = hive.retention;
  return { days: own.days ?? days, runs: own.runs ?? runs, own, hive: { days, runs } };
}
