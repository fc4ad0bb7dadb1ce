// The verbs of run-verbs.ts, each given to the file that does it.

import type { RunId, RunState } from '../contract/index.ts';
import { Answers } from './answers.ts';
import type { AnswerParts } from './answers.ts';
import { Forks } from './forks.ts';
import type { ForkParts } from './forks.ts';
import { Replays } from './replays.ts';
import { Requeues } from './requeue.ts';
import type { RequeueParts } from './requeue.ts';
import { Resolutions } from './resolutions.ts';
import type { ResolutionParts } from './resolutions.ts';
import type { ReplayParts } from './replays.ts';
import type { By, RunVerbs } from './run-verbs.ts';
import { requireState, VerbRows } from './verb-rows.ts';

/** Child runs that are paused or resumed at the same time. */
const HELD_AT_ONCE = 100;

export type VerbParts = Omit<
  AnswerParts & ForkParts & ReplayParts & RequeueParts & ResolutionParts,
  'rows'
>;

export function runVerbs(parts: VerbParts): RunVerbs {
  const rows = new VerbRows(parts.store);
  const answers = new Answers({ ...parts, rows });
  const forks = new Forks({ ...parts, rows });
  const replays = new Replays({ ...parts, rows });
  const requeues = new Requeues({ ...parts, rows });
  const resolutions = new Resolutions({ ...parts, rows });

  const hold = async (
    id: RunId,
    by: By,
    how: { type: 'pause' | 'resume'; from: RunState },
  ): Promise<void> => {
    const row = await rows.run(id, by.tenant);
    requireState(row, [how.from], `a ${how.type}`);
    await parts.keeper.apply({
      run: row.key,
      event: { type: how.type, by: by.actor },
      audit: {
        tenant: by.tenant,
        atMs: parts.clock.now(),
        actor: by.actor,
        action: `run.${how.type}`,
        subject: id,
        data: {},
      },
    });
    await holdBelow(row.key, by, how);
  };

  /** Sub-workflows and the turns of loops are runs of their own; those that begin later look at their parent. */
  const holdBelow = async (
    run: number,
    by: By,
    how: { type: 'pause' | 'resume'; from: RunState },
  ): Promise<void> => {
    const below = await rows.runsBelow(run, how.from);
    for (let at = 0; at < below.length; at += HELD_AT_ONCE) {
      const page = below.slice(at, at + HELD_AT_ONCE);
      await Promise.all(
        page.map((child) => parts.keeper.holdIfNeeded(child, { type: how.type, by: by.actor })),
      );
    }
  };

  return {
    pauseRun: (run, by) => hold(run, by, { type: 'pause', from: 'running' }),
    resumeRun: (run, by) => hold(run, by, { type: 'resume', from: 'paused' }),
    retryRun: (run, options) => forks.retry(run, options),
    forkRun: (request, by) => forks.fork(request, by),
    signalRun: (request, by) => answers.signal(request, by),
    replayRun: (run, by) => replays.replay(run, by),
    decideApproval: (request, by) => answers.decide(request, by),
    requeueTask: (task, options) => requeues.requeue(task, options),
    resolveTask: (request, by) => resolutions.resolve(request, by),
  };
}
