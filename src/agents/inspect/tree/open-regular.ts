/**
 * The only way in which inspected files are touched: opened read-only, never through a symbolic link,
 * never waiting on a pipe or device, and only when what was opened is a regular file.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** O_NONBLOCK: opening a pipe returns at once. O_NOCTTY: a terminal does not become ours. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
/** What git looks at to call a file binary. */
const HEAD_BYTES = 8_000;

export type FileFact =
  | { readonly kind: 'text' | 'binary' | 'too_large'; readonly bytes: number }
  | Refused;

export type FileText =
  | { readonly kind: 'text'; readonly text: string; readonly bytes: number }
  | { readonly kind: 'binary' | 'too_large'; readonly bytes: number }
  | Refused;

type Refused = { readonly kind: 'not_regular' } | { readonly kind: 'unreadable' };

/** Size and kind, from the first bytes. */
export function fileFact(absolute: string, maxBytes: number): FileFact {
  return opened(absolute, (fd, bytes) => {
    if (bytes > maxBytes) return { kind: 'too_large', bytes };
    const head = readUpTo(fd, Math.min(bytes, HEAD_BYTES));
    return { kind: head.includes(0) ? 'binary' : 'text', bytes };
  });
}

/** The whole text (UTF-8, broken sequences replaced, NUL as a blank so that offsets stay). */
export function readText(absolute: string, maxBytes: number): FileText {
  return opened(absolute, (fd, bytes) => {
    if (bytes > maxBytes) return { kind: 'too_large', bytes };
    const content = readUpTo(fd, bytes);
    if (content.subarray(0, HEAD_BYTES).includes(0)) return { kind: 'binary', bytes };
    const text = content.toString('utf8').replaceAll('\u0000', ' ');
    return { kind: 'text', text, bytes: content.length };
  });
}

function opened<Found>(
  absolute: string,
  look: (fd: number, bytes: number) => Found,
): Found | Refused {
  let fd: number;
  try {
    fd = openSync(absolute, FLAGS);
  } catch {
    return { kind: 'unreadable' }; // gone, a link, not permitted, a name that is not UTF-8
  }
  try {
    const stat = fstatSync(fd);
    return stat.isFile() ? look(fd, stat.size) : { kind: 'not_regular' };
  } catch {
    return { kind: 'unreadable' };
  } finally {
    closeSync(fd);
  }
}

/** A file that grows while it is read gives no more than it had, one that shrinks gives less. */
function readUpTo(fd: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  let at = 0;
  while (at < bytes) {
    const count = readSync(fd, buffer, at, bytes - at, at);
    if (count === 0) break;
    at += count;
  }
  return buffer.subarray(0, at);
}
