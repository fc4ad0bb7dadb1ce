/**
 * One execution's place in its task's journal. Owns: which row a name means (name and occurrence),
 * what was recorded before, how many rows there are, and the pin of the code on the first of them.
 * Does not own: writing rows (journal-writer), or which waits are open.
 *
 * I1: the n-th use of a name always means the same row. I2: a recorded row is never recorded again.
 * I3: rows that the code no longer asks for are left alone: code that skips an old step is legal, and
 * with parallel steps the order proves nothing. Certain contradictions are JOURNAL_MISMATCH: a row of
 * another kind, one that is not JSON, or a journal that other code wrote (code-pin).
 */
import { hiveError } from '../../contract/index.ts';
import type { JournalStep } from '../../contract/index.ts';

/** A resumed attempt loads and holds its whole journal; more steps belong in several tasks. */
const MAX_STEPS = 10_000;

export class JournalCursor {
  #journal: readonly JournalStep[];
  #recorded: Map<string, JournalStep> | undefined;
  #uses: Map<string, number> | undefined;
  #rows: number;
  #isPinned: boolean;
  readonly #code: string;

  /** `code` is what the rows added here are pinned to. */
  constructor(journal: readonly JournalStep[], code: string) {
    this.#journal = journal;
    this.#rows = journal.length;
    this.#code = code;
    this.#isPinned = journal.some(({ kind }) => kind !== 'effect');
  }

  /** Rows that the store holds when everything added here is written. */
  get rows(): number {
    return this.#rows;
  }

  /** The journal as it is in a new turn of the same execution: its open rows may have got results. */
  reload(journal: readonly JournalStep[]): void {
    this.#journal = journal;
    this.#recorded = undefined;
  }

  /** The occurrence number of the next use of `name`, from 0. */
  next(name: string): number {
    this.#uses ??= new Map();
    const occurrence = this.#uses.get(name) ?? 0;
    this.#uses.set(name, occurrence + 1);
    return occurrence;
  }

  /** The row as recorded. Throws JOURNAL_MISMATCH when it is of another kind, AGENT_STOPPED when there is none and no room for it. */
  find(name: string, occurrence: number, kind: JournalStep['kind']): JournalStep | undefined {
    const found = this.#recordedAt(name, occurrence);
    if (found !== undefined && found.kind !== kind) {
      throw hiveError('JOURNAL_MISMATCH', {
        message: `the journal holds a ${found.kind} where the code has a ${kind}: "${name}" number ${occurrence}`,
      });
    }
    if (found === undefined && this.#rows >= MAX_STEPS) {
      throw hiveError('AGENT_STOPPED', {
        message: `a task may record ${MAX_STEPS} steps; split the work into several tasks`,
      });
    }
    return found;
  }

  /** Counts a row that will be written; the first one names the code (and the first one that is no effect: effects outlive a reset). */
  add(step: JournalStep): JournalStep {
    this.#rows++;
    if (this.#isPinned) return step;
    this.#isPinned = step.kind !== 'effect';
    return { ...step, code: this.#code };
  }

  #recordedAt(name: string, occurrence: number): JournalStep | undefined {
    if (this.#journal.length === 0) return undefined;
    this.#recorded ??= new Map(
      this.#journal.map((each) => [keyOf(each.name, each.occurrence), each]),
    );
    return this.#recorded.get(keyOf(name, occurrence));
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

function keyOf(name: string, occurrence: number): string {
  return `${occurrence}:${name}`;
}
