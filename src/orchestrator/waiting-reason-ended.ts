// What is said of a task that is not waiting any more. Part of waiting-reason.ts.

import { MAX_CRASHES } from '../contract/index.ts';
import type { TaskReason, TaskState } from '../contract/index.ts';
import { unreachable } from '../kernel/index.ts';
import { answer, because, runLink } from './waiting-reason-answer.ts';
import type { WaitingAnswer, WaitingFacts } from './waiting-reason.ts';
import { durationWords, plural } from './waiting-reason-words.ts';

type Ended = Extract<TaskState, 'succeeded' | 'failed' | 'dead' | 'cancelled' | 'skipped'>;

export function whyEnded(facts: WaitingFacts, state: Ended): WaitingAnswer {
  const { task, nowMs } = facts;
  const ago = task.endedMs === null ? '' : ` ${durationWords(nowMs - task.endedMs)} ago`;
  const why = because(task.error);
  const show = ` See \`hive task show ${task.id}\`.`;
  const links = runLink(task.runId);
  switch (state) {
    case 'succeeded':
      return answer('ended.succeeded', links, `It is not waiting: it succeeded${ago}.${show}`);
    case 'failed':
      return answer('ended.failed', links, `It is not waiting: it failed${ago}${why}.${show}`);
    case 'dead':
      return answer(
        'ended.dead',
        links,
        `It is not waiting: it was given up${ago} ${deadWords(task.reason, task.maxAttempts)}${why}.${show}`,
      );
    case 'cancelled':
      return answer(
        'ended.cancelled',
        links,
        `It is not waiting: it was cancelled${ago} ${task.reason === 'run' ? 'because its run ended' : 'by a person'}.${show}`,
      );
    case 'skipped':
      return answer(
        'ended.skipped',
        links,
        `It is not waiting: it was skipped ${task.reason === 'branch' ? 'because its branch was not taken' : 'because earlier work of its run failed'}.${task.runId === null ? '' : ` See \`hive run show ${task.runId}\`.`}`,
      );
    default:
      return unreachable(state);
  }
}

function deadWords(reason: TaskReason, maxAttempts: number): string {
  if (reason === 'crashes') return `after ${MAX_CRASHES} crashes`;
  return reason === 'timeout'
    ? `after its last of ${plural(maxAttempts, 'try', 'tries')} ran out of time`
    : `after ${plural(maxAttempts, 'try', 'tries')}`;
}
