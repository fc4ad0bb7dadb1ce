// Brings a SQLite database to a schema version, up or down. One transaction per version, so a kill between statements leaves the version before.
// I1: a version is claimed (its row inserted) before its statements run, inside the same transaction. I2: a database from the future is refused.

import type { DatabaseSync } from 'node:sqlite';
import { crashPoint, hiveError } from '../../contract/plain.ts';
import { migrations } from './migrations.ts';

export const newestVersion = migrations.at(-1)?.version ?? 0;

export function schemaVersion(db: DatabaseSync): number {
  const found = db
    .prepare(`select 1 from sqlite_master where type = 'table' and name = 'schema_migrations'`)
    .get();
  if (found === undefined) return 0;
  const row = db
    .prepare('select coalesce(max(version), 0) as version from schema_migrations')
    .get();
  return Number(row?.['version'] ?? 0);
}

function transaction(db: DatabaseSync, work: () => void): void {
  db.exec('begin immediate');
  try {
    work();
    db.exec('commit');
  } catch (error) {
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}

/** Applies what is missing up to `to`, or undoes down to it. Returns the version reached. Throws SCHEMA_FUTURE or SCHEMA_FAILED. */
export function migrate(db: DatabaseSync, options: { to?: number; nowMs: number }): number {
  const to = options.to ?? newestVersion;
  const present = schemaVersion(db);
  if (present > newestVersion) {
    throw hiveError('SCHEMA_FUTURE', {
      message: `the database has schema version ${present}; this Hivewright knows up to ${newestVersion}`,
    });
  }
  const steps =
    to >= present
      ? migrations.filter((each) => each.version > present && each.version <= to)
      : migrations.filter((each) => each.version > to && each.version <= present).toReversed();
  for (const step of steps) {
    const up = to >= present;
    try {
      transaction(db, () => {
        db.exec(
          'create table if not exists schema_migrations (version integer primary key, name text not null, applied_ms integer not null) strict',
        );
        if (schemaVersion(db) >= step.version === up) return; // another process was faster
        if (up)
          db.prepare('insert into schema_migrations values (?, ?, ?)').run(
            step.version,
            step.name,
            options.nowMs,
          );
        for (const statement of up ? step.up : step.down) {
          crashPoint('C20');
          db.exec(statement);
        }
        if (!up) db.prepare('delete from schema_migrations where version = ?').run(step.version);
      });
    } catch (error) {
      throw hiveError('SCHEMA_FAILED', {
        message: `migration ${step.version} (${step.name}) failed: ${error instanceof Error ? error.message : String(error)}`,
        cause: error,
      });
    }
  }
  return schemaVersion(db);
}
