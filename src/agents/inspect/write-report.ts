/** The report-writer's work: join, rank, write three views of one report. Same input, same bytes. */
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import type { z } from 'zod';
import {
  analysers,
  buildReport,
  summariseInventory,
  toJson,
  toMarkdown,
  toSarif,
} from '../../analysis/index.ts';
import type { Finding } from '../../analysis/index.ts';
import { surveyOf } from './analyse.ts';
import { collectFindings } from './collect-findings.ts';
import type { Gap } from './collect-findings.ts';
import type { reportInput, reportResult } from './inspect-schemas.ts';
import { reportFiles } from './report-files.ts';
import { readFileList } from './work/file-list.ts';
import { writeAtomic } from './work/write-atomic.ts';

export function writeReport({
  input,
  from,
}: z.infer<typeof reportInput>): z.infer<typeof reportResult> {
  const { root, workDirectory, reportDirectory, toolVersion } = input;
  const survey = surveyOf(from);
  const list = readFileList(workDirectory, survey.list);
  const collected = collectFindings({ root, workDirectory, list, survey, from });
  const report = buildReport({
    name: basename(root),
    toolVersion,
    inventory: summariseInventory(collected.inventoryFacts, list.facts),
    findings: [...collected.gaps.map(gapFinding), ...collected.findings],
    omitted: collected.omitted,
    analysers,
  });
  const paths = {
    markdown: join(reportDirectory, reportFiles.markdown),
    json: join(reportDirectory, reportFiles.json),
    sarif: join(reportDirectory, reportFiles.sarif),
  };
  const durability = 'power-safe';
  writeAtomic(paths.json, toJson(report), { durability });
  writeAtomic(paths.sarif, toSarif(report), { durability });
  // last: whoever sees report.md sees all three
  writeAtomic(paths.markdown, toMarkdown(report), { durability });
  return {
    report: paths.markdown,
    files: paths,
    findings: report.ranking.findings.length,
    bySeverity: countBySeverity(report.ranking.findings),
    gaps: collected.gaps.map((each) => each.message),
  };
}

/** A gap stands among the findings, so that no view of the report can leave it out. */
function gapFinding({ analyser, message }: Gap): Finding {
  return {
    rule: 'analysis/failed',
    analyser,
    severity: 'note',
    confidence: 1,
    path: '.',
    line: 0,
    message,
    why: 'Defects in what was not looked at stay unseen.',
    fix: 'Mend the cause and inspect again.',
    fingerprint: createHash('sha256').update(message).digest('hex').slice(0, 24),
  };
}

function countBySeverity(findings: readonly Finding[]): Record<string, number> {
  const counts: Record<string, number> = { error: 0, warning: 0, note: 0 };
  for (const { severity } of findings) counts[severity] = (counts[severity] ?? 0) + 1;
  return counts;
}
