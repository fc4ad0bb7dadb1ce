/** Waits for the end of a run: what the synchronous form of starting needs. The run goes on when the waiting is over. */
import { hiveError, isRunTerminal } from '../contract/index.ts';
import type { RunId, RunView } from '../contract/index.ts';
import type { OperationContext } from './operation.ts';
import { locateRun, readRun } from './run-reads.ts';

/** The run at its end. Throws TIMEOUT when it has not ended by then. */
export async function waitForEnd(
  context: OperationContext,
  runId: RunId,
  waitMs: number,
): Promise<RunView> {
  const { hive, clock, signal } = context;
  const target = await locateRun(context, runId);
  const enough = new AbortController();
  const giveUp = (): void => {
    enough.abort();
  };
  const cancel = clock.after(waitMs, giveUp);
  signal?.addEventListener('abort', giveUp);
  try {
    if (signal?.aborted !== true)
      await hive.whenEnded(runId, { tenant: context.principal.tenant, signal: enough.signal });
    const run = await readRun(context, target);
    if (isRunTerminal(run.state)) return run;
    throw notYet(run, waitMs);
  } finally {
    cancel();
    signal?.removeEventListener('abort', giveUp);
  }
}

function notYet({ id, label }: RunView, waitMs: number): Error {
  return hiveError('TIMEOUT', {
    message: `${id} has not ended after ${waitMs / 1_000} s (${label.text.toLowerCase()}); it goes on`,
    details: { runId: id, fix: [`hive run watch ${id}`] },
  });
}
