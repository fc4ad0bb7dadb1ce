/** The inventory of a repository, joined from what the shards counted. */
import type { RepositoryFacts } from '../repository-facts.ts';

export type InventoryFact = {
  readonly path: string;
  readonly language: string;
  readonly isCode: boolean;
  readonly kind: 'own' | 'test' | 'generated' | 'vendored';
  readonly code: number;
  readonly comment: number;
  readonly blank: number;
};

export type LanguageRow = {
  readonly language: string;
  readonly files: number;
  readonly code: number;
  readonly comment: number;
  readonly blank: number;
};

export type Inventory = {
  readonly files: number;
  readonly bytes: number;
  readonly skippedBinary: number;
  readonly skippedLarge: number;
  readonly ownCode: number;
  readonly testCode: number;
  readonly generatedFiles: number;
  readonly vendoredFiles: number;
  /** Own and test code, most lines first. */
  readonly languages: readonly LanguageRow[];
  readonly largest: readonly { readonly path: string; readonly bytes: number }[];
};

const LARGEST_SHOWN = 10;

/** `shardFacts` as the inventory analyser's shards returned them, in any order. */
export const summariseInventory = (
  shardFacts: readonly unknown[],
  shared: RepositoryFacts,
): Inventory => {
  const facts = (shardFacts as readonly { readonly files: readonly InventoryFact[] }[]).flatMap(
    ({ files }) => files,
  );
  const own = facts.filter(({ kind }) => kind === 'own' || kind === 'test');
  const codeOf = (kind: InventoryFact['kind']): number =>
    facts.reduce((sum, each) => sum + (each.kind === kind && each.isCode ? each.code : 0), 0);
  const { entries } = shared;
  return {
    files: entries.length,
    bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0),
    skippedBinary: entries.filter(({ skipped }) => skipped === 'binary').length,
    skippedLarge: entries.filter(({ skipped }) => skipped === 'too_large').length,
    ownCode: codeOf('own'),
    testCode: codeOf('test'),
    generatedFiles: facts.filter(({ kind }) => kind === 'generated').length,
    vendoredFiles: facts.filter(({ kind }) => kind === 'vendored').length,
    languages: rows(own),
    largest: entries
      .toSorted((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1))
      .slice(0, LARGEST_SHOWN)
      .map(({ path, bytes }) => ({ path, bytes })),
  };
};

const rows = (facts: readonly InventoryFact[]): LanguageRow[] => {
  const table = new Map<string, LanguageRow>();
  for (const { language, code, comment, blank } of facts) {
    const row = table.get(language) ?? { language, files: 0, code: 0, comment: 0, blank: 0 };
    table.set(language, {
      language,
      files: row.files + 1,
      code: row.code + code,
      comment: row.comment + comment,
      blank: row.blank + blank,
    });
  }
  return [...table.values()].sort((a, b) => b.code - a.code || (a.language < b.language ? -1 : 1));
};
