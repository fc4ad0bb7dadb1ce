/** `hive inspect <path>`: inspects a directory and ends when the report is written. */
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withHive } from '../hive-door.ts';
import { oneLine } from '../output/plain-text.ts';
import { note, wantsJson, writeJson, writeLines } from '../session.ts';
import type { Session } from '../session.ts';
import { watchRun } from '../watch-run.ts';
import { findingsLine, reportOf, runEndError } from './follow-inspection.ts';
import type { ReportSummary } from './follow-inspection.ts';

export interface InspectOptions {
  path: string;
  /** Copies the SARIF report to this file. */
  sarif?: string;
  /** Copies the reports into this directory. */
  output?: string;
}

export async function inspectCommand(session: Session, options: InspectOptions): Promise<ExitCode> {
  const target = path.resolve(options.path);
  return withHive(session, { purpose: 'any', inspectedPath: target }, async ({ client, mode }) => {
    const { runId, resumed } = await client.call('inspect.start', { path: target });
    note(session, `run ${runId} ${resumed ? 'resumed' : 'started'}`);
    const hint = mode === 'embedded' ? 'Ctrl+C stops' : 'Ctrl+C detaches';
    // Of a resumed run only what is new: its first part was told before.
    const from = resumed ? 'now' : 'start';
    const end = await watchRun(session, { client, runId, from, linesTo: 'err', hint });
    if (end.kind === 'interrupted') {
      const how =
        mode === 'embedded'
          ? `stopped; the same command resumes ${runId}`
          : `detached; follow it with: hive run watch ${runId}   or end it with: hive run cancel ${runId}`;
      note(session, how);
      return exitCodes.interrupted;
    }
    const { run } = end;
    if (run.state !== 'completed') throw runEndError(run);
    const summary = reportOf(run);
    await copyReports(summary, options);
    if (wantsJson(session)) {
      writeJson(session, { runId, state: run.state, path: target, resumed, ...summary });
    } else {
      writeLines(session, [
        findingsLine(summary),
        ...summary.gaps.map((gap) => `not looked at: ${oneLine(gap)}`),
        `report ${summary.report}`,
      ]);
    }
    return exitCodes.ok;
  });
}

async function copyReports({ files }: ReportSummary, options: InspectOptions): Promise<void> {
  if (options.sarif !== undefined) {
    const to = path.resolve(options.sarif);
    await mkdir(path.dirname(to), { recursive: true });
    await copyFile(files.sarif, to);
  }
  if (options.output !== undefined) {
    const folder = path.resolve(options.output);
    await mkdir(folder, { recursive: true });
    const all = [files.markdown, files.json, files.sarif];
    await Promise.all(all.map((file) => copyFile(file, path.join(folder, path.basename(file)))));
  }
}
