/** What every shard knows of the whole tree: names and sizes, nothing of the contents. */
import { directoryOf, baseNameOf } from './reading/posix-path.ts';

export type FileEntry = {
  readonly path: string;
  readonly bytes: number;
  readonly skipped?: 'binary' | 'too_large';
};

export type RepositoryFacts = {
  /** Sorted by path (code unit order), so that everything derived from it is deterministic. */
  readonly entries: readonly FileEntry[];
  readonly paths: ReadonlySet<string>;
  readonly directories: ReadonlySet<string>;
  /** Files by base name, each list sorted. */
  readonly byBaseName: ReadonlyMap<string, readonly string[]>;
};

/** Builds the index; the same entries in any order give the same facts. Safe to structured-clone. */
export const repositoryFacts = (entries: readonly FileEntry[]): RepositoryFacts => {
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const paths = new Set<string>();
  const directories = new Set<string>(['.']);
  const byBaseName = new Map<string, string[]>();
  for (const { path } of sorted) {
    paths.add(path);
    addDirectories(path, directories);
    const name = baseNameOf(path);
    const list = byBaseName.get(name);
    if (list === undefined) byBaseName.set(name, [path]);
    else list.push(path);
  }
  return { entries: sorted, paths, directories, byBaseName };
};

const addDirectories = (path: string, directories: Set<string>): void => {
  let directory = directoryOf(path);
  while (directory !== '.' && !directories.has(directory)) {
    directories.add(directory);
    directory = directoryOf(directory);
  }
};
