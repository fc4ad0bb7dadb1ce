/**
 * The one shape of an analyser: a map over shards of files, then an optional reduce over what the shards
 * kept (their facts) for questions that need the whole repository.
 */
import type { Finding, Rule } from './finding.ts';
import type { RepositoryFacts } from './repository-facts.ts';

export type SourceFile = {
  /** Posix, relative to the inspected root. */
  readonly path: string;
  readonly text: string;
  readonly bytes: number;
};

export type ShardResult = {
  readonly findings: readonly Finding[];
  /** Findings beyond the cap per rule and shard: [rule, how many]. */
  readonly omitted: readonly (readonly [string, number])[];
  /** JSON-serialisable, under 1 MiB; only this analyser's `finish` understands it. */
  readonly facts: unknown;
};

export type Analyser = {
  readonly name: string;
  /** Rises when findings for the same input may change; part of a task's identity. */
  readonly version: string;
  readonly description: string;
  readonly rules: readonly Rule[];
  /** Which files are worth reading for this analyser; decided by path alone. */
  readonly wants: (path: string) => boolean;
  /** Looks at up to 200 files. Never throws: a file that defeats it becomes an `analysis/failed` note. */
  readonly shard: (files: readonly SourceFile[], shared: RepositoryFacts) => ShardResult;
  /** Joins the facts of all shards, in any order, into findings about the whole. Never throws. */
  readonly finish?: (shardFacts: readonly unknown[], shared: RepositoryFacts) => Finding[];
};
