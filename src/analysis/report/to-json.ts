import type { InspectionReport } from './inspection-report.ts';

/** The whole report, all findings included, indented; ends with a newline. */
export const toJson = (report: InspectionReport): string => {
  const { ranking, ...rest } = report;
  const groups = ranking.groups.map(({ shown: _shown, more: _more, ...group }) => group);
  const document = {
    ...rest,
    areas: ranking.areas,
    groups,
    top: ranking.top.map(({ fingerprint }) => fingerprint),
    findings: ranking.findings,
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
};
