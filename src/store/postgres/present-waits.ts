// What is known of waits while the units of one flush are judged: journal rows that may be answered, open waits for events, the inboxes.
// Pure: no SQL, no time. Judging a unit moves it on, so that the next unit sees what will be written.
// I1: a row is answered once (S9). I2: an event goes to one wait, a wait takes one event, both oldest first (S10).

import { formatId } from '../../contract/index.ts';
import type {
  JournalStep,
  NewDelivery,
  TaskKey,
  TenantKey,
  WaitAnswer,
} from '../../contract/index.ts';
import { eventAnswer, eventSubject } from '../event-answer.ts';
import type { AnswerRow } from './sql-journal.ts';
import type { InboxInsert } from './sql-waits.ts';

/** A journal row as SQL gives it. */
export interface WaitCells {
  task: TaskKey;
  name: string;
  occurrence: number;
  kind: string;
  subject: string | null;
  result: string | null;
  at_ms: number;
  open: boolean;
}

/** An event that nobody took, as SQL gives it. */
export interface InboxCells {
  key: number;
  tenant: TenantKey;
  run: Uint8Array;
  name: string;
  data: string;
  at_ms: number;
  idem: string | null;
  token: number | null;
  taken: number;
}

/** 0: waits for a wait; 1: went to an open wait at once; 2: was taken by a wait that opened later. */
type Taken = 0 | 1 | 2;

interface Kept {
  /** Null while it is to be inserted. */
  key: number | null;
  name: string;
  data: string;
  atMs: number;
  taken: Taken;
  insert?: InboxInsert;
}

type WaitName = Pick<WaitAnswer, 'task' | 'name' | 'occurrence'>;
const nameOf = (wait: WaitName): string => `${wait.task} ${wait.occurrence} ${wait.name}`;

export class PresentWaits {
  readonly #rows = new Map<string, WaitCells>();
  /** By subject, oldest first. */
  readonly #openEvents = new Map<string, WaitCells[]>();
  readonly #inbox = new Map<string, Kept[]>();
  /** By subject and idempotency key, and by token. */
  readonly #sent = new Map<string, Kept>();
  readonly #newlyTaken: number[] = [];
  readonly #inserts: InboxInsert[] = [];

  add(row: WaitCells): void {
    if (this.#rows.has(nameOf(row))) return;
    this.#rows.set(nameOf(row), row);
    if (row.kind !== 'event' || !row.open || row.subject === null) return;
    const list = this.#openEvents.get(row.subject);
    if (list === undefined) this.#openEvents.set(row.subject, [row]);
    else list.push(row);
  }

  addInbox(row: InboxCells): void {
    const kept = this.#keptOf(row);
    const subject = eventSubject(formatId('run', row.run), row.name);
    this.#inbox.set(subject, [...(this.#inbox.get(subject) ?? []), kept]);
  }

  addSent(row: InboxCells): void {
    const subject = eventSubject(formatId('run', row.run), row.name);
    const kept = this.#keptOf(row);
    if (row.idem !== null) this.#sent.set(`${subject} idem ${row.idem}`, kept);
    if (row.token !== null) this.#sent.set(`${subject} token ${row.token}`, kept);
  }

  #keptOf(row: InboxCells): Kept {
    return {
      key: row.key,
      name: row.name,
      data: row.data,
      atMs: row.at_ms,
      taken: row.taken === 1 ? 1 : row.taken === 2 ? 2 : 0,
    };
  }

  /** Undefined: there is no such row. */
  get(wait: WaitName): WaitCells | undefined {
    return this.#rows.get(nameOf(wait));
  }

  /** Rows that an accepted unit writes. */
  written(task: TaskKey, steps: readonly JournalStep[]): void {
    for (const step of steps) {
      if (step.kind === 'step') continue;
      const now = this.get({ ...step, task });
      if (now === undefined)
        this.add({
          task,
          name: step.name,
          occurrence: step.occurrence,
          kind: step.kind,
          subject: step.subject ?? null,
          result: step.result,
          at_ms: step.atMs,
          open: step.result === null,
        });
      else if (now.open && step.result !== null) this.#close(now, step.result, step.atMs);
    }
  }

  /** Answers an open row; undefined when it is not open or has another subject. */
  answer(answer: WaitAnswer): AnswerRow | undefined {
    const row = this.get(answer);
    if (row?.open !== true) return undefined;
    if (answer.subject !== undefined && answer.subject !== row.subject) return undefined;
    this.#close(row, answer.result, answer.atMs);
    return { ...answer };
  }

  #close(row: WaitCells, result: string, atMs: number): void {
    row.open = false;
    row.result = result;
    row.at_ms = atMs;
    if (row.subject === null) return;
    const list = this.#openEvents.get(row.subject);
    const at = list?.indexOf(row) ?? -1;
    if (at >= 0) list?.splice(at, 1);
  }

  /** Gives an open wait the oldest event of its inbox. */
  takeFor(wait: WaitName): AnswerRow | undefined {
    const row = this.get(wait);
    if (row?.open !== true || row.kind !== 'event' || row.subject === null) return undefined;
    const kept = this.#inbox.get(row.subject)?.shift();
    if (kept === undefined) return undefined;
    this.#take(kept, 2);
    return this.answer({ ...wait, result: eventAnswer(kept.name, kept.data), atMs: kept.atMs });
  }

  #take(kept: Kept, taken: 1 | 2): void {
    kept.taken = taken;
    if (kept.key !== null) this.#newlyTaken.push(kept.key);
    else if (kept.insert !== undefined) kept.insert.taken = taken;
  }

  /** An earlier delivery with the same idempotency key or of the same unit. */
  sentBefore(delivery: NewDelivery, token: number): { delivered: boolean } | undefined {
    const subject = eventSubject(delivery.run, delivery.name);
    const kept =
      this.#sent.get(`${subject} token ${token}`) ??
      (delivery.idempotencyKey === undefined
        ? undefined
        : this.#sent.get(`${subject} idem ${delivery.idempotencyKey}`));
    return kept === undefined ? undefined : { delivered: kept.taken === 1 };
  }

  /** Gives the event to the oldest open wait of a task that `isOpen`, else keeps it. */
  deliver(
    delivery: NewDelivery,
    of: { token: number; isOpen: (task: TaskKey) => boolean },
  ): AnswerRow | undefined {
    const subject = eventSubject(delivery.run, delivery.name);
    const { tenant, run, name, data, by, atMs } = delivery;
    const insert: InboxInsert = {
      tenant,
      run,
      name,
      data,
      by,
      atMs,
      idem: delivery.idempotencyKey,
      token: of.token,
      taken: 0,
    };
    const kept: Kept = { key: null, name, data, atMs, taken: 0, insert };
    this.#inserts.push(insert);
    this.#sent.set(`${subject} token ${of.token}`, kept);
    if (delivery.idempotencyKey !== undefined)
      this.#sent.set(`${subject} idem ${delivery.idempotencyKey}`, kept);
    const row = this.#openEvents.get(subject)?.find(({ task }) => of.isOpen(task));
    if (row === undefined) {
      this.#inbox.set(subject, [...(this.#inbox.get(subject) ?? []), kept]);
      return undefined;
    }
    this.#take(kept, 1);
    const { task, occurrence } = row;
    const result = eventAnswer(kept.name, kept.data);
    return this.answer({ task, name: row.name, occurrence, result, atMs });
  }

  /** Inbox rows to write: those that are new, and keys of those taken. */
  changes(): { inserts: readonly InboxInsert[]; taken: readonly number[] } {
    return { inserts: this.#inserts, taken: this.#newlyTaken };
  }
}
