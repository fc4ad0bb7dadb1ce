// Writes the numbers of a project's retention, with an audit row in the same commit.

import type { ProjectRetentionChange } from '../operations/index.ts';
import type { Store } from '../contract/index.ts';
import type { Clock } from '../kernel/index.ts';
import { queryBuilder } from '../store/index.ts';

/** Durable when it resolves. */
export async function writeRetention(
  { store, clock }: { store: Pick<Store, 'dialect' | 'write'>; clock: Clock },
  change: ProjectRetentionChange,
): Promise<void> {
  const { tenant, project, actor, days, runs } = change;
  const sql = queryBuilder(store.dialect);
  const update = sql
    .updateTable('projects')
    .set({ retention_days: days, retention_runs: runs })
    .where('tenant', '=', tenant)
    .where('key', '=', project);
  const audit = sql.insertInto('audit').values({
    tenant,
    at_ms: clock.now(),
    actor,
    action: 'retention.set',
    subject: `project ${project}`,
    data: JSON.stringify({ days, runs }),
  });
  await store.write(
    [update.compile(), audit.compile()].map(({ sql: text, parameters }) => ({
      sql: text,
      parameters,
    })),
  );
}
