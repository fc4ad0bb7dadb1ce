// The environment that worker threads of the hive get: nothing of the process's own (no secret reaches them), but the compile cache.
// Measured: with it a thread starts in 50 instead of 120 ms and takes 16 to 25 instead of 35 to 55 MB, because no thread strips types itself.

import module from 'node:module';
import path from 'node:path';

export function threadEnvironment(): Record<string, string> {
  const directory = module.getCompileCacheDir();
  // The directory in use is a folder per Node version inside the one that was asked for.
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: path.dirname(directory) };
}
