/** For tests of this and other rooms: one analyser over a few files in memory. */
import type { Analyser } from './analyser.ts';
import type { Finding } from './finding.ts';
import { repositoryFacts } from './repository-facts.ts';

/** [path, text] pairs, all in one shard unless `shardSize` says otherwise. */
export const analyse = (
  analyser: Analyser,
  files: readonly (readonly [string, string])[],
  shardSize = 200,
): Finding[] => {
  const sources = files.map(([path, text]) => ({ path, text, bytes: text.length }));
  const shared = repositoryFacts(sources);
  const wanted = sources.filter(({ path }) => analyser.wants(path));
  const findings: Finding[] = [];
  const facts: unknown[] = [];
  for (let at = 0; at < wanted.length; at += shardSize) {
    const result = analyser.shard(wanted.slice(at, at + shardSize), shared);
    findings.push(...result.findings);
    facts.push(JSON.parse(JSON.stringify(result.facts)) as unknown);
  }
  return [...findings, ...(analyser.finish?.(facts, shared) ?? [])];
};

/** `rule path:line`, the part of the rule after the slash. */
export const told = (findings: readonly Finding[]): string[] =>
  findings.map(({ rule, path, line }) => `${rule.slice(rule.indexOf('/') + 1)} ${path}:${line}`);
