/** Arguments that are JSON, given in place or as @file. */
import { readFile } from 'node:fs/promises';
import { hiveError } from '../../contract/index.ts';
import type { Json } from '../../contract/index.ts';

/** The value of `--<option>`. Throws USAGE (not JSON), PATH_INVALID (no such file). */
export async function jsonArgument(option: string, given: string): Promise<Json> {
  const text = given.startsWith('@') ? await readTextFile(given.slice(1)) : given;
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch (error) {
    throw hiveError('USAGE', {
      message: `${option} is not JSON: ${(error as Error).message}`,
      cause: error,
      details: {
        fix: [`quote it for the shell: '{"key": "value"}'`, 'or name a file: @file.json'],
      },
    });
  }
}

/** Throws PATH_INVALID. */
export async function readTextFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read';
    throw hiveError('PATH_INVALID', {
      message: `${path} ${why}`,
      cause: error,
      details: { fix: ['check the path; it is meant from the folder that you are in'] },
    });
  }
}
