/**
 * One agent at work on one task: its context, its journal, its end. The same code runs in the hive's
 * event loop and inside workers.
 *
 * Owns: the state below: who has the turn, what is in flight, when the turn ends. Does not own: the
 * deadline, cancelling, how long a suspended closure is kept (its host does); writing rows
 * (journal-writer); what steps, effects and waits are (their files). Called by inline-host and worker-main only.
 *
 * States: running (the author's code has the turn) > suspended (nothing but waits is left; the turn was
 * given back) > running, when resumed; ended, from either, by a result, an error or stop(). An end
 * waits for the write in flight; what is held then travels with the outcome.
 *
 * I1: `end` of a turn is called exactly once; a turn ends by an outcome or by a suspension.
 * I2: a recorded step's work is never called again. I3: rows become durable in their order, all of them
 * before an effect, a suspension or the end. I4: after the end every context function refuses.
 * I5: the turn is given back only when nothing but waits is left; using the context without a turn ends
 * the execution. I6: a replay calls no work and writes nothing. I7: a journal of other code is not
 * continued (code-pin).
 */
import { hiveError, toHiveError } from '../../contract/index.ts';
import type { AttemptHost, AttemptOutcome, HiveError, JournalStep } from '../../contract/index.ts';
import type { Clock } from '../../kernel/index.ts';
import { callAuthor } from './call-author.ts';
import { codeMismatch } from './code-pin.ts';
import { ContextDesk } from './context-desk.ts';
import type { DeskOwner } from './context-desk.ts';
import type { AttemptFacts, ExecutionSettings, Turn } from './execution-core.ts';
import { JournalCursor } from './journal-cursor.ts';
import { JournalWriter } from './journal-writer.ts';
import type { JournalTarget, WriteFailure } from './journal-writer.ts';
import { tellAfterTurn } from './loop-turn.ts';
import type { TurnListener } from './loop-turn.ts';
import { misuse } from './misuse.ts';
import { failed, returned, withSteps } from './outcomes.ts';

type State =
  | { readonly kind: 'running' }
  | { readonly kind: 'suspended' }
  | { readonly kind: 'ended'; readonly reason: HiveError };

/** Waits this short are not worth a second suspension when a timer fired a little early. */
const MAX_WAIT_IN_PLACE_MS = 1_000;
const RUNNING: State = { kind: 'running' };
const SUSPENDED: State = { kind: 'suspended' };

export class Execution implements DeskOwner, JournalTarget, TurnListener {
  readonly #settings: ExecutionSettings;
  readonly writer: JournalWriter;
  readonly #desk: ContextDesk;
  readonly isReplay: boolean;
  cursor: JournalCursor;
  facts: AttemptFacts;
  host: AttemptHost;
  #turn: Turn | undefined;
  #state: State = RUNNING;
  /** Steps, effects and other work of the context that is not over. */
  #inFlight = 0;
  #isCheckScheduled = false;
  #waitsInPlace = false;
  /** The outcome of code that ended while nobody had the turn: told to the next one. */
  #late: AttemptOutcome | undefined;

  constructor(settings: ExecutionSettings, turn: Turn) {
    this.#settings = settings;
    this.#turn = turn;
    this.facts = turn.facts;
    this.host = turn.host;
    this.isReplay = turn.facts.mode === 'replay';
    this.cursor = new JournalCursor(turn.facts.journal, settings.code);
    this.writer = new JournalWriter(this);
    this.#desk = new ContextDesk(this, settings.random);
  }

  get endReason(): HiveError | undefined {
    return this.#state.kind === 'ended' ? this.#state.reason : undefined;
  }

  get clock(): Clock {
    return this.#settings.clock;
  }

  get maxPayloadBytes(): number {
    return this.#settings.maxPayloadBytes;
  }

  /** Journal rows that the store must hold when this closure goes on; another number means it is stale. */
  get journalRows(): number {
    return this.cursor.rows;
  }

  /** Calls the author's function. Once. */
  start(): void {
    const { definition, code } = this.#settings;
    const mismatch = this.isReplay ? undefined : codeMismatch(this.facts.journal, code);
    if (mismatch === undefined) this.#call();
    else if (definition.manifest.onCodeChange === 'stop') this.#threw(mismatch);
    else void this.#callAfresh();
  }

  /** Goes on after a suspension, in a new turn. */
  resume(turn: Turn): void {
    if (this.#late !== undefined) return turn.end(this.#late);
    if (this.#state.kind !== 'suspended') {
      const message = `resumed while ${this.#state.kind}`;
      return turn.end(failed(hiveError('INTERNAL', { message })));
    }
    this.#state = RUNNING;
    this.#turn = turn;
    this.facts = turn.facts;
    this.host = turn.host;
    this.cursor.reload(turn.facts.journal);
    this.#endWaits(turn);
  }

  /** Ends the turn from outside with this outcome; the author's signal is aborted. */
  stop(outcome: AttemptOutcome, reason: HiveError): void {
    if (this.#state.kind !== 'ended') this.#state = { kind: 'ended', reason };
    this.#tell(outcome);
  }

  finish(outcome: AttemptOutcome, reason: HiveError): void {
    if (this.#state.kind === 'ended') return;
    this.#state = { kind: 'ended', reason };
    if (this.#turn === undefined) this.#late = outcome;
    else this.#conclude(outcome);
  }

  requireOutcome(): void {
    if (this.#turn === undefined && this.#state.kind === 'ended') throw this.#state.reason;
  }

  requireTurn(what: string): void {
    const state = this.#state;
    switch (state.kind) {
      case 'running':
        return;
      case 'suspended': {
        const error = misuse(
          `${what} while only waits were left: the slot was given back. Do other work in steps, which are waited for`,
        );
        this.finish(failed(error), error);
        throw error;
      }
      case 'ended':
        throw state.reason;
      default:
        state satisfies never;
    }
  }

  workBegins(): void {
    this.#inFlight++;
  }

  workDone(): void {
    this.#inFlight--;
    if (this.#inFlight > 0) return;
    if (this.#state.kind === 'ended') this.#abandonWaits();
    else this.#checkAfterTurn();
  }

  waitOpened(): void {
    this.#checkAfterTurn();
  }

  append(steps: readonly JournalStep[]): Promise<boolean> {
    return this.host.appendJournal(steps);
  }

  writeFailed({ isRefused, error }: WriteFailure): void {
    const reason = toHiveError(error, 'STORE_UNAVAILABLE');
    this.stop(
      isRefused ? { status: 'cancelled', error: reason.toRecord() } : failed(error),
      reason,
    );
  }

  beforeWrite(): void {
    this.#giveBack();
  }

  afterTurn(): void {
    this.#isCheckScheduled = false;
    this.#giveBack();
  }

  #call(): void {
    callAuthor(this.#settings.definition, this.#desk, {
      returned: (value) => {
        this.#returned(value);
      },
      threw: (error) => {
        this.#threw(error);
      },
    });
  }

  /** Tells the outcome when nothing is in flight that it must know of: effects, a write. */
  #conclude(outcome: AttemptOutcome): void {
    const pending = this.#desk.effectsSettled() ?? this.writer.writing;
    if (pending === undefined) return this.#tell(withSteps(outcome, this.writer.take()));
    void pending.then(() => {
      this.#conclude(outcome);
    });
  }

  /** Drops a journal that other code wrote; effects that happened stay. */
  async #callAfresh(): Promise<void> {
    try {
      const isReset = await this.host.appendJournal([], { reset: true });
      if (!isReset) this.writeFailed({ isRefused: true, error: hiveError('STALE_FENCE') });
    } catch (error) {
      return this.#threw(error);
    }
    if (this.#state.kind === 'ended') return this.#settings.onReturned?.();
    const effects = this.facts.journal.filter(({ kind }) => kind === 'effect');
    this.cursor = new JournalCursor(effects, this.#settings.code);
    this.#call();
  }

  #checkAfterTurn(): void {
    if (this.#isCheckScheduled || !this.#isWaiting()) return;
    this.#isCheckScheduled = true;
    tellAfterTurn(this);
  }

  #isWaiting(): boolean {
    return (this.#desk.openWaits?.size ?? 0) > 0;
  }

  /** Suspends when nothing but waits is left. */
  #giveBack(): void {
    const waits = this.#desk.openWaits;
    if (waits === undefined || !this.#isWaiting() || this.#inFlight > 0 || this.#waitsInPlace)
      return;
    if (this.#state.kind !== 'running') return;
    const { writing } = this.writer;
    if (writing !== undefined) {
      void writing.then(() => {
        this.#checkAfterTurn();
      });
      return;
    }
    this.#state = SUSPENDED;
    this.#tell(waits.suspension(this.writer.take()));
  }

  /** Ends what is over; when that is nothing and the next is near, waits for it here. */
  #endWaits(turn: Turn): void {
    const waits = this.#desk.openWaits;
    if (waits === undefined || this.#turn !== turn || this.#state.kind !== 'running') return;
    if (!waits.settle()) {
      const { dueMs } = waits;
      const remainingMs = dueMs === null ? Infinity : dueMs - this.clock.now();
      this.#waitsInPlace = remainingMs <= MAX_WAIT_IN_PLACE_MS;
      if (this.#waitsInPlace) {
        this.clock.after(remainingMs, () => {
          this.#waitsInPlace = false;
          this.#endWaits(turn);
        });
        return;
      }
    }
    this.#checkAfterTurn();
  }

  #returned(value: unknown): void {
    this.#settings.onReturned?.();
    if (this.#state.kind === 'ended') return;
    if (this.#isWaiting()) {
      const error = misuse('returned while a wait was still open: await every wait');
      return this.finish(failed(error), FINISHED);
    }
    const { definition, maxPayloadBytes } = this.#settings;
    this.finish(returned(definition, value, maxPayloadBytes), FINISHED);
  }

  #threw(error: unknown): void {
    this.#settings.onReturned?.();
    this.finish(failed(error), FINISHED);
  }

  #tell(outcome: AttemptOutcome): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    this.#turn = undefined;
    turn.end(outcome);
    if (this.#state.kind !== 'ended') return;
    this.#desk.abort(this.#state.reason);
    this.#abandonWaits();
  }

  /** Code that ended at a wait never comes back: nothing will answer it any more. */
  #abandonWaits(): void {
    if (this.#inFlight === 0 && this.#isWaiting()) this.#settings.onReturned?.();
  }
}

/** What context functions say after the end; one value, because the hot path must not build a stack trace. */
const FINISHED = hiveError('ILLEGAL_TRANSITION', {
  message: 'the agent has already ended; its context cannot be used any more',
});
