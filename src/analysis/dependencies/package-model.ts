/** What every ecosystem's files are read into, so that the rules are written once. */

export type Ecosystem = 'npm' | 'cargo' | 'go' | 'python' | 'ruby' | 'composer' | 'maven';

/** A wish in a manifest. */
export type Wish = {
  readonly name: string;
  /** As written: `^1.2.0`, `*`, `git+https://…`. */
  readonly spec: string;
  readonly line: number;
  readonly development: boolean;
};

export type Manifest = {
  readonly kind: 'manifest';
  readonly ecosystem: Ecosystem;
  readonly name: string;
  readonly wishes: readonly Wish[];
  /** Something to install, not something to be installed: its lock file is part of the program. */
  readonly application: boolean;
  /** Where a package registry is reached by plain http. */
  readonly insecureLines: readonly number[];
};

/** A fact in a lock file. */
export type LockedPackage = {
  readonly name: string;
  readonly version: string;
  readonly licence?: string;
  /** Where it was fetched from, when the lock file says so. */
  readonly source?: string;
  readonly development?: boolean;
};

export type Lock = {
  readonly kind: 'lock';
  readonly ecosystem: Ecosystem;
  readonly packages: readonly LockedPackage[];
  /** Wishes of the root manifest as the lock file remembers them; undefined when it does not. */
  readonly remembered?: ReadonlyMap<string, string>;
  /** Licences are part of this lock format and were recorded. */
  readonly licences: boolean;
};

/** A damaged file; `line` 0 when unknown. */
export type Damaged = { readonly kind: 'damaged'; readonly message: string };

export type PackageFile = Manifest | Lock | Damaged;

/** Reads one file; undefined when there is nothing to say about it. */
export type PackageReader = (path: string, text: string) => PackageFile | undefined;
