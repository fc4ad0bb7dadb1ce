// How one attempt ended -> the next state of its task. Pure: time and randomness are handed in.
//
//   succeeded                      succeeded
//   failed, kind retry             waiting/retry, or when the tries are used up dead/attempts (a preset of one try: failed/error)
//   failed, kind stop              failed/error
//   failed, kind pause             paused/error: a human must act, nothing is lost
//   timeout                        as kind retry; used up: dead/timeout (one try: failed/timeout)
//   crashed                        ready again, or dead/crashes at MAX_CRASHES; crashes are no errors and use up no tries
//   cancelled                      ready again: the attempt was aborted (shutdown, lost lease, store away). Whoever cancels a task changes its state
//                                  himself and raises the fence, so an aborted attempt never has to, and is refused if it tries
//   failed, kind cancelled         cancelled/user: the agent gave up on purpose
//   suspended                      waiting/sleep|event|approval|child with its journal steps, no attempt row: the same try goes on later
//   uncertain                      uncertain/effect with its journal steps: a person resolves it, the same try goes on later
//   skipped                        skipped/branch: the node's `when` was false, no agent was called
// O1 Every outcome maps to exactly one legal transition out of leased. O2 An attempt row is written for every try that did not end well
// and was not suspended, uncertain or skipped. O3 Only errors and timeouts count as tries; only crashes count as crashes.

import { hiveError, MAX_CRASHES, retryPresets } from '../contract/index.ts';
import type {
  AttemptOutcome,
  ErrorRecord,
  JournalStep,
  NewAttempt,
  RetryPreset,
  TaskChange,
} from '../contract/index.ts';
import { backoffMs, unreachable } from '../kernel/index.ts';
import type { Random } from '../kernel/index.ts';
import type { TaskEnd } from './advance.ts';

export interface AttemptFacts {
  /** Try number from 1. */
  attempt: number;
  /** Crashes before this one. */
  crashes: number;
  retry: RetryPreset;
  fence: number;
  agent: string;
  host: number;
  startedMs: number | null;
  nowMs: number;
  random: Random;
}

export interface SettledOutcome {
  /** Everything of a TaskChange but which task it is, and its guard. */
  change: Omit<TaskChange, 'key' | 'id' | 'guard'>;
  /** For advance(): how the task ended, or null when it has not (it will be tried, resumed or released again). */
  end: TaskEnd | null;
}

type Row = NewAttempt['outcome'];

/** What came of a task here: of its agent, or of its condition, which is looked at before the agent is called. */
export type WorkOutcome = AttemptOutcome | { status: 'skipped' };

/** The pieces of the settle unit that follow from an outcome. */
export function settleOutcome(outcome: WorkOutcome, facts: AttemptFacts): SettledOutcome {
  switch (outcome.status) {
    case 'succeeded':
      return {
        change: {
          to: 'succeeded',
          reason: 'none',
          result: outcome.result,
          ...unwritten(outcome),
          ...ended(facts),
        },
        end: 'succeeded',
      };
    case 'failed':
      return withSteps(failed(outcome.error, facts), outcome);
    case 'timeout':
      return triedInVain(outcome.error, facts, 'timeout');
    case 'crashed':
      return crashed(outcome.error, facts);
    case 'cancelled':
      return released(outcome.error, facts);
    case 'suspended':
      return {
        change: {
          to: 'waiting',
          reason: outcome.reason,
          ...(outcome.dueMs === null ? {} : { dueMs: outcome.dueMs }),
          startedMs: facts.startedMs,
          openWaits: outcome.openWaits,
          ...unwritten(outcome),
        },
        end: null,
      };
    case 'uncertain':
      return {
        change: {
          to: 'uncertain',
          reason: 'effect',
          error: outcome.error,
          startedMs: facts.startedMs,
          ...unwritten(outcome),
        },
        end: null,
      };
    case 'skipped':
      return { change: { to: 'skipped', reason: 'branch', ...ended(facts) }, end: 'skipped' };
    default:
      return unreachable(outcome);
  }
}

/** Steps that are done and not yet written go with the task's change, in the same commit. */
function unwritten(outcome: { steps?: readonly JournalStep[] }): {
  journal?: readonly JournalStep[];
} {
  const { steps } = outcome;
  return steps === undefined || steps.length === 0 ? {} : { journal: steps };
}

function withSteps(
  settled: SettledOutcome,
  outcome: { steps?: readonly JournalStep[] },
): SettledOutcome {
  return { ...settled, change: { ...settled.change, ...unwritten(outcome) } };
}

function failed(error: ErrorRecord, facts: AttemptFacts): SettledOutcome {
  switch (error.kind) {
    case 'retry':
      return triedInVain(error, facts, 'error');
    case 'stop':
      return {
        change: {
          to: 'failed',
          reason: 'error',
          error,
          addErrors: 1,
          ...row(facts, 'error', error),
          ...ended(facts),
        },
        end: 'failed',
      };
    case 'pause':
      return {
        change: {
          to: 'paused',
          reason: 'error',
          error,
          addErrors: 1,
          ...row(facts, 'error', error),
        },
        end: null,
      };
    case 'cancelled':
      return cancelled(error, facts);
    default:
      return unreachable(error.kind);
  }
}

function triedInVain(
  error: ErrorRecord,
  facts: AttemptFacts,
  how: 'error' | 'timeout',
): SettledOutcome {
  const policy = retryPresets[facts.retry];
  const waitMs = backoffMs(policy, facts.attempt, facts.random);
  const common = { error, addErrors: 1, ...row(facts, how, error) } as const;
  if (waitMs !== null) {
    return {
      change: { to: 'waiting', reason: 'retry', dueMs: facts.nowMs + waitMs, ...common },
      end: null,
    };
  }
  if (policy.maxAttempts === 1) {
    return { change: { to: 'failed', reason: how, ...common, ...ended(facts) }, end: 'failed' };
  }
  const reason = how === 'timeout' ? 'timeout' : 'attempts';
  return { change: { to: 'dead', reason, ...common, ...ended(facts) }, end: 'dead' };
}

function crashed(error: ErrorRecord, facts: AttemptFacts): SettledOutcome {
  const common = { error, addCrashes: 1, ...row(facts, 'crash', error) } as const;
  if (facts.crashes + 1 < MAX_CRASHES) {
    return { change: { to: 'ready', reason: 'none', ...common }, end: null };
  }
  return { change: { to: 'dead', reason: 'crashes', ...common, ...ended(facts) }, end: 'dead' };
}

function cancelled(error: ErrorRecord, facts: AttemptFacts): SettledOutcome {
  return {
    change: {
      to: 'cancelled',
      reason: 'user',
      error,
      ...row(facts, 'cancelled', error),
      ...ended(facts),
    },
    end: 'cancelled',
  };
}

function released(error: ErrorRecord, facts: AttemptFacts): SettledOutcome {
  return { change: { to: 'ready', reason: 'none', ...row(facts, 'cancelled', error) }, end: null };
}

function ended(facts: AttemptFacts): { startedMs: number | null; endedMs: number; agent: string } {
  return { startedMs: facts.startedMs, endedMs: facts.nowMs, agent: facts.agent };
}

function row(facts: AttemptFacts, outcome: Row, error: ErrorRecord): { attempt: NewAttempt } {
  const { attempt, fence, agent, host, startedMs, nowMs: endedMs } = facts;
  return { attempt: { attempt, fence, agent, host, startedMs, endedMs, outcome, error } };
}

/** The outcome of an owner that was lost with its host too often: what the reaper hands to settleOutcome for exhausted leases. */
export function lostOutcome(): Extract<AttemptOutcome, { status: 'crashed' }> {
  return {
    status: 'crashed',
    error: hiveError('AGENT_CRASHED', {
      message: 'The process that ran this task died under it too often',
    }).toRecord(),
  };
}
