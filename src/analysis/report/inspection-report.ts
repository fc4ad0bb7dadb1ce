/** The report as data; Markdown, JSON and SARIF are views of it. Holds no time, no machine, no user. */
import { FAILED } from '../define-analyser.ts';
import type { Analyser } from '../analyser.ts';
import type { Finding, Rule } from '../finding.ts';
import type { Inventory } from '../inventory/summarise.ts';
import type { Ranking } from './rank.ts';
import { rank } from './rank.ts';

export type InspectionReport = {
  readonly schema: 'hivewright.inspection/1';
  /** What the reader calls the repository; never an absolute path. */
  readonly name: string;
  readonly toolVersion: string;
  readonly inventory: Inventory;
  readonly ranking: Ranking;
  readonly rules: readonly Rule[];
  readonly analysers: readonly {
    readonly name: string;
    readonly version: string;
    readonly description: string;
  }[];
};

export type ReportInput = {
  readonly name: string;
  readonly toolVersion: string;
  readonly inventory: Inventory;
  readonly findings: readonly Finding[];
  readonly omitted?: readonly (readonly [string, number])[];
  /** The analysers that ran. */
  readonly analysers: readonly Analyser[];
};

export const buildReport = (input: ReportInput): InspectionReport => ({
  schema: 'hivewright.inspection/1',
  name: input.name,
  toolVersion: input.toolVersion,
  inventory: input.inventory,
  ranking: rank({
    findings: input.findings,
    omitted: input.omitted ?? [],
    areas: input.analysers.map(({ name }) => name),
    files: input.inventory.files,
  }),
  rules: [...input.analysers.flatMap(({ rules }) => rules), FAILED],
  analysers: input.analysers.map(({ name, version, description }) => ({
    name,
    version,
    description,
  })),
});
