/** What `inspect` and `main` share: start or resume the inspection, follow it, find its report. */
import { hiveError } from '../../contract/index.ts';
import type { Json, RunView } from '../../contract/index.ts';

export interface ReportSummary {
  /** Of the Markdown file. */
  report: string;
  files: { markdown: string; json: string; sarif: string };
  findings: number;
  bySeverity: Readonly<Record<string, number>>;
  gaps: readonly string[];
}

/** The report of a completed inspection, out of the run's output. Throws RUN_FAILED when there is none. */
export function reportOf({ id, output }: RunView): ReportSummary {
  const fields = recordOf(output);
  const files = recordOf(fields['files'] ?? null);
  const { report, findings } = fields;
  const { markdown, json, sarif } = files;
  const isWhole =
    typeof report === 'string' &&
    typeof markdown === 'string' &&
    typeof json === 'string' &&
    typeof sarif === 'string';
  if (!isWhole) {
    throw hiveError('RUN_FAILED', { message: `${id} completed without a report` });
  }
  const bySeverity = Object.entries(recordOf(fields['bySeverity'] ?? null)).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  const { gaps } = fields;
  return {
    report,
    files: { markdown, json, sarif },
    findings: typeof findings === 'number' ? findings : 0,
    bySeverity: Object.fromEntries(bySeverity),
    gaps: Array.isArray(gaps) ? gaps.filter((each) => typeof each === 'string') : [],
  };
}

const recordOf = (value: Json): { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: Json })
    : {};

/** '12 findings: 1 error, 5 warning, 6 note' */
export function findingsLine({ findings, bySeverity }: ReportSummary): string {
  const parts = Object.entries(bySeverity).map(([severity, count]) => `${count} ${severity}`);
  const list = parts.length === 0 ? '' : `: ${parts.join(', ')}`;
  return `${findings} ${findings === 1 ? 'finding' : 'findings'}${list}`;
}

/** Why a run did not complete, as an error for the user. */
export function runEndError({ id, state, error, failures }: RunView): Error {
  const first = failures[0];
  // RUN_FAILED of a run says only which node it was; the task says why.
  const why =
    error === null || error.code === 'RUN_FAILED'
      ? (first?.error?.message ?? error?.message)
      : error.message;
  const where = first === undefined ? '' : ` in ${first.name}`;
  return hiveError('RUN_FAILED', {
    message: `${id} ${state === 'failed' ? 'failed' : `is ${state}`}${why === undefined ? '' : `${where}: ${why}`}`,
    details: { fix: [`hive run show ${id}`] },
  });
}
