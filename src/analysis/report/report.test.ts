import { expect, test } from 'vitest';
import { analysers } from '../analysers.ts';
import type { Finding } from '../finding.ts';
import { buildReport } from './inspection-report.ts';
import { rank } from './rank.ts';
import { toJson } from './to-json.ts';
import { toMarkdown } from './to-markdown.ts';
import { toSarif } from './to-sarif.ts';

const make = (each: Partial<Finding>): Finding => ({
  rule: 'secrets/service-token',
  analyser: 'secrets',
  severity: 'error',
  confidence: 0.9,
  path: 'a.ts',
  line: 1,
  message: 'm',
  why: 'w',
  fix: 'f',
  fingerprint: `${each.rule ?? ''}${each.path ?? ''}${each.message ?? ''}`,
  ...each,
});
const inventory = {
  files: 3,
  bytes: 9,
  skippedBinary: 0,
  skippedLarge: 0,
  ownCode: 3,
  testCode: 0,
  generatedFiles: 0,
  vendoredFiles: 0,
  languages: [],
  largest: [],
};
const report = (findings: readonly Finding[]) =>
  buildReport({ name: 'x', toolVersion: '1.2.3', inventory, findings, analysers });

const HOSTILE = 'a|b`c`\n# <script>alert(1)</script> [x](javascript:alert(1)) @all \u202e\u0000.md';
const many = [
  ...Array.from({ length: 30 }, (_, index) =>
    make({
      rule: 'complexity/many-paths',
      analyser: 'complexity',
      severity: 'note',
      path: `n${index}.ts`,
    }),
  ),
  make({ path: 'z.ts' }),
  make({
    rule: 'documentation/broken-link',
    analyser: 'documentation',
    severity: 'warning',
    path: HOSTILE,
    message: HOSTILE,
    line: 0,
  }),
];

test('the order of findings does not change any report', () => {
  const [one, other] = [report(many), report(many.toReversed())];
  expect(toJson(other)).toBe(toJson(one));
  expect(toMarkdown(other)).toBe(toMarkdown(one));
  expect(toSarif(other)).toBe(toSarif(one));
});

test('severity leads, a rule takes at most two places at the top, the rest is counted', () => {
  const { ranking } = report(many);
  expect(ranking.groups.map(({ rule, total, more }) => `${rule} ${total} ${more}`)).toEqual([
    'secrets/service-token 1 0',
    'documentation/broken-link 1 0',
    'complexity/many-paths 30 10',
  ]);
  expect(ranking.top).toHaveLength(4);
  expect(ranking.findings).toHaveLength(32);
});

test('omitted findings are part of the total; the same place is told once; fingerprints are unique', () => {
  const twice = [make({}), make({}), make({ line: 9 })];
  const ranking = rank({
    findings: twice,
    omitted: [['secrets/service-token', 5]],
    areas: ['secrets'],
    files: 1,
  });
  expect(ranking.groups[0]).toMatchObject({ total: 7, more: 5 });
  expect(new Set(ranking.findings.map(({ fingerprint }) => fingerprint)).size).toBe(2);
});

test('scores fall with weight and are 100 where nothing was found', () => {
  const scores = new Map(
    report(many).ranking.areas.map(({ analyser, score }) => [analyser, score]),
  );
  expect(scores.get('accessibility')).toBe(100);
  expect(scores.get('secrets') ?? 0).toBeLessThan(scores.get('documentation') ?? 0);
});

test('hostile names stay names in Markdown', () => {
  const text = toMarkdown(report(many));
  expect(text).not.toMatch(/[\p{Cc}\u202e](?<!\n)/u);
  const outsideCode = text.replace(/(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)/g, 'CODE');
  expect(outsideCode).not.toMatch(/(?<!\\)[<[](?:script|x\])/);
  expect(outsideCode).not.toMatch(/[^\\]`/);
  expect(outsideCode).not.toMatch(/^# (?!Inspection of x$)/m);
});

test('SARIF has what 2.1.0 asks for', () => {
  const sarif = JSON.parse(toSarif(report(many))) as {
    version: string;
    runs: {
      tool: { driver: { rules: { id: string }[] } };
      results: {
        ruleId: string;
        ruleIndex: number;
        level: string;
        locations: {
          physicalLocation: { artifactLocation: { uri: string }; region?: { startLine: number } };
        }[];
      }[];
    }[];
  };
  const [run] = sarif.runs;
  expect(sarif.version).toBe('2.1.0');
  const rules = run?.tool.driver.rules ?? [];
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  for (const { ruleId, ruleIndex, level, locations } of run?.results ?? []) {
    expect(rules[ruleIndex]?.id).toBe(ruleId);
    expect(['error', 'warning', 'note']).toContain(level);
    const { artifactLocation, region } = locations[0]?.physicalLocation ?? {
      artifactLocation: { uri: '/' },
    };
    expect(artifactLocation.uri).toMatch(/^[\w.%~!*'()-]+(?:\/[\w.%~!*'()-]+)*$/);
    expect(region?.startLine ?? 1).toBeGreaterThanOrEqual(1);
  }
});

test('every rule belongs to its analyser and is known to the report', () => {
  for (const { name, rules } of analysers) {
    expect(rules.length).toBeGreaterThan(0);
    for (const { id } of rules) expect(id).toMatch(new RegExp(`^${name}/[a-z-]+$`));
  }
});
