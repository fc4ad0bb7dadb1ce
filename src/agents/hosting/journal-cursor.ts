/**
 * One execution's place in its task's journal. Owns: which step a name means (name and occurrence),
 * what was recorded before, and records that are not written yet. Does not own: writing them.
 *
 * I1: the n-th use of a name always means the same row. I2: a recorded row is never recorded again.
 * I3: rows that the code no longer asks for are left alone: code that skips an old step is legal, and
 * with parallel steps the order proves nothing. Certain contradictions are JOURNAL_MISMATCH: a row of
 * another kind, or one that is not JSON.
 */
import { hiveError } from '../../contract/index.ts';
import type { JournalStep } from '../../contract/index.ts';

/** A resumed attempt loads and holds its whole journal; more steps belong in several tasks. */
const MAX_STEPS = 10_000;

export class JournalCursor {
  readonly #journal: readonly JournalStep[];
  #recorded: Map<string, JournalStep> | undefined;
  #uses: Map<string, number> | undefined;
  #unwritten: JournalStep[] = [];
  #written: number;

  constructor(journal: readonly JournalStep[]) {
    this.#journal = journal;
    this.#written = journal.length;
  }

  /** Rows that exist in the store as far as this execution knows. */
  get written(): number {
    return this.#written;
  }

  get hasUnwritten(): boolean {
    return this.#unwritten.length > 0;
  }

  /** The occurrence number of the next use of `name`, from 0. */
  next(name: string): number {
    this.#uses ??= new Map();
    const occurrence = this.#uses.get(name) ?? 0;
    if (this.#written + this.#unwritten.length >= MAX_STEPS) {
      throw hiveError('AGENT_STOPPED', {
        message: `a task may record ${MAX_STEPS} steps; split the work into several tasks`,
      });
    }
    this.#uses.set(name, occurrence + 1);
    return occurrence;
  }

  find(name: string, occurrence: number, kind: JournalStep['kind']): JournalStep | undefined {
    if (this.#journal.length === 0) return undefined;
    this.#recorded ??= new Map(
      this.#journal.map((each) => [keyOf(each.name, each.occurrence), each]),
    );
    const found = this.#recorded.get(keyOf(name, occurrence));
    if (found !== undefined && found.kind !== kind) {
      throw hiveError('JOURNAL_MISMATCH', {
        message: `the journal holds a ${found.kind} where the code has a ${kind}: "${name}" number ${occurrence}`,
      });
    }
    return found;
  }

  /** Keeps a record until the next write: it must be durable before anything outside depends on it. */
  hold(step: JournalStep): void {
    this.#unwritten.push(step);
  }

  /** All records to write now, the held ones first; counts them as written. */
  take(last?: JournalStep): readonly JournalStep[] {
    const steps = this.#unwritten;
    if (last !== undefined) steps.push(last);
    this.#unwritten = [];
    this.#written += steps.length;
    return steps;
  }
}

/** The value of a recorded step. Throws JOURNAL_MISMATCH when the text is not JSON. */
export function recordedValue(step: JournalStep): unknown {
  try {
    return JSON.parse(step.result ?? 'null') as unknown;
  } catch (cause) {
    throw hiveError('JOURNAL_MISMATCH', {
      message: `the recorded result of "${step.name}" number ${step.occurrence} is not JSON`,
      cause,
    });
  }
}

const keyOf = (name: string, occurrence: number): string => `${occurrence} ${name}`;
