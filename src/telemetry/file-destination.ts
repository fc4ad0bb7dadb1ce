// Log files: one a day (UTC) in a folder, removed after the retention (S1-141). Owns: files named hive-YYYY-MM-DD.log in its folder and
// nothing else there. I1: no other file is ever removed. I2: a folder that cannot be used costs log lines, never the hive.

import { closeSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../kernel/index.ts';
import { descriptorDestination } from './log-destination.ts';
import type { LogDestination } from './log-destination.ts';

const FILE_NAME = /^hive-(\d{4}-\d{2}-\d{2})\.log$/;
const DAY_MS = 86_400_000;
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600; // lines name runs, paths and agents of every tenant

export interface FileDestinationOptions {
  /** Made when it is missing. */
  folder: string;
  retentionDays: number;
  clock: Clock;
}

export function fileDestination({
  folder,
  retentionDays,
  clock,
}: FileDestinationOptions): LogDestination {
  let open: { day: string; descriptor: number } | null = null;
  const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

  const close = (): void => {
    if (open !== null) closeSync(open.descriptor);
    open = null;
  };
  return descriptorDestination({
    descriptor: () => {
      const nowMs = clock.now();
      const day = dayOf(nowMs);
      if (open?.day === day) return open.descriptor;
      close();
      mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
      open = { day, descriptor: openSync(path.join(folder, `hive-${day}.log`), 'a', PRIVATE_FILE) };
      removeOld(folder, dayOf(nowMs - retentionDays * DAY_MS));
      return open.descriptor;
    },
    close,
  });
}

function removeOld(folder: string, oldestDay: string): void {
  for (const name of readdirSync(folder)) {
    const day = FILE_NAME.exec(name)?.[1];
    if (day === undefined || day >= oldestDay) continue;
    rmSync(path.join(folder, name), { force: true });
  }
}
