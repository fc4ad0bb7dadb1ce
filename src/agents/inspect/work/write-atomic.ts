/** A file that is either the old one or the new one, never half of it. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { threadId } from 'node:worker_threads';

export interface WriteOptions {
  /** `power-safe` reaches the disk before it returns; `rebuildable` content may be lost with the power. */
  readonly durability: 'power-safe' | 'rebuildable';
}

export function writeAtomic(path: string, content: string, options: WriteOptions): void {
  mkdirSync(dirname(path), { recursive: true });
  // one attempt per thread at a time, so the name is ours alone
  const temporary = `${path}.${process.pid}-${threadId}.tmp`;
  rmSync(temporary, { force: true });
  const fd = openSync(temporary, 'wx');
  try {
    const bytes = Buffer.from(content);
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
    if (options.durability === 'power-safe') fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}
