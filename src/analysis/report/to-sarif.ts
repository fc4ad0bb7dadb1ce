/** SARIF 2.1.0 for code scanning services: one run, every rule described, locations relative. */
import type { Finding, Rule } from '../finding.ts';
import type { InspectionReport } from './inspection-report.ts';

const SCHEMA =
  'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

export const toSarif = ({ toolVersion, rules, ranking }: InspectionReport): string => {
  const indexes = new Map(rules.map(({ id }, index) => [id, index]));
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Hivewright',
            semanticVersion: toolVersion,
            rules: rules.map(descriptor),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: ranking.findings.map((each) => result(each, indexes.get(each.rule) ?? -1)),
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
};

const descriptor = ({ id, severity, confidence, title, why, fix }: Rule) => ({
  id,
  name: id
    .split(/[/-]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(''),
  shortDescription: { text: title },
  fullDescription: { text: why },
  help: { text: fix },
  defaultConfiguration: { level: severity },
  properties: {
    precision: confidence >= 0.85 ? 'very-high' : confidence >= 0.7 ? 'high' : 'medium',
  },
});

const result = (each: Finding, ruleIndex: number) => ({
  ruleId: each.rule,
  ruleIndex,
  level: each.severity,
  message: { text: each.message },
  locations: [
    {
      physicalLocation: {
        artifactLocation: { uri: uriOf(each.path) },
        ...(each.line > 0 ? { region: region(each) } : {}),
      },
    },
  ],
  partialFingerprints: { 'hivewright/v1': each.fingerprint },
  properties: { confidence: each.confidence },
});

const region = ({ line, column, endLine }: Finding) => ({
  startLine: line,
  ...(column === undefined || column < 1 ? {} : { startColumn: column }),
  ...(endLine === undefined || endLine < line ? {} : { endLine }),
});

/** A relative reference: every segment encoded, so that no colon reads as a scheme. */
const uriOf = (path: string): string =>
  path
    .toWellFormed()
    .split('/')
    .map((segment) => encodeURIComponent(segment))
    .join('/');
