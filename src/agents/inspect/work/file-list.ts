/**
 * The list of files that a run inspects, written once by the surveyor and read by every task: tasks carry
 * ranges of it instead of paths. Its digest covers the analysers' versions too, because they decide which
 * files a range means.
 * I1: a list is only accepted under the digest that the task was made with.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { analysers, repositoryFacts } from '../../../analysis/index.ts';
import type { Analyser, FileEntry, RepositoryFacts } from '../../../analysis/index.ts';
import { hiveError } from '../../../contract/index.ts';
import type { LeftOut, Walk } from '../tree/walk-tree.ts';
import { writeAtomic } from './write-atomic.ts';

const FILE = 'files.json';

export interface FileList {
  readonly digest: string;
  readonly facts: RepositoryFacts;
  readonly leftOut: readonly LeftOut[];
  /** The files that an analyser reads, in the order that ranges count. */
  wanted(analyser: Analyser): readonly FileEntry[];
}

interface Stored {
  readonly entries: readonly FileEntry[];
  readonly leftOut: readonly LeftOut[];
}

/** The last list that this worker read: consecutive tasks belong to the same run. */
let cached: { readonly path: string; readonly list: FileList } | undefined;

/** Writes the list and returns its digest. */
export function writeFileList(workDirectory: string, walk: Walk): string {
  const stored: Stored = { entries: walk.entries, leftOut: walk.leftOut };
  const text = JSON.stringify(stored);
  writeAtomic(join(workDirectory, FILE), text, { durability: 'power-safe' });
  return digestOf(text);
}

/** Throws AGENT_STOPPED when the list is gone or not the one that the run was planned with. */
export function readFileList(workDirectory: string, digest: string): FileList {
  const path = join(workDirectory, FILE);
  if (cached?.path === path && cached.list.digest === digest) return cached.list;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw stale(`the file list of this inspection is gone (${path})`, cause);
  }
  if (digestOf(text) !== digest) {
    throw stale('the file list of this inspection belongs to another survey or another version');
  }
  const { entries, leftOut } = JSON.parse(text) as Stored; // ours: the digest matched
  const facts = repositoryFacts(entries);
  const list: FileList = { digest, facts, leftOut, wanted: wantedFiles(facts) };
  cached = { path, list };
  return list;
}

/** Remembers each answer: consecutive tasks ask for the same analyser. */
export function wantedFiles(facts: RepositoryFacts): (analyser: Analyser) => readonly FileEntry[] {
  const known = new Map<string, readonly FileEntry[]>();
  return ({ name, wants }) => {
    let files = known.get(name);
    if (files === undefined) {
      files = facts.entries.filter((each) => each.skipped === undefined && wants(each.path));
      known.set(name, files);
    }
    return files;
  };
}

function digestOf(text: string): string {
  const versions = analysers.map((each) => `${each.name}@${each.version}`).join(' ');
  return createHash('sha256').update(versions).update('\n').update(text).digest('hex').slice(0, 16);
}

function stale(message: string, cause?: unknown): Error {
  return hiveError('AGENT_STOPPED', {
    message: `${message}; start a new inspection`,
    ...(cause === undefined ? {} : { cause }),
  });
}
