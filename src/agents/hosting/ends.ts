/** The ends of an attempt that come from outside the agent, with the outcome each one has. */
import { hiveError, isHiveError } from '../../contract/index.ts';
import type { Attempt, AttemptOutcome, HiveError } from '../../contract/index.ts';

export interface OutsideEnd {
  readonly outcome: AttemptOutcome;
  /** What the agent's signal is aborted with. */
  readonly reason: HiveError;
}

export function timedOut(attempt: Attempt): OutsideEnd {
  const reason = hiveError('AGENT_TIMEOUT', {
    message: `${attempt.agent} did not finish within ${attempt.timeoutMs} ms and was ended`,
  });
  return { outcome: { status: 'timeout', error: reason.toRecord() }, reason };
}

/** The canceller may say why with an error of the registry (SHUTTING_DOWN releases the task instead). */
export function cancelled(signal?: AbortSignal): OutsideEnd {
  const given: unknown = signal?.reason;
  const reason = isHiveError(given) ? given : hiveError('TASK_CANCELLED');
  return { outcome: { status: 'cancelled', error: reason.toRecord() }, reason };
}

/** Cancelled with an error of kind retry: the task is released, no try is counted. */
export function shutDown(): OutsideEnd {
  const reason = hiveError('SHUTTING_DOWN');
  return { outcome: { status: 'cancelled', error: reason.toRecord() }, reason };
}
