/**
 * From a heap of findings to what to read first. Deterministic: the same findings in any order give the
 * same ranking. A rule with a thousand findings takes one place, not a thousand.
 */
import type { Finding, Severity } from '../finding.ts';

export type RuleGroup = {
  readonly rule: string;
  readonly analyser: string;
  readonly severity: Severity;
  readonly total: number;
  readonly files: number;
  /** The strongest, at most 20. */
  readonly shown: readonly Finding[];
  /** `total` minus what is shown. */
  readonly more: number;
};

export type AreaScore = {
  readonly analyser: string;
  /** 0 to 100; 100 means that nothing was found. Relative to the size of the repository. */
  readonly score: number;
  readonly errors: number;
  readonly warnings: number;
  readonly notes: number;
};

export type Ranking = {
  /** All findings, strongest rule first, then path and line; duplicates removed, fingerprints unique. */
  readonly findings: readonly Finding[];
  readonly groups: readonly RuleGroup[];
  readonly areas: readonly AreaScore[];
  readonly top: readonly Finding[];
};

export type RankInput = {
  readonly findings: readonly Finding[];
  /** [rule, how many] that shards left out. */
  readonly omitted?: readonly (readonly [string, number])[];
  readonly areas: readonly string[];
  readonly files: number;
};

const SHOWN_PER_RULE = 20;
const TOP = 15;
/** Two of a kind make the point. */
const TOP_PER_RULE = 2;
const WEIGHT: Readonly<Record<Severity, number>> = { error: 10, warning: 4, note: 1 };

export const rank = ({ findings, omitted = [], areas, files }: RankInput): Ranking => {
  const unique = withUniqueFingerprints(findings.toSorted(byPlace));
  const more = new Map<string, number>();
  for (const [rule, count] of omitted) more.set(rule, (more.get(rule) ?? 0) + count);
  const groups = groupByRule(unique, more).toSorted(byUrgency);
  return {
    groups,
    findings: groups.flatMap(({ rule }) => unique.filter((each) => each.rule === rule)),
    areas: areas.map((area) => scoreArea(area, unique, { more, files })),
    top: groups.flatMap(({ shown }) => shown.slice(0, TOP_PER_RULE)).slice(0, TOP),
  };
};

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);

const byPlace = (a: Finding, b: Finding): number =>
  compare(a.path, b.path) ||
  compare(a.line, b.line) ||
  compare(a.rule, b.rule) ||
  compare(a.column ?? 0, b.column ?? 0) ||
  compare(a.message, b.message);

/** The same place twice is dropped; the same content at two places gets a counter. */
const withUniqueFingerprints = (sorted: readonly Finding[]): Finding[] => {
  const places = new Set<string>();
  const counts = new Map<string, number>();
  return sorted.flatMap((each) => {
    const place = `${each.fingerprint}:${each.line}:${each.column ?? 0}`;
    if (places.has(place)) return [];
    places.add(place);
    const count = (counts.get(each.fingerprint) ?? 0) + 1;
    counts.set(each.fingerprint, count);
    return count === 1 ? [each] : [{ ...each, fingerprint: `${each.fingerprint}-${count}` }];
  });
};

const weightOf = ({ severity, confidence }: Finding): number => WEIGHT[severity] * confidence;

const groupByRule = (
  findings: readonly Finding[],
  more: ReadonlyMap<string, number>,
): RuleGroup[] => {
  const byRule = new Map<string, Finding[]>();
  for (const each of findings) {
    const list = byRule.get(each.rule);
    if (list === undefined) byRule.set(each.rule, [each]);
    else list.push(each);
  }
  return [...byRule].map(([rule, list]) => {
    const strongest = list.toSorted((a, b) => weightOf(b) - weightOf(a) || byPlace(a, b));
    const shown = strongest.slice(0, SHOWN_PER_RULE);
    const total = list.length + (more.get(rule) ?? 0);
    const [first] = strongest;
    return {
      rule,
      analyser: first?.analyser ?? '',
      severity: first?.severity ?? 'note',
      total,
      files: new Set(list.map(({ path }) => path)).size,
      shown,
      more: total - shown.length,
    };
  });
};

/** Severity decides; confidence and spread order what is equally severe. */
const byUrgency = (a: RuleGroup, b: RuleGroup): number =>
  WEIGHT[b.severity] - WEIGHT[a.severity] || pressure(b) - pressure(a) || compare(a.rule, b.rule);

const pressure = ({ shown, files }: RuleGroup): number =>
  (shown[0]?.confidence ?? 0) * (1 + Math.log2(1 + files) / 10);

type Scale = { readonly more: ReadonlyMap<string, number>; readonly files: number };

/** A rule counts with the logarithm of its findings: the tenth of a kind says little new. */
const scoreArea = (
  analyser: string,
  findings: readonly Finding[],
  { more, files }: Scale,
): AreaScore => {
  const ours = findings.filter((each) => each.analyser === analyser);
  const count = (severity: Severity): number =>
    ours.filter((each) => each.severity === severity).length;
  const byRule = new Map<string, { weight: number; count: number }>();
  for (const each of ours) {
    const known = byRule.get(each.rule) ?? { weight: 0, count: more.get(each.rule) ?? 0 };
    byRule.set(each.rule, {
      weight: Math.max(known.weight, weightOf(each)),
      count: known.count + 1,
    });
  }
  const penalty = [...byRule.values()].reduce(
    (sum, each) => sum + each.weight * Math.log2(1 + each.count),
    0,
  );
  const tolerance = 10 + Math.log2(1 + files) * 3;
  return {
    analyser,
    score: Math.round(100 / (1 + penalty / tolerance)),
    errors: count('error'),
    warnings: count('warning'),
    notes: count('note'),
  };
};
