// Opens the PostgreSQL driver, and loads it and its client only then: an embedded hive starts without them.

import type { Store } from '../contract/index.ts';
import type { PostgresStoreOptions } from './postgres/store.ts';

/** Migrates and opens. Throws STORE_UNAVAILABLE, SCHEMA_FUTURE or SCHEMA_FAILED. */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const driver = await import('./postgres/store.ts');
  return driver.openPostgresStore(options);
}
