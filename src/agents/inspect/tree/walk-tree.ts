/**
 * Lists the files of a directory tree as git would see them, without git: `.gitignore` is obeyed, `.git`
 * is never entered, symbolic links are never followed, pipes, sockets and devices are never opened.
 * The result is sorted and depends on the tree alone.
 */
import { opendirSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import type { FileEntry } from '../../../analysis/index.ts';
import { hiveError } from '../../../contract/index.ts';
import { IgnoreRules } from './ignore-rules.ts';
import type { IgnoreScope } from './ignore-rules.ts';
import { fileFact, readText } from './open-regular.ts';

/** Beyond these a tree is a data set or a trap; what was found so far is still inspected. */
const MAX_FILES = 100_000;
const MAX_DIRECTORIES = 100_000;
const MAX_NAMES_PER_DIRECTORY = 200_000;
const MAX_IGNORE_FILE_BYTES = 1_048_576;
const MAX_EXAMPLES = 5;

export const leftOutReasons = [
  'binary',
  'too_large',
  'link',
  'not_regular',
  'unreadable',
  'ignored',
  'pattern',
  'limit',
] as const;
export type LeftOutReason = (typeof leftOutReasons)[number];

/** What was not read and why: how many, with the first few paths. */
export interface LeftOut {
  readonly reason: LeftOutReason;
  readonly count: number;
  readonly examples: readonly string[];
}

export interface WalkOptions {
  /** Absolute and canonical. */
  readonly root: string;
  /** Relative paths that are not part of what is inspected (our own folders). */
  readonly exclude: readonly string[];
  maxBytesFor(path: string): number;
  onDirectory?(filesSoFar: number): void;
  readonly maxFiles?: number;
}

export interface Walk {
  readonly entries: readonly FileEntry[];
  readonly leftOut: readonly LeftOut[];
}

interface Directory {
  /** '' for the root. */
  readonly path: string;
  readonly scope: IgnoreScope;
}

/** Throws PATH_INVALID when the root itself cannot be read. */
export function walkTree(options: WalkOptions): Walk {
  return new TreeWalk(options).run();
}

class TreeWalk {
  readonly #options: WalkOptions;
  readonly #rules = new IgnoreRules();
  readonly #exclude: ReadonlySet<string>;
  readonly #entries: FileEntry[] = [];
  readonly #leftOut = new Map<LeftOutReason, { count: number; examples: string[] }>();
  #directories = 0;

  constructor(options: WalkOptions) {
    this.#options = options;
    this.#exclude = new Set(options.exclude);
  }

  run(): Walk {
    // an explicit stack: depth is the tree's choice, not ours
    const open: Directory[] = [{ path: '', scope: undefined }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (++this.#directories > MAX_DIRECTORIES || this.#full()) {
        this.#skip('limit', next.path);
        break;
      }
      // reversed, so that the stack gives them in order
      open.push(...this.#directory(next).toReversed());
      this.#options.onDirectory?.(this.#entries.length);
    }
    const refused = this.#rules.refusedPatterns;
    if (refused > 0) this.#leftOut.set('pattern', { count: refused, examples: [] });
    const entries = this.#entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    return { entries, leftOut: this.#sortedLeftOut() };
  }

  #directory({ path, scope: outer }: Directory): Directory[] {
    const names = this.#names(path);
    const scope = names.some((each) => each.name === '.gitignore' && each.isFile())
      ? this.#enter(path, outer)
      : outer;
    const below: Directory[] = [];
    for (const dirent of names) {
      const child = path === '' ? dirent.name : `${path}/${dirent.name}`;
      if (dirent.name === '.git' || this.#exclude.has(child)) continue;
      const isDirectory = dirent.isDirectory();
      const verdict = this.#rules.check(child, isDirectory ? 'directory' : 'file', scope);
      if (verdict.ignored) this.#skip('ignored', child);
      else if (isDirectory) below.push({ path: child, scope: verdict.below });
      else if (dirent.isSymbolicLink()) this.#skip('link', child);
      else if (dirent.isFile()) this.#file(child);
      else this.#skip('not_regular', child);
    }
    return below;
  }

  #file(path: string): void {
    if (this.#full()) return this.#skip('limit', path);
    const fact = fileFact(this.#absolute(path), this.#options.maxBytesFor(path));
    switch (fact.kind) {
      case 'text':
        this.#entries.push({ path, bytes: fact.bytes });
        return;
      case 'binary':
      case 'too_large':
        this.#entries.push({ path, bytes: fact.bytes, skipped: fact.kind });
        this.#skip(fact.kind, path);
        return;
      case 'not_regular':
      case 'unreadable':
        this.#skip(fact.kind, path);
        return;
      default:
        fact satisfies never;
    }
  }

  #enter(path: string, outer: IgnoreScope): IgnoreScope {
    const file = path === '' ? '.gitignore' : `${path}/.gitignore`;
    const read = readText(this.#absolute(file), MAX_IGNORE_FILE_BYTES);
    return read.kind === 'text' ? this.#rules.enter(path, read.text, outer) : outer;
  }

  /** Sorted by name; an unreadable directory is empty. */
  #names(path: string): Dirent[] {
    const names: Dirent[] = [];
    try {
      const directory = opendirSync(this.#absolute(path), { bufferSize: 512 });
      try {
        for (let each = directory.readSync(); each !== null; each = directory.readSync()) {
          if (names.length === MAX_NAMES_PER_DIRECTORY) {
            this.#skip('limit', path);
            break;
          }
          names.push(each);
        }
      } finally {
        directory.closeSync();
      }
    } catch (cause) {
      if (path === '') {
        throw hiveError('PATH_INVALID', {
          message: `${this.#options.root} cannot be read (${codeOf(cause)})`,
          cause,
        });
      }
      this.#skip('unreadable', path);
    }
    return names.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #absolute(path: string): string {
    return path === '' ? this.#options.root : `${this.#options.root}/${path}`;
  }

  #full(): boolean {
    return this.#entries.length >= (this.#options.maxFiles ?? MAX_FILES);
  }

  #skip(reason: LeftOutReason, path: string): void {
    const known = this.#leftOut.get(reason) ?? { count: 0, examples: [] };
    known.count++;
    if (known.examples.length < MAX_EXAMPLES) known.examples.push(path === '' ? '.' : path);
    this.#leftOut.set(reason, known);
  }

  #sortedLeftOut(): LeftOut[] {
    return leftOutReasons.flatMap((reason) => {
      const found = this.#leftOut.get(reason);
      return found === undefined ? [] : [{ reason, ...found }];
    });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
