/** Files that a command is given. */
import { readFile } from 'node:fs/promises';
import { hiveError } from '../../contract/index.ts';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a folder, not a file',
  EACCES: 'may not be read by this user',
};

/** Its text without a byte order mark. Throws PATH_INVALID; INPUT_INVALID with the line, of bytes that are not UTF-8. */
export async function readTextFile(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw hiveError('PATH_INVALID', {
      message: `${path} ${reasons[code] ?? 'cannot be read'}`,
      cause: error,
      details: { fix: ['check the path; it is meant from the folder that you are in'] },
    });
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw hiveError('INPUT_INVALID', {
      message: `${path}:${brokenLine(bytes)} is not UTF-8 text`,
      cause: error,
      details: { fix: ['save the file as UTF-8'] },
    });
  }
}

/** The first line, from 1, with bytes that are not UTF-8. A line break is never inside a character. */
function brokenLine(bytes: Buffer): number {
  for (let line = 1, start = 0; ; line++) {
    const end = bytes.indexOf(10, start);
    const part = bytes.subarray(start, end < 0 ? bytes.length : end);
    if (end < 0 || part.toString('utf8').includes('\uFFFD')) return line;
    start = end + 1;
  }
}
