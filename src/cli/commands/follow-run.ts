/** What every command that starts a run does with it: leave it, wait for it, or follow it live; and tells its outcome. */
import { hiveError, isRunTerminal, operationLimits } from '../../contract/index.ts';
import type { Json, RunView } from '../../contract/index.ts';
import { systemClock } from '../../kernel/index.ts';
import type { HiveClient } from '../../client/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { OpenHive } from '../hive-door.ts';
import { note, wantsJson, writeJson, writeLines } from '../session.ts';
import type { Session } from '../session.ts';
import { watchRun } from '../watch-run.ts';
import { runEndError } from './follow-inspection.ts';

export interface FollowOptions {
  detach: boolean;
  /** Wait without progress, at most this long. */
  waitMs?: number;
}

export interface Started {
  runId: string;
  /** Printed with --detach --json. */
  answer: object;
  /** The document and the line of a run that ended well. */
  outcome?: (run: RunView) => { document: object; lines: string[]; exitCode?: ExitCode };
}

/** Throws RUN_FAILED when the run does not end well, TIMEOUT when it has not ended in time. */
export async function followRun(
  session: Session,
  { client, mode }: Pick<OpenHive, 'client' | 'mode'>,
  started: Started & FollowOptions,
): Promise<ExitCode> {
  const { runId, answer, detach, waitMs } = started;
  if (detach) {
    if (wantsJson(session)) writeJson(session, answer);
    else writeLines(session, [runId]);
    if (mode === 'embedded')
      note(session, 'it is kept, and worked on while a hive runs: hive start');
    return exitCodes.ok;
  }
  const run =
    waitMs === undefined
      ? await watchLive(session, { client, mode, runId })
      : await waitQuietly(session, { client, mode }, { runId, waitMs });
  if (run === undefined) return exitCodes.interrupted;
  return tellOutcome(session, run, started);
}

function tellOutcome(
  session: Session,
  run: RunView,
  { outcome = plainOutcome }: Started,
): ExitCode {
  if (run.state !== 'completed') throw runEndError(run);
  const { document, lines, exitCode } = outcome(run);
  if (wantsJson(session)) writeJson(session, document);
  else writeLines(session, lines);
  if (outcome === plainOutcome && run.counts.failed > 0) {
    const tasks = run.counts.failed === 1 ? 'a task' : `${run.counts.failed} tasks`;
    note(session, `completed with warnings: ${tasks} of it failed; see hive run show ${run.id}`);
  }
  return exitCode ?? exitCodes.ok;
}

/** Its output, as JSON: what a script takes on. */
function plainOutcome(run: RunView): { document: object; lines: string[] } {
  return {
    document: { runId: run.id, state: run.state, output: run.output },
    lines: [JSON.stringify(run.output satisfies Json)],
  };
}

async function watchLive(
  session: Session,
  { client, mode, runId }: { client: HiveClient; mode: OpenHive['mode']; runId: string },
): Promise<RunView | undefined> {
  note(session, `run ${runId} started`);
  const hint = mode === 'embedded' ? 'Ctrl+C stops' : 'Ctrl+C detaches';
  const end = await watchRun(session, { client, runId, from: 'start', linesTo: 'err', hint });
  if (end.kind === 'over') return end.run;
  note(
    session,
    mode === 'embedded'
      ? `stopped; it is kept and goes on with: hive run watch ${runId}   or: hive start`
      : `detached; follow it with: hive run watch ${runId}   or end it with: hive run cancel ${runId}`,
  );
  return undefined;
}

async function waitQuietly(
  session: Session,
  { client, mode }: Pick<OpenHive, 'client' | 'mode'>,
  { runId, waitMs }: { runId: string; waitMs: number },
): Promise<RunView | undefined> {
  // A hive that runs inside the command ends with it.
  const goesOn = mode === 'embedded' ? 'it is kept, and goes on while a hive runs' : 'it goes on';
  const deadline = systemClock.mono() + waitMs;
  let cursor = 'head';
  while (!session.signal.aborted) {
    const leftMs = Math.max(0, Math.floor(deadline - systemClock.mono()));
    const { run, cursor: next } = await client.call(
      'run.watch',
      { id: runId, cursor, waitMs: Math.min(operationLimits.watchMs, leftMs) },
      { signal: session.signal },
    );
    if (isRunTerminal(run.state)) return run;
    if (systemClock.mono() >= deadline) {
      throw hiveError('TIMEOUT', {
        message: `${runId} has not ended after ${waitMs / 1_000} s (${run.label.text.toLowerCase()}); ${goesOn}`,
        details: {
          runId,
          fix: [`hive run watch ${runId}`, ...(mode === 'embedded' ? ['hive start'] : [])],
        },
      });
    }
    cursor = next ?? cursor;
  }
  return undefined;
}
