// store: SQL behind one port. Two drivers, one conformance suite; rooms own their queries and compile them with queryBuilder.

export type { DataLock, LockHolder } from './data-lock.ts';
export { openPostgresStore } from './open-postgres.ts';
export { queryBuilder } from './query-builder.ts';
export type { QueryBuilder } from './query-builder.ts';
export { openSqliteStore } from './sqlite/store.ts';
export type { SqliteStoreOptions } from './sqlite/store.ts';
export type { Tables } from './tables.ts';
