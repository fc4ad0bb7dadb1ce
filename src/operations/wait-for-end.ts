/** Waits for the end of a run: what the synchronous form of starting needs. The run goes on when the waiting is over. */
import { hiveError, isRunTerminal } from '../contract/index.ts';
import type { RunId, RunView } from '../contract/index.ts';
import { openInbox } from './change-inbox.ts';
import type { OperationContext } from './operation.ts';
import { locateRun, readRun } from './run-reads.ts';

/** The run at its end. Throws TIMEOUT when it has not ended by then. */
export async function waitForEnd(
  context: OperationContext,
  runId: RunId,
  waitMs: number,
): Promise<RunView> {
  const { hive, clock, signal } = context;
  const isMine = ({ runId: of }: { runId: string | null }): boolean => of === runId;
  const inbox = openInbox({ hive, clock, isMine, signal });
  try {
    const target = await locateRun(context, runId);
    const deadline = clock.mono() + waitMs;
    for (;;) {
      const run = await readRun(context, target);
      if (isRunTerminal(run.state)) return run;
      const leftMs = deadline - clock.mono();
      if (leftMs <= 0 || signal?.aborted === true) throw notYet(run, waitMs);
      await inbox.changed(leftMs);
    }
  } finally {
    inbox.close();
  }
}

function notYet({ id, label }: RunView, waitMs: number): Error {
  return hiveError('TIMEOUT', {
    message: `${id} has not ended after ${waitMs / 1_000} s (${label.text.toLowerCase()}); it goes on`,
    details: { runId: id, fix: [`hive run watch ${id}`] },
  });
}
