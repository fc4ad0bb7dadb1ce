// The verbs of run-verbs.ts, each given to the file that does it.

import type { RunId, RunState } from '../contract/index.ts';
import { Answers } from './answers.ts';
import type { AnswerParts } from './answers.ts';
import { Forks } from './forks.ts';
import type { ForkParts } from './forks.ts';
import { Replays } from './replays.ts';
import type { ReplayParts } from './replays.ts';
import type { By, RunVerbs } from './run-verbs.ts';
import { requireState, VerbRows } from './verb-rows.ts';

export type VerbParts = Omit<AnswerParts & ForkParts & ReplayParts, 'rows'>;

export function runVerbs(parts: VerbParts): RunVerbs {
  const rows = new VerbRows(parts.store);
  const answers = new Answers({ ...parts, rows });
  const forks = new Forks({ ...parts, rows });
  const replays = new Replays({ ...parts, rows });

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
  };

  return {
    pauseRun: (run, by) => hold(run, by, { type: 'pause', from: 'running' }),
    resumeRun: (run, by) => hold(run, by, { type: 'resume', from: 'paused' }),
    retryRun: (run, options) => forks.retry(run, options),
    forkRun: (request, by) => forks.fork(request, by),
    signalRun: (request, by) => answers.signal(request, by),
    replayRun: (run, by) => replays.replay(run, by),
    decideApproval: (request, by) => answers.decide(request, by),
    requeueTask: (task, options) => forks.requeue(task, options),
    resolveTask: (request, by) => answers.resolve(request, by),
  };
}
