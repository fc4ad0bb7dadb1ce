/**
 * Brings the rows of one execution to its store, behind the author's back: a row is held, the author
 * goes on, and what was held in one turn of the event loop is written at its end with one append.
 *
 * Owns: rows not yet written, the write in flight. Does not own: what rows mean, the end of the
 * execution (it is told of a failure once). Rows still held when the execution ends or suspends travel
 * with its outcome (`take`).
 *
 * I1: rows become durable in the order of holding: whatever is durable, all before it is. I2: one write
 * is in flight at a time. I3: one write never holds two versions of a row. I4: after a write that failed
 * or was refused nothing is written any more.
 */
import { hiveError } from '../../contract/index.ts';
import type { JournalStep } from '../../contract/index.ts';
import { tellAfterTurn } from './loop-turn.ts';

/** refused: a newer attempt owns the task, or what the rows say was overtaken. */
export interface WriteFailure {
  readonly isRefused: boolean;
  readonly error: unknown;
}

export interface JournalTarget {
  /** Durable before it resolves; false = refused. */
  append(steps: readonly JournalStep[]): Promise<boolean>;
  writeFailed(failure: WriteFailure): void;
  /** Asked before a write at the end of a turn: rows that can leave with an outcome need none. */
  beforeWrite(): void;
}

export class JournalWriter {
  readonly #target: JournalTarget;
  #held: JournalStep[] = [];
  #writing: Promise<void> | undefined;
  #failure: WriteFailure | undefined;
  #isScheduled = false;

  constructor(target: JournalTarget) {
    this.#target = target;
  }

  /** The write in flight. Never rejects. */
  get writing(): Promise<void> | undefined {
    return this.#writing;
  }

  get failure(): WriteFailure | undefined {
    return this.#failure;
  }

  /** Keeps a new row until the next write. */
  hold(step: JournalStep): void {
    this.#held.push(step);
    this.#schedule();
  }

  /** Keeps a change of a row that exists. */
  holdChange(step: JournalStep): void {
    const at = this.#held.findIndex(
      (each) => each.name === step.name && each.occurrence === step.occurrence,
    );
    if (at === -1) return this.hold(step);
    this.#held[at] = step;
  }

  /** Resolves when everything held so far is durable. Rejects with the failure of the write. */
  async barrier(): Promise<void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#writing === undefined) {
        if (this.#held.length === 0) return;
        this.#write();
      }
      await this.#writing;
    }
  }

  /** All rows that are held; they are not written here any more. */
  take(): readonly JournalStep[] {
    const steps = this.#held;
    if (steps.length > 0) this.#held = [];
    return steps;
  }

  afterTurn(): void {
    this.#isScheduled = false;
    if (this.#held.length === 0) return;
    this.#target.beforeWrite();
    if (this.#held.length > 0 && this.#writing === undefined) this.#write();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#writing !== undefined) return;
    this.#isScheduled = true;
    tellAfterTurn(this);
  }

  #write(): void {
    if (this.#failure !== undefined) return;
    this.#writing = this.#append(this.take()).then((failure) => {
      this.#writing = undefined;
      if (failure !== undefined) {
        this.#failure = failure;
        this.#held = [];
        this.#target.writeFailed(failure);
      } else if (this.#held.length > 0) this.#schedule();
    });
  }

  async #append(steps: readonly JournalStep[]): Promise<WriteFailure | undefined> {
    try {
      if (await this.#target.append(steps)) return undefined;
      return { isRefused: true, error: hiveError('STALE_FENCE') };
    } catch (error) {
      return { isRefused: false, error };
    }
  }
}
