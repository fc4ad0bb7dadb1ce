// Where things lie in the data directory, and the files that let commands find the running hive. All private to the user (0600, 0700).

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hiveError } from '../contract/index.ts';
import type { RandomFill } from '../kernel/index.ts';

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const TOKEN_BYTES = 32;

export interface DataPaths {
  lock: string;
  reports: string;
  logs: string;
  /** Intermediate files, a folder per run. */
  work: string;
}

export function dataPaths(directory: string): DataPaths {
  return {
    lock: join(directory, 'lock'),
    reports: join(directory, 'reports'),
    logs: join(directory, 'logs'),
    work: join(directory, 'work'),
  };
}

/** The bearer token of this data directory; made on first use and kept, so that a restart does not log anybody out. */
export function accessToken(directory: string, random: RandomFill): string {
  const known = readToken(directory);
  if (known !== null) return known;
  const bytes = new Uint8Array(TOKEN_BYTES);
  random(bytes);
  const token = Buffer.from(bytes).toString('base64url');
  writePrivately(join(directory, 'token'), token);
  return token;
}

/** Null when there is none or it is too short to be one. */
export function readToken(directory: string): string | null {
  try {
    const text = readFileSync(join(directory, 'token'), 'utf8').trim();
    return text.length >= TOKEN_BYTES ? text : null;
  } catch {
    return null;
  }
}

export interface RunningHive {
  url: string;
  pid: number;
}

export function announceHive(directory: string, hive: RunningHive): void {
  writePrivately(join(directory, 'hive.json'), JSON.stringify(hive));
}

export function withdrawHive(directory: string): void {
  rmSync(join(directory, 'hive.json'), { force: true });
}

/** What the holder of the directory wrote; stale after a kill, so only believed while the lock is held. */
export function announcedHive(directory: string): RunningHive | null {
  try {
    const value: unknown = JSON.parse(readFileSync(join(directory, 'hive.json'), 'utf8'));
    if (typeof value !== 'object' || value === null || !('url' in value) || !('pid' in value))
      return null;
    return typeof value.url === 'string' && typeof value.pid === 'number'
      ? { url: value.url, pid: value.pid }
      : null;
  } catch {
    return null;
  }
}

/** Temp file and rename: a reader sees the old content or the new one. */
function writePrivately(file: string, text: string): void {
  try {
    mkdirSync(join(file, '..'), { recursive: true, mode: PRIVATE_FOLDER });
    const temporary = `${file}.${process.pid}.tmp`;
    writeFileSync(temporary, text, { mode: PRIVATE_FILE });
    renameSync(temporary, file);
  } catch (error) {
    throw hiveError('STORE_READ_ONLY', {
      message: `${file}: ${error instanceof Error ? error.message : String(error)}`,
      cause: error,
    });
  }
}
