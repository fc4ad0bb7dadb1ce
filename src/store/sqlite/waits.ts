// Answers to open waits, and events for runs. Runs in the writer thread inside the flush's transaction.
// I1: the first answer wins (S9). I2: an answered task that waits becomes ready, or paused when it is held (S11); any other keeps its state.
// I3: an event goes to the oldest open wait of its name or into the inbox, never to both and never to a task that has ended.

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { idBytes, taskStates } from '../../contract/plain.ts';
import type { NewDelivery, TaskKey, WaitAnswer } from '../../contract/index.ts';
import { eventAnswer, eventSubject } from '../event-answer.ts';
import { hashOf } from './blobs.ts';
import type { ChangeSink } from './change-sink.ts';
import type { Dictionaries } from './dictionaries.ts';
import { refuseNul } from './refuse-nul.ts';
import type { JournalWriter } from './journal-writer.ts';

export class Waits {
  readonly #dictionaries: Dictionaries;
  readonly #journals: JournalWriter;
  readonly #sink: ChangeSink;
  readonly #row: StatementSync;
  readonly #open: StatementSync;
  readonly #wake: StatementSync;
  readonly #oldest: StatementSync;
  readonly #keep: StatementSync;
  readonly #byKey: StatementSync;
  readonly #kept: StatementSync;

  constructor(
    db: DatabaseSync,
    parts: { dictionaries: Dictionaries; journals: JournalWriter; sink: ChangeSink },
  ) {
    this.#dictionaries = parts.dictionaries;
    this.#journals = parts.journals;
    this.#sink = parts.sink;
    this.#row = db.prepare(
      'select result, blob, at_ms from journal where task = ? and name = ? and occurrence = ?',
    );
    this.#open =
      db.prepare(`select 1 from journal where task = ? and name = ? and occurrence = ? and result is null and blob is null
      and exists (select 1 from tasks where key = journal.task and state < 6)`);
    this.#wake =
      db.prepare(`update tasks set state = case hold when 1 then 4 else 2 end, reason = case hold when 1 then 'run' else 'none' end,
      hold = 0, due_ms = null where key = ? and state = 1 returning state, lane`);
    this.#oldest =
      db.prepare(`select j.task, j.name, j.occurrence from journal j join tasks t on t.key = j.task
      where j.tenant = ? and j.subject = ? and j.kind = 'event' and j.kind in ('event', 'child') and j.result is null and j.blob is null
        and t.state < 6 order by j.at_ms, j.task, j.position limit 1`);
    this.#keep = db.prepare(
      'insert into inbox (tenant, run, name, data, sent_by, at_ms, idem, taken) values (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#byKey = db.prepare(
      'select taken from inbox where tenant = ? and run = ? and name = ? and idem = ?',
    );
    this.#kept = db.prepare(
      'select 1 from inbox where tenant = ? and run = ? and name = ? and at_ms = ? and sent_by = ? and taken <> 1 limit 1',
    );
  }

  /** Whether a wait has its answer. */
  isAnswered(task: TaskKey, wait: { name: string; occurrence: number }): boolean {
    const row = this.#row.get(task, wait.name, wait.occurrence);
    return row !== undefined && (row['result'] !== null || row['blob'] !== null);
  }

  /** Whether it can be answered: it exists, has no answer, and its task has not ended. */
  isOpen({ task, name, occurrence }: WaitAnswer): boolean {
    return this.#open.get(task, name, occurrence) !== undefined;
  }

  /** True when the wait holds this very answer: the unit that brings it again is a repeated one (S6). */
  holds(answer: WaitAnswer): boolean {
    const row = this.#row.get(answer.task, answer.name, answer.occurrence);
    if (row === undefined || row['at_ms'] !== answer.atMs) return false;
    return row['blob'] instanceof Uint8Array
      ? Buffer.compare(row['blob'], hashOf(answer.result)) === 0
      : row['result'] === answer.result;
  }

  /** False when it was not open any more; nothing is written then. */
  answer(answer: WaitAnswer): boolean {
    if (!this.#journals.answer(answer)) return false;
    const woken = this.#wake.get(answer.task);
    if (woken?.['state'] === taskStates.ready)
      this.#sink.ready(this.#dictionaries.lane(Number(woken['lane'])));
    return true;
  }

  /** Gives the event to a wait or keeps it. `repeated`: this idempotency key came before, and nothing was written. */
  deliver(event: NewDelivery): { delivered: boolean; repeated: boolean } {
    refuseNul(event.name, event.data, event.by, event.idempotencyKey);
    const run = idBytes('run', event.run);
    const idem = event.idempotencyKey ?? null;
    if (idem !== null) {
      const before = this.#byKey.get(event.tenant, run, event.name, idem);
      if (before !== undefined) return { delivered: before['taken'] === 1, repeated: true };
    }
    const wait = this.#oldest.get(event.tenant, eventSubject(event.run, event.name));
    const delivered =
      wait !== undefined &&
      this.answer({
        task: Number(wait['task']),
        name: String(wait['name']),
        occurrence: Number(wait['occurrence']),
        result: eventAnswer(event.name, event.data),
        atMs: event.atMs,
      });
    if (!delivered || idem !== null) {
      const data = delivered ? '' : event.data;
      this.#keep.run(
        event.tenant,
        run,
        event.name,
        data,
        event.by,
        event.atMs,
        idem,
        delivered ? 1 : 0,
      );
    }
    return { delivered, repeated: false };
  }

  /** What `deliver` answered when this event came (S6): only what found no wait has a row in the inbox. */
  wasDelivered(event: NewDelivery): boolean {
    const run = idBytes('run', event.run);
    return this.#kept.get(event.tenant, run, event.name, event.atMs, event.by) === undefined;
  }
}
