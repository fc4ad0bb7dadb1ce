/** What an execution is told, and what its parts (steps, effects, waits) share. Implemented by Execution. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { hiveError } from '../../contract/index.ts';
import type {
  Attempt,
  AttemptHost,
  AttemptOutcome,
  HiveError,
  JournalStep,
} from '../../contract/index.ts';
import type { Clock, Random } from '../../kernel/index.ts';
import type { AgentDefinition } from '../authoring/define-agent.ts';
import type { JournalCursor } from './journal-cursor.ts';
import type { JournalWriter } from './journal-writer.ts';

/** What an execution needs to know of the attempt; structured-cloneable. */
export type AttemptFacts = Pick<
  Attempt,
  'taskId' | 'runId' | 'agent' | 'attempt' | 'input' | 'journal' | 'mode'
>;

export interface Turn {
  readonly facts: AttemptFacts;
  readonly host: AttemptHost;
  end(outcome: AttemptOutcome): void;
}

export interface ExecutionSettings {
  readonly definition: AgentDefinition;
  /** Version and hash of the agent's code (code-pin). */
  readonly code: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Limit of a result and of a step's result. */
  readonly maxPayloadBytes: number;
  /** The author's function really came back, or never will; possibly after the turn's end, possibly more than once. */
  onReturned?(): void;
}

export interface ExecutionCore {
  readonly cursor: JournalCursor;
  readonly writer: JournalWriter;
  readonly clock: Clock;
  readonly maxPayloadBytes: number;
  /** From the journal alone (R5). */
  readonly isReplay: boolean;
  readonly facts: AttemptFacts;
  /** Throws unless the author's code has the turn; using the context after the turn was given back ends the execution. */
  requireTurn(what: string): void;
  /** Throws when the outcome was told: nothing can be recorded any more. Before, an execution that ended still takes rows. */
  requireOutcome(): void;
  /** Something is in flight: the turn is not given back before its `workDone`. */
  workBegins(): void;
  workDone(): void;
  /** A wait is open: when nothing else is left the turn is given back. */
  waitOpened(): void;
  /** Ends the execution with this outcome, once what is being written is written. */
  finish(outcome: AttemptOutcome, reason: HiveError): void;
}

/** The execution inside whose step or effect this code runs: waiting there would wait for itself. */
export const insideWork = new AsyncLocalStorage<ExecutionCore>();

/** Ends a replay that asks for what the journal does not hold; the returned error is for the author's code. */
export function diverged(
  core: ExecutionCore,
  row: Pick<JournalStep, 'name' | 'occurrence'>,
): HiveError {
  const error = hiveError('REPLAY_DIVERGED', {
    message: `the code asks for "${row.name}" number ${row.occurrence}, which the journal does not hold`,
    details: { step: row.name, occurrence: row.occurrence },
  });
  core.finish({ status: 'failed', error: error.toRecord() }, error);
  return error;
}
