// The directory that an inspection is asked for, as the one name that it has: two names of one directory are one inspection.

import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { hiveError } from '../../contract/index.ts';

/** Absolute, without symbolic links, an existing directory. Throws PATH_INVALID. */
export async function canonicalDirectory(given: string): Promise<string> {
  if (!path.isAbsolute(given)) {
    throw hiveError('PATH_INVALID', {
      message: `${given}: the hive has its own working directory; give an absolute path`,
    });
  }
  let canonical: string;
  try {
    canonical = await realpath(given);
    if ((await stat(canonical)).isDirectory()) return canonical;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw hiveError('PATH_INVALID', { message: `${given} ${why}`, cause: error });
  }
  throw hiveError('PATH_INVALID', { message: `${given} is not a directory` });
}
