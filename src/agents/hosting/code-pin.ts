/**
 * Which code wrote a journal: version of the agent, and for agents in modules the hash of their file.
 * Code that changed between two attempts may ask for other steps, or the same names with other
 * meanings, so its journal is not taken over silently.
 * I1: rows of effects alone pin nothing: an effect happened whatever the code is now, and tasks that
 * start afresh keep them.
 */
import { createHash } from 'node:crypto';
import { hiveError } from '../../contract/index.ts';
import type { AgentManifest, HiveError, JournalStep } from '../../contract/index.ts';

/** 64 bits: this is about mistakes, not about forgers. */
const HASH_CHARS = 16;

/** The pin of an agent; `source` is the text of its module when it has one. */
export function codeOf(manifest: AgentManifest, source?: Uint8Array): string {
  if (source === undefined) return manifest.version;
  const hash = createHash('sha256').update(source).digest('hex').slice(0, HASH_CHARS);
  return `${manifest.version}+${hash}`;
}

/** The error of a journal that other code wrote, or undefined. After a reset the last pin counts: effects keep that of their time. */
export function codeMismatch(journal: readonly JournalStep[], code: string): HiveError | undefined {
  if (!journal.some(({ kind }) => kind !== 'effect')) return undefined;
  const pinned = journal.findLast((each) => each.code !== undefined)?.code;
  if (pinned === undefined || pinned === code) return undefined;
  return hiveError('JOURNAL_MISMATCH', {
    message: `the journal was written by code ${pinned}, and this hive has ${code}`,
    details: { journal: pinned, code },
  });
}
