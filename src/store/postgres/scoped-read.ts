// Read-only queries, inside one tenant or over all.
// I1: every query runs in a READ ONLY transaction of one statement. I2: inside a tenant it runs as hive_tenant under row level security, so a
// query that forgot its WHERE sees one tenant. I3: a tenant's query cannot change who it is: the role and the setting are local to the
// transaction, the extended protocol takes one statement, that statement must be a query, and it may not call set_config.

import type { QueryConfig } from 'pg';
import { hiveError } from '../../contract/index.ts';
import type { TenantKey } from '../../contract/index.ts';
import { storeError } from './failure.ts';
import type { LinkPool } from './link-pool.ts';

export type Scope = TenantKey | 'system';

export async function scopedRead(
  pool: LinkPool,
  scope: Scope,
  query: { sql: string; parameters: readonly unknown[] },
): Promise<Record<string, unknown>[]> {
  if (scope !== 'system') refuseEscapes(scope, query.sql);
  const inside =
    scope === 'system' ? '' : `set local role hive_tenant; set local hive.tenant = '${scope}';`;
  try {
    return await pool.run(async (client) => {
      await client.query(`begin read only; ${inside}`);
      // COMMIT travels behind the query; when the query fails it is a ROLLBACK.
      const [{ rows }] = await Promise.all([
        client.query<Record<string, unknown>>(oneStatement(query)),
        client.query('commit'),
      ]);
      return rows;
    });
  } catch (error) {
    throw storeError(error);
  }
}

/** Without parameters pg would use the simple protocol, which runs several statements: `select 1; reset role; …`. */
function oneStatement(query: { sql: string; parameters: readonly unknown[] }): QueryConfig {
  const config = { text: query.sql, values: [...query.parameters], queryMode: 'extended' };
  return config;
}

/** Row level security is the wall; this keeps a statement from walking around it. */
function refuseEscapes(tenant: TenantKey, sql: string): void {
  if (!Number.isSafeInteger(tenant))
    throw hiveError('FORBIDDEN', { message: 'a tenant is a key (an integer)' });
  // U&"…" would spell a forbidden name in escapes.
  if (!/^[\s(]*(select|with|values|table)\b/i.test(sql) || /set_config|\bu&\s*["']/i.test(sql)) {
    throw hiveError('FORBIDDEN', {
      message: 'a tenant may only query: the statement must be a SELECT that changes no setting',
    });
  }
}
