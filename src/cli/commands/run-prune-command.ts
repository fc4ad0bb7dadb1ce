/** `hive run prune --older-than 30d` */
import type { OperationRequest, PruneReport } from '../../contract/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withHive } from '../hive-door.ts';
import { wantsJson, writeJson, writeLines } from '../session.ts';
import type { Session } from '../session.ts';

export async function runPruneCommand(
  session: Session,
  request: OperationRequest<'run.prune'>,
): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client }) => {
    let report = await client.call('run.prune', request);
    // One call is bounded; the sizes are those before the first and after the last.
    while (!report.done && !session.signal.aborted) {
      const more = await client.call('run.prune', request);
      report = {
        ...more,
        runs: report.runs + more.runs,
        tasks: report.tasks + more.tasks,
        before: report.before,
      };
    }
    if (wantsJson(session)) writeJson(session, report);
    else writeLines(session, pruneLines(report));
    return report.done ? exitCodes.ok : exitCodes.interrupted;
  });
}

function pruneLines({ runs, tasks, dryRun, before, after }: PruneReport): string[] {
  const what = `${runs} ${runs === 1 ? 'run' : 'runs'} and ${tasks} single ${tasks === 1 ? 'task' : 'tasks'}`;
  if (dryRun) {
    return [
      `would delete ${what}`,
      `store ${megabytes(before.usedBytes)} of data, ${megabytes(before.diskBytes)} on disk`,
    ];
  }
  return [
    `deleted ${what}`,
    `data    ${megabytes(before.usedBytes)} before, ${megabytes(after.usedBytes)} after`,
    `on disk ${megabytes(before.diskBytes)} before, ${megabytes(after.diskBytes)} after`,
  ];
}

const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;
