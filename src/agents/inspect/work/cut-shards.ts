/** Cuts an analyser's files into ranges that a worker can hold. Pure. */
import type { FileEntry } from '../../../analysis/index.ts';

/** One task per shard: enough to run in parallel and to resume, few enough to be cheap. */
const MAX_FILES = 200;
/** Texts of a shard are in a worker's heap together; a file larger than this goes alone. */
const MAX_BYTES = 4_194_304;

/** `[from, to)` pairs that cover all files in order. */
export function cutShards(files: readonly FileEntry[]): [number, number][] {
  const shards: [number, number][] = [];
  let from = 0;
  let bytes = 0;
  for (const [at, file] of files.entries()) {
    if (at > from && (at - from === MAX_FILES || bytes + file.bytes > MAX_BYTES)) {
      shards.push([from, at]);
      from = at;
      bytes = 0;
    }
    bytes += file.bytes;
  }
  if (from < files.length) shards.push([from, files.length]);
  return shards;
}
