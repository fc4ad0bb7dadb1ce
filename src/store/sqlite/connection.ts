// Opening a SQLite connection the one right way, and translating its errors. Used by the writer thread, the reader thread and the lock.

import { DatabaseSync } from 'node:sqlite';
import { hiveError, isHiveError, toHiveError } from '../../contract/plain.ts';
import type { HiveError } from '../../contract/index.ts';

const BUSY_TIMEOUT_MS = 5_000; // only migrations of two starting processes can meet; the data lock keeps writers apart
const CACHE_KIB = 65_536; // the ready index of a million tasks fits

export interface ConnectionOptions {
  file: string;
  readOnly: boolean;
  /** Test seam for a full disk: PRAGMA max_page_count. */
  maxPages?: number;
}

/** Opens with WAL and synchronous FULL: every commit is on disk before it is acknowledged, power loss included. */
export function openConnection(options: ConnectionOptions): DatabaseSync {
  try {
    const db = new DatabaseSync(options.file, {
      readOnly: options.readOnly,
      enableForeignKeyConstraints: true,
    });
    db.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
    if (!options.readOnly) {
      db.exec('pragma journal_mode = wal');
      db.exec('pragma synchronous = full');
      db.exec('pragma wal_autocheckpoint = 12000'); // 48 MB of log: a checkpoint holds up the writer for its time, and pages changed often are then copied once
      db.exec('pragma journal_size_limit = 67108864');
      if (options.maxPages !== undefined) db.exec(`pragma max_page_count = ${options.maxPages}`);
    }
    db.exec(`pragma cache_size = -${CACHE_KIB}`);
    db.exec('pragma temp_store = memory');
    return db;
  } catch (error) {
    throw sqliteError(error, options.file);
  }
}

// Primary result codes of https://sqlite.org/rescode.html
const SQLITE_PERM = 3;
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

/** The primary SQLite result code of an error, 0 when it has none. */
export function sqliteCode(error: unknown): number {
  const code =
    typeof error === 'object' && error !== null && 'errcode' in error ? error.errcode : 0;
  return typeof code === 'number' ? code & 0xff : 0;
}

/** Errors that no other unit could avoid: the store itself is in trouble. */
export function isStoreFailure(error: unknown): boolean {
  return [
    SQLITE_FULL,
    SQLITE_IOERR,
    SQLITE_READONLY,
    SQLITE_CORRUPT,
    SQLITE_NOTADB,
    SQLITE_CANTOPEN,
    SQLITE_BUSY,
  ].includes(sqliteCode(error));
}

export function sqliteError(error: unknown, file: string): HiveError {
  if (isHiveError(error)) return error;
  const message = `${file}: ${error instanceof Error ? error.message : String(error)}`;
  switch (sqliteCode(error)) {
    case SQLITE_FULL:
      return hiveError('STORE_FULL', { message, cause: error });
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return hiveError('STORE_READ_ONLY', { message, cause: error });
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return hiveError('STORE_CORRUPT', { message, cause: error });
    case SQLITE_BUSY:
      return hiveError('LOCK_HELD', { message, cause: error });
    case SQLITE_IOERR:
      return hiveError('STORE_UNAVAILABLE', { message, cause: error });
    default:
      return toHiveError(error);
  }
}
