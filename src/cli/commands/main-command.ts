/**
 * `hive main [path]`, which is what `npm start` runs: starts the hive with its page, inspects a directory, and stays
 * up until it is told to stop. The lines on stdout are a promise to scripts: ready, run started or resumed, run
 * completed, report.
 */
import path from 'node:path';
import type { HiveClient } from '../../client/index.ts';
import { toHiveError } from '../../contract/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withHive } from '../hive-door.ts';
import { note, writeLines } from '../session.ts';
import type { Session } from '../session.ts';
import { untilStopped } from '../until-stopped.ts';
import { watchRun } from '../watch-run.ts';
import { reportError } from '../report-error.ts';
import { findingsLine, reportOf, runEndError } from './follow-inspection.ts';

export async function mainCommand(
  session: Session,
  { path: given }: { path: string },
): Promise<ExitCode> {
  const target = path.resolve(given);
  const purpose = 'serve-or-connect';
  return withHive(session, { purpose, inspectedPath: target }, async ({ client, url, mode }) => {
    writeLines(session, [`Hivewright is ready at ${url ?? 'an unknown address'}`]);
    const end = await inspectOnce(session, client, target);
    if (end === 'interrupted') return exitCodes.interrupted;
    if (mode === 'remote') return end;
    note(session, `Open ${url ?? ''} to see what happened. Ctrl+C ends the hive.`);
    await untilStopped(session);
    return end;
  });
}

/** A failed inspection is told and does not take the hive down: the page shows what happened. */
async function inspectOnce(
  session: Session,
  client: HiveClient,
  target: string,
): Promise<ExitCode | 'interrupted'> {
  try {
    const { runId, resumed } = await client.call('inspect.start', { path: target });
    writeLines(session, [`run ${runId} ${resumed ? 'resumed' : 'started'}`]);
    const hint = 'Ctrl+C stops';
    // Of a resumed run only what is new: its first part was told before.
    const from = resumed ? 'now' : 'start';
    const end = await watchRun(session, { client, runId, from, linesTo: 'err', hint });
    if (end.kind === 'interrupted') {
      note(session, `stopped; the same command resumes ${runId}`);
      return 'interrupted';
    }
    if (end.run.state !== 'completed') throw runEndError(end.run);
    const summary = reportOf(end.run);
    note(session, findingsLine(summary));
    writeLines(session, [`run ${runId} completed`, `report ${summary.report}`]);
    return exitCodes.ok;
  } catch (error) {
    return reportError(session, toHiveError(error));
  }
}
