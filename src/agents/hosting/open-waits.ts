/**
 * The waits of one execution that are open: timers, approvals, events, child runs. Each is a row of the
 * journal whose result is still missing.
 *
 * Owns: which waits are open, their new rows and child runs until the turn is given back, when they
 * are over. Does not own: when the turn is given back (Execution), what the answers mean (wait-verbs).
 *
 * I1: rows of new waits leave with the suspension only (`suspension`), never before: an approval that
 * people see belongs to a task that waits. I2: a deadline counts from the first opening. I3: that a
 * wait timed out is durable before the author's code sees it; when an answer overtook it the write is
 * refused, and the next attempt sees the answer.
 */
import { hiveError } from '../../contract/index.ts';
import type {
  AttemptOutcome,
  ChildRequest,
  JournalStep,
  WaitResult,
} from '../../contract/index.ts';
import { diverged, insideWork } from './execution-core.ts';
import type { ExecutionCore } from './execution-core.ts';
import { recordedValue } from './journal-cursor.ts';
import { misuse } from './misuse.ts';

type WaitKind = Exclude<JournalStep['kind'], 'step' | 'effect'>;
type Suspension = Extract<AttemptOutcome, { status: 'suspended' }>;

export interface NewWait {
  readonly kind: WaitKind;
  readonly name: string;
  /** When its time is over: a timer's end, a deadline. */
  readonly dueMs: number | null;
  readonly payload?: string;
  readonly child?: Pick<ChildRequest, 'title' | 'graph' | 'input'>;
}

export interface WaitEnd {
  readonly result: WaitResult;
  readonly row: Pick<JournalStep, 'name' | 'occurrence' | 'subject'>;
}

interface OpenWait {
  readonly kind: WaitKind;
  readonly name: string;
  readonly occurrence: number;
  readonly dueMs: number | null;
  end(end: WaitEnd | Promise<WaitEnd>): void;
}

/** What a task says it waits for when it waits for several things: the one that needs somebody comes first. */
const reasons = ['approval', 'event', 'child', 'sleep'] as const;
const TIMED_OUT: WaitResult = { status: 'timeout' };

export class OpenWaits {
  readonly #core: ExecutionCore;
  readonly #open = new Set<OpenWait>();
  #newRows: JournalStep[] = [];
  #newChildren: ChildRequest[] = [];

  constructor(core: ExecutionCore) {
    this.#core = core;
  }

  get size(): number {
    return this.#open.size;
  }

  /** The earliest timer or deadline, or null. */
  get dueMs(): number | null {
    let earliest: number | null = null;
    for (const { dueMs } of this.#open) {
      if (dueMs !== null && (earliest === null || dueMs < earliest)) earliest = dueMs;
    }
    return earliest;
  }

  /** Opens a wait, or takes up the one that the journal holds. Resolves when it is over; stays pending over suspensions. */
  open(wait: NewWait): Promise<WaitEnd> {
    const { cursor, clock, isReplay } = this.#core;
    if (insideWork.getStore() === this.#core) {
      throw misuse(
        `"${wait.name}" inside a step or an effect would wait for itself: wait outside of it`,
      );
    }
    const { kind, name } = wait;
    const occurrence = cursor.next(name);
    const recorded = cursor.find(name, occurrence, kind);
    if (recorded !== undefined && recorded.result !== null) return Promise.resolve(ended(recorded));
    if (isReplay) {
      if (recorded === undefined) return Promise.reject(diverged(this.#core, { name, occurrence }));
      if (kind === 'sleep') return Promise.resolve({ result: TIMED_OUT, row: recorded });
    }
    const dueMs = recorded === undefined ? wholeMs(wait.dueMs) : (recorded.dueMs ?? null);
    if (recorded === undefined) this.#addRow({ ...wait, dueMs }, occurrence);
    else if (dueMs !== null && dueMs <= clock.now() && !isReplay) return this.#expire(recorded);
    return new Promise((end) => {
      this.#open.add({ kind, name, occurrence, dueMs, end });
      this.#core.waitOpened();
    });
  }

  /** Ends the waits that the journal answers or whose time is over; says whether there were any. */
  settle(): boolean {
    const { cursor, clock } = this.#core;
    const nowMs = clock.now();
    let anyEnded = false;
    for (const wait of this.#open) {
      const row = cursor.find(wait.name, wait.occurrence, wait.kind);
      if (row === undefined) continue;
      const isDue = wait.dueMs !== null && wait.dueMs <= nowMs;
      if (row.result === null && !isDue) continue;
      this.#open.delete(wait);
      anyEnded = true;
      wait.end(row.result === null ? this.#expire(row) : ended(row));
    }
    return anyEnded;
  }

  /** The outcome that gives the turn back: everything that is open, and the rows that nobody has yet (`held` ones before). */
  suspension(held: readonly JournalStep[]): Suspension {
    const open = [...this.#open];
    const steps = this.#newRows.length === 0 ? held : [...held, ...this.#newRows];
    const children = this.#newChildren;
    this.#newRows = [];
    this.#newChildren = [];
    return {
      status: 'suspended',
      dueMs: this.dueMs,
      reason: reasons.find((reason) => open.some(({ kind }) => kind === reason)) ?? 'sleep',
      steps,
      // a timer has no answer that could come in between
      openWaits: open
        .filter(({ kind }) => kind !== 'sleep')
        .map(({ name, occurrence }) => ({ name, occurrence })),
      children,
    };
  }

  #addRow({ kind, name, dueMs, payload, child }: NewWait, occurrence: number): void {
    const { cursor, clock } = this.#core;
    const row: JournalStep = {
      name,
      occurrence,
      kind,
      result: null,
      ...(dueMs === null ? {} : { dueMs }),
      ...(payload === undefined ? {} : { payload }),
      atMs: clock.now(),
    };
    this.#newRows.push(cursor.add(row));
    if (child !== undefined) this.#newChildren.push({ name, occurrence, ...child });
  }

  async #expire(row: JournalStep): Promise<WaitEnd> {
    if (row.kind !== 'sleep') {
      const { writer, clock } = this.#core;
      this.#core.workBegins();
      try {
        writer.holdChange({ ...row, result: JSON.stringify(TIMED_OUT), atMs: clock.now() });
        await writer.barrier();
      } finally {
        this.#core.workDone();
      }
    }
    return { result: TIMED_OUT, row };
  }
}

/** Stores keep whole milliseconds; a wait is never shorter than asked for. */
function wholeMs(ms: number | null): number | null {
  return ms === null ? null : Math.ceil(ms);
}

function ended(row: JournalStep): WaitEnd {
  if (row.kind === 'sleep') return { result: TIMED_OUT, row };
  const result = recordedValue(row) as WaitResult | null;
  if (result === null || !isStatus(result.status)) {
    throw hiveError('JOURNAL_MISMATCH', {
      message: `the recorded answer of "${row.name}" number ${row.occurrence} is none`,
    });
  }
  return { result, row };
}

function isStatus(status: string): status is WaitResult['status'] {
  return status === 'ok' || status === 'failed' || status === 'timeout';
}
