/** Runs every analyser over files in memory, shard by shard, as the thread pool does. */
import type { Analyser, FileEntry, Finding, SourceFile } from '../../src/analysis/index.ts';
import { analysers, repositoryFacts, summariseInventory } from '../../src/analysis/index.ts';
import type { Inventory } from '../../src/analysis/index.ts';

/** Finalisers of native memory run between turns of the loop; the thread pool has one per task. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export type InspectedFiles = {
  readonly findings: readonly Finding[];
  readonly omitted: readonly (readonly [string, number])[];
  readonly inventory: Inventory;
  /** Characters of the largest shard result as JSON. */
  readonly largestResult: number;
  readonly msByAnalyser: ReadonlyMap<string, number>;
};

export const inspectFiles = async (
  files: readonly SourceFile[],
  options: { readonly shardSize: number; readonly skipped?: readonly FileEntry[] },
): Promise<InspectedFiles> => {
  const entries = [
    ...files.map(({ path, bytes }) => ({ path, bytes })),
    ...(options.skipped ?? []),
  ];
  const shared = repositoryFacts(entries);
  const findings: Finding[] = [];
  const omitted: (readonly [string, number])[] = [];
  const msByAnalyser = new Map<string, number>();
  let largestResult = 0;
  let inventoryFacts: readonly unknown[] = [];
  for (const analyser of analysers) {
    const startMs = performance.now();
    const facts: unknown[] = [];
    for (const shard of shardsFor(analyser, files, options.shardSize)) {
      const json = JSON.stringify(analyser.shard(shard, shared));
      largestResult = Math.max(largestResult, json.length);
      const result = JSON.parse(json) as ReturnType<Analyser['shard']>;
      findings.push(...result.findings);
      omitted.push(...result.omitted);
      facts.push(result.facts);
      await turn();
    }
    findings.push(...(analyser.finish?.(facts, shared) ?? []));
    if (analyser.name === 'inventory') inventoryFacts = facts;
    msByAnalyser.set(analyser.name, performance.now() - startMs);
  }
  const inventory = summariseInventory(inventoryFacts, shared);
  return { findings, omitted, inventory, largestResult, msByAnalyser };
};

const shardsFor = (
  analyser: Analyser,
  files: readonly SourceFile[],
  size: number,
): SourceFile[][] => {
  const wanted = files.filter(({ path }) => analyser.wants(path));
  const shards: SourceFile[][] = [];
  for (let at = 0; at < wanted.length; at += size) shards.push(wanted.slice(at, at + size));
  return shards;
};
