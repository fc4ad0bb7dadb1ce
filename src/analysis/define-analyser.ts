/**
 * Builds an analyser from a function per file. Owns the guard around it: one hostile file costs one note,
 * one noisy rule costs at most its cap, and the facts of a shard stay below the size of a task result.
 */
import type { Analyser, ShardResult, SourceFile } from './analyser.ts';
import type { Finding, Rule } from './finding.ts';
import { finding } from './finding.ts';
import type { RepositoryFacts } from './repository-facts.ts';

export type Inspection<Fact> = { readonly findings: readonly Finding[]; readonly fact?: Fact };

export type AnalyserDefinition<Fact> = {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly rules: readonly Rule[];
  readonly wants: (path: string) => boolean;
  readonly inspect: (file: SourceFile, shared: RepositoryFacts) => Inspection<Fact>;
  /** `complete` is false when some file's facts did not fit: absence then proves nothing. */
  readonly finish?: (
    facts: readonly Fact[],
    shared: RepositoryFacts,
    complete: boolean,
  ) => Finding[];
};

type StoredFacts<Fact> = { files: Fact[]; dropped: number };

/** A task result holds 1 MiB; the rest is for findings. */
const MAX_FACT_CHARS = 500_000;
/** More than this of one rule in 200 files is a statement about the repository, not a work list. */
const MAX_FINDINGS_PER_RULE = 60;

export const FAILED: Rule = {
  id: 'analysis/failed',
  severity: 'note',
  confidence: 1,
  title: 'A file could not be analysed',
  why: 'Defects in this file stay unseen.',
  fix: 'Check whether the file is damaged or unusual; otherwise report it as a bug of the analyser.',
};

export const defineAnalyser = <Fact>(definition: AnalyserDefinition<Fact>): Analyser => {
  const { finish, inspect, ...description } = definition;
  const shard = (files: readonly SourceFile[], shared: RepositoryFacts): ShardResult => {
    const findings: Finding[] = [];
    const facts: StoredFacts<Fact> = { files: [], dropped: 0 };
    let factChars = 0;
    for (const file of files) {
      const { findings: found, fact } = guarded(definition.name, file.path, () =>
        inspect(file, shared),
      );
      findings.push(...found);
      if (fact === undefined) continue;
      factChars += JSON.stringify(fact).length;
      if (factChars <= MAX_FACT_CHARS) facts.files.push(fact);
      else facts.dropped += 1;
    }
    return { ...capPerRule(findings), facts };
  };
  if (finish === undefined) return { ...description, shard };
  return {
    ...description,
    shard,
    finish: (shardFacts, shared) => {
      const stored = shardFacts as readonly StoredFacts<Fact>[];
      const all = stored.flatMap((each) => each.files);
      const complete = stored.every((each) => each.dropped === 0);
      const { findings } = guarded<Fact>(definition.name, '.', () => ({
        findings: finish(all, shared, complete),
      }));
      return [...findings];
    },
  };
};

const guarded = <Fact>(
  analyser: string,
  path: string,
  work: () => Inspection<Fact>,
): Inspection<Fact> => {
  try {
    return work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `The ${analyser} analyser failed here: ${reason}`;
    return {
      findings: [{ ...finding(FAILED, { path, line: 0, message, key: analyser }), analyser }],
    };
  }
};

const capPerRule = (
  findings: readonly Finding[],
): { findings: Finding[]; omitted: (readonly [string, number])[] } => {
  const counts = new Map<string, number>();
  const kept = findings.filter(({ rule }) => {
    const count = (counts.get(rule) ?? 0) + 1;
    counts.set(rule, count);
    return count <= MAX_FINDINGS_PER_RULE;
  });
  const omitted = [...counts]
    .filter(([, count]) => count > MAX_FINDINGS_PER_RULE)
    .map(([rule, count]) => [rule, count - MAX_FINDINGS_PER_RULE] as const);
  return { findings: kept, omitted };
};
