// One hive per data directory. The lock is the operating system's own file lock, held through SQLite's exclusive lock on an otherwise empty
// file: the kernel frees it when the holder dies, however it dies, and nobody can take it from a live holder (docs/decisions/0005).
// I1: never robs. I2: no stale state to clean: the file `holder.json` beside it is information for people only.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { hiveError } from '../contract/plain.ts';
import { sqliteCode, sqliteError } from './sqlite/connection.ts';

export interface DataLock {
  release(): void;
}

export interface LockHolder {
  pid: number;
  sinceMs: number;
}

const SQLITE_BUSY = 5;

export function readHolder(directory: string): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(directory, 'holder.json'), 'utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('sinceMs' in value))
      return undefined;
    return typeof value.pid === 'number' && typeof value.sinceMs === 'number'
      ? { pid: value.pid, sinceMs: value.sinceMs }
      : undefined;
  } catch {
    return undefined; // absent or half written: only information is missing
  }
}

/** Takes the directory (made with mode 0700 when absent) or throws LOCK_HELD naming the holder, or STORE_READ_ONLY. */
export function lockDirectory(directory: string, holder: LockHolder): DataLock {
  let db: DatabaseSync;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    db = new DatabaseSync(join(directory, 'lock'));
  } catch (error) {
    throw hiveError('STORE_READ_ONLY', {
      message: `${directory}: ${error instanceof Error ? error.message : String(error)}`,
      cause: error,
    });
  }
  try {
    db.exec('pragma journal_mode = delete');
    db.exec('begin exclusive');
    writeFileSync(join(directory, 'holder.json'), JSON.stringify(holder), { mode: 0o600 });
  } catch (error) {
    db.close();
    if (sqliteCode(error) === SQLITE_BUSY) {
      const other = readHolder(directory);
      throw hiveError('LOCK_HELD', {
        message: `${directory} is held by another hive${other === undefined ? '' : ` (process ${other.pid}, since ${new Date(other.sinceMs).toISOString()})`}`,
        cause: error,
        details: { directory, ...(other === undefined ? {} : { pid: other.pid }) },
      });
    }
    const known = sqliteError(error, directory);
    throw known.code === 'INTERNAL'
      ? hiveError('STORE_READ_ONLY', { message: known.message, cause: error })
      : known;
  }
  let held = true;
  return {
    release: () => {
      if (!held) return;
      held = false;
      db.exec('rollback');
      db.close();
    },
  };
}
