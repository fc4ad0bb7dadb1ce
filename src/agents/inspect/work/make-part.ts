/** Runs an analyser over one shard, or over the whole: reads files as data, nothing else. */
import { maxBytesFor } from '../../../analysis/index.ts';
import type { Analyser, SourceFile } from '../../../analysis/index.ts';
import { readText } from '../tree/open-regular.ts';
import type { FileList } from './file-list.ts';
import type { Part } from './part-file.ts';

export interface ShardJob {
  readonly root: string;
  readonly analyser: Analyser;
  readonly list: FileList;
  readonly at: readonly [number, number];
}

/** A file that vanished or changed its kind since the survey is named in `unread`, not an error. */
export function shardPart({ root, analyser, list, at }: ShardJob): Part {
  const files: SourceFile[] = [];
  const unread: string[] = [];
  for (const { path } of list.wanted(analyser).slice(...at)) {
    const read = readText(`${root}/${path}`, maxBytesFor(path));
    if (read.kind === 'text') files.push({ path, text: read.text, bytes: read.bytes });
    else unread.push(path);
  }
  const { findings, omitted, facts } = analyser.shard(files, list.facts);
  return { digest: list.digest, findings, omitted, facts, unread };
}

export function wholePart(analyser: Analyser, list: FileList, shards: readonly Part[]): Part {
  const facts = shards.map((each) => each.facts);
  const findings = analyser.finish?.(facts, list.facts) ?? [];
  return { digest: list.digest, findings, omitted: [], facts: null, unread: [] };
}
