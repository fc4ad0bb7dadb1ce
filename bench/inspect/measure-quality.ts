/** Recall and false alarms over the fixture, per analyser, with the cases that went wrong by name. */
import type { Finding, SourceFile } from '../../src/analysis/index.ts';
import { analysers } from '../../src/analysis/index.ts';
import { fixtureCases } from './cases/all.ts';
import type { FixtureCase } from './fixture-case.ts';
import { SKELETON } from './fixture-case.ts';
import { inspectFiles } from './inspect-files.ts';

export type QualityRow = {
  readonly analyser: string;
  readonly planted: number;
  readonly found: number;
  readonly clean: number;
  /** Clean cases in which any analyser reported anything. */
  readonly falseAlarms: number;
};

export type Quality = {
  readonly rows: readonly QualityRow[];
  readonly total: QualityRow;
  readonly recall: number;
  readonly falseAlarmRate: number;
  /** Findings in planted cases that were not the planted one: `case: rule path`. */
  readonly extras: readonly string[];
  readonly misses: readonly string[];
  readonly alarms: readonly string[];
};

const SHARD_SIZE = 200;

export const measureQuality = async (): Promise<Quality> => {
  const results: { each: FixtureCase; findings: readonly Finding[] }[] = [];
  for (const each of fixtureCases) results.push({ each, findings: await findingsOf(each) });
  const label = ({ area, name }: FixtureCase): string => `${area}: ${name}`;
  const misses: string[] = [];
  const alarms: string[] = [];
  const extras: string[] = [];
  for (const { each, findings } of results) {
    const { expected } = each;
    const isExpected = (finding: (typeof findings)[number]): boolean =>
      expected !== undefined && finding.rule === expected.rule && finding.path === expected.path;
    const others = findings.filter((finding) => !isExpected(finding));
    const told = others.map(({ rule, path }) => `${label(each)}: ${rule} ${path}`);
    if (expected === undefined) alarms.push(...told.slice(0, 1));
    else {
      extras.push(...told);
      if (!findings.some(isExpected)) misses.push(label(each));
    }
  }
  const rows = analysers.map(({ name }) => {
    const ours = fixtureCases.filter(({ area }) => area === name);
    const planted = ours.filter(({ expected }) => expected !== undefined).length;
    const missed = misses.filter((each) => each.startsWith(`${name}: `)).length;
    const falseAlarms = alarms.filter((each) => each.startsWith(`${name}: `)).length;
    return {
      analyser: name,
      planted,
      found: planted - missed,
      clean: ours.length - planted,
      falseAlarms,
    };
  });
  const sum = (key: 'planted' | 'found' | 'clean' | 'falseAlarms'): number =>
    rows.reduce((total, row) => total + row[key], 0);
  const total = {
    analyser: 'all',
    planted: sum('planted'),
    found: sum('found'),
    clean: sum('clean'),
    falseAlarms: sum('falseAlarms'),
  };
  return {
    rows,
    total,
    recall: total.found / total.planted,
    falseAlarmRate: total.falseAlarms / total.clean,
    extras,
    misses,
    alarms,
  };
};

export const filesOf = ({ files }: FixtureCase): SourceFile[] => {
  const all = new Map([...SKELETON, ...files]);
  return [...all].flatMap(([path, text]) =>
    text === undefined ? [] : [{ path, text, bytes: Buffer.byteLength(text) }],
  );
};

const findingsOf = async (each: FixtureCase): Promise<readonly Finding[]> =>
  (await inspectFiles(filesOf(each), { shardSize: SHARD_SIZE })).findings;
