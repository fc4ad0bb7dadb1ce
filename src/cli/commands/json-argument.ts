/** Arguments that are JSON, given in place or as @file. */
import { hiveError } from '../../contract/index.ts';
import type { Json } from '../../contract/index.ts';
import { readTextFile } from './read-text-file.ts';

/** The value of `--<option>`. Throws USAGE (not JSON; of a file with its name), PATH_INVALID (no such file), INPUT_INVALID (no text). */
export async function jsonArgument(option: string, given: string): Promise<Json> {
  const file = given.startsWith('@') ? given.slice(1) : undefined;
  const text = file === undefined ? given : await readTextFile(file);
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch (error) {
    const why = (error as Error).message;
    throw hiveError('USAGE', {
      message:
        file === undefined
          ? `${option} is not JSON: ${why}`
          : `${file} (of ${option}) is not JSON: ${why}`,
      cause: error,
      details: {
        fix:
          file === undefined
            ? [`quote it for the shell: '{"key": "value"}'`, 'or name a file: @file.json']
            : ['correct the file'],
      },
    });
  }
}
