/**
 * Joins what all agents found. Owns the order (none of it depends on who finished first), the cap per
 * rule over the whole repository, and saying what is missing.
 */
import type { Finding } from '../../analysis/index.ts';
import { analyserNamed, shardParts } from './analyse.ts';
import type { ShardParts } from './analyse.ts';
import { nodeNames } from './inspect-graph.ts';
import { assignments } from './roster.ts';
import type { Assignment } from './roster.ts';
import type { LeftOut, LeftOutReason } from './tree/walk-tree.ts';
import { wholePart } from './work/make-part.ts';
import { readPart } from './work/part-file.ts';
import type { Part } from './work/part-file.ts';

/** Per rule: a work list longer than this is a statement, and it keeps hostile trees out of the heap. */
const MAX_FINDINGS_PER_RULE = 1_000;
const MAX_UNREAD_NAMED = 20;
const INVENTORY = 'inventory';

export interface Collected {
  readonly findings: readonly Finding[];
  /** Counted but not listed: [rule, how many], by rule. */
  readonly omitted: readonly (readonly [string, number])[];
  /** What the inventory analyser's shards kept, for its summary. */
  readonly inventoryFacts: readonly unknown[];
  readonly gaps: readonly Gap[];
}

/** What could not be looked at, as a sentence. */
export interface Gap {
  /** The area that it belongs to. */
  readonly analyser: string;
  readonly message: string;
}

type Sources = Omit<ShardParts, 'analyser'>;

export function collectFindings(sources: Sources): Collected {
  const findings: Finding[] = [];
  const omitted = new Map<string, number>();
  const counts = new Map<string, number>();
  const gaps: Gap[] = treeGaps(sources.list.leftOut);
  const unread = new Set<string>();
  let inventoryFacts: readonly unknown[] = [];
  const leaveOut = (rule: string, count: number): void => {
    omitted.set(rule, (omitted.get(rule) ?? 0) + count);
  };
  for (const assignment of assignments) {
    const { parts, facts, gap } = partsOf(assignment, sources);
    if (gap !== undefined) gaps.push({ analyser: assignment.analyser, message: gap });
    if (assignment.analyser === INVENTORY) inventoryFacts = facts;
    for (const part of parts) {
      for (const path of part.unread) unread.add(path);
      for (const [rule, count] of part.omitted) leaveOut(rule, count);
      for (const each of part.findings) {
        const count = (counts.get(each.rule) ?? 0) + 1;
        counts.set(each.rule, count);
        if (count <= MAX_FINDINGS_PER_RULE) findings.push(each);
        else leaveOut(each.rule, 1);
      }
    }
  }
  if (unread.size > 0) gaps.push(unreadGap([...unread].toSorted()));
  const sorted = [...omitted].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { findings, omitted: sorted, inventoryFacts, gaps };
}

interface Parts {
  readonly parts: readonly Part[];
  readonly facts: readonly unknown[];
  readonly gap?: string;
}

function partsOf({ analyser: name, title, finishes }: Assignment, sources: Sources): Parts {
  const analyser = analyserNamed(name);
  const { list, workDirectory, from } = sources;
  const all = shardParts({ ...sources, analyser });
  const shards = all.filter((each) => each !== undefined);
  const facts = shards.map((each) => each.facts);
  const failed = all.length - shards.length;
  if (failed > 0) {
    const gap = `${title}: ${failed} of ${all.length} shards failed; their files were not looked at.`;
    return { parts: shards, facts, gap };
  }
  if (!finishes) return { parts: shards, facts };
  if ((from[nodeNames.whole(name)] ?? null) === null) {
    return { parts: shards, facts, gap: `${title}: the pass over the whole repository failed.` };
  }
  const whole =
    readPart({ workDirectory, analyser: name, part: 'whole' }, list.digest) ??
    wholePart(analyser, list, shards);
  return { parts: [...shards, whole], facts };
}

function unreadGap(paths: readonly string[]): Gap {
  const named = paths.slice(0, MAX_UNREAD_NAMED).map((each) => JSON.stringify(each));
  const more = paths.length - named.length;
  const rest = more > 0 ? ` and ${more} more` : '';
  const message = `Changed or vanished while being read: ${named.join(', ')}${rest}.`;
  return { analyser: INVENTORY, message };
}

/** Ignored files, links and special files are left out on purpose; these are not. */
const TREE_GAPS: Readonly<Partial<Record<LeftOutReason, string>>> = {
  unreadable: 'Could not be read',
  limit: 'Over the limits of the survey; what lies beyond was not looked at',
  pattern: 'Patterns of .gitignore that were too costly to obey',
};

function treeGaps(leftOut: readonly LeftOut[]): Gap[] {
  return leftOut.flatMap(({ reason, count, examples }) => {
    const text = TREE_GAPS[reason];
    if (text === undefined) return [];
    const named = examples.map((each) => JSON.stringify(each)).join(', ');
    const message = `${text}: ${count}${named === '' ? '' : ` (${named}${count > examples.length ? ', …' : ''})`}.`;
    return [{ analyser: INVENTORY, message }];
  });
}
