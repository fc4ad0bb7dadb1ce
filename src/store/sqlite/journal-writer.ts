// Writing journals. Runs in the writer thread inside the flush's transaction; guards are the caller's.
// I1: a result that is there is never changed (S9). I2: a row is known by (task, name, occurrence) and keeps its place. I3: an event wait that opens
// takes the oldest event of its name from the inbox, and that event is gone for others (S10). I4: journal_steps is the number of rows and the next place.

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { idBytes } from '../../contract/plain.ts';
import type { JournalStep, TaskKey, TenantKey } from '../../contract/index.ts';
import { eventAnswer, splitSubject } from '../event-answer.ts';
import { SURELY_SMALL } from './blobs.ts';
import type { Blobs } from './blobs.ts';
import { refuseNul } from './refuse-nul.ts';

interface TaskSteps {
  tenant: TenantKey;
  task: TaskKey;
  steps: readonly JournalStep[];
}

/** Rows of one statement: as many as an attempt usually holds back until its end. */
const MAX_WHOLE = 16;

/** A small finished step or sleep: it refers to nothing and needs no blob. */
function isPlainStep(step: JournalStep): boolean {
  return (
    step.kind !== 'event' &&
    step.dueMs === undefined &&
    step.subject === undefined &&
    step.payload === undefined &&
    (step.result === null || step.result.length < SURELY_SMALL)
  );
}

export class JournalWriter {
  readonly #db: DatabaseSync;
  readonly #wholes: (StatementSync | undefined)[] = [];
  readonly #blobs: Blobs;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #count: StatementSync;
  readonly #addCount: StatementSync;
  readonly #next: StatementSync;
  readonly #take: StatementSync;
  readonly #answer: StatementSync;
  readonly #moveToBlob: StatementSync;
  readonly #blobsOf: StatementSync;
  readonly #effects: StatementSync;
  readonly #clear: StatementSync;
  readonly #setCount: StatementSync;

  constructor(db: DatabaseSync, blobs: Blobs) {
    this.#db = db;
    this.#blobs = blobs;
    this.#insert =
      db.prepare(`insert into journal (tenant, task, position, name, occurrence, kind, result, due_ms, at_ms, subject, payload, code, blob)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (task, name, occurrence) do nothing`);
    // Right sides see the row as it was: `result is null and blob is null` means open in every line.
    this.#update = db.prepare(`update journal set
      at_ms = case when result is null and blob is null then ?1 else at_ms end,
      due_ms = case when result is null and blob is null then coalesce(?2, due_ms) else due_ms end,
      result = case when result is null and blob is null then ?3 else result end,
      blob = case when result is null and blob is null then ?4 else blob end,
      subject = coalesce(subject, ?5), payload = coalesce(?6, payload), code = coalesce(code, ?7)
      where task = ?8 and name = ?9 and occurrence = ?10`);
    this.#count = db.prepare('select journal_steps from tasks where key = ?');
    this.#addCount = db.prepare('update tasks set journal_steps = journal_steps + ? where key = ?');
    this.#setCount = db.prepare('update tasks set journal_steps = ? where key = ?');
    this.#next = db.prepare(
      'select key, data from inbox where tenant = ? and run = ? and name = ? and taken = 0 order by key limit 1',
    );
    this.#take = db.prepare(`update inbox set taken = 2, data = '' where key = ?`);
    // An ended task has no open waits, whatever its rows say.
    this.#moveToBlob = db.prepare(
      'update journal set result = null, blob = ? where task = ? and name = ? and occurrence = ?',
    );
    this.#answer = db.prepare(`update journal set result = ?, at_ms = ?
      where task = ? and name = ? and occurrence = ? and result is null and blob is null and (? is null or subject = ?)
        and exists (select 1 from tasks where key = journal.task and state < 6) returning tenant`);
    this.#blobsOf = db.prepare(
      `select blob from journal where task = ? and kind <> 'effect' and blob is not null`,
    );
    this.#effects = db.prepare(
      `select * from journal where task = ? and kind = 'effect' order by position`,
    );
    this.#clear = db.prepare('delete from journal where task = ?');
  }

  /** Appends to what the task has, or updates the rows that exist. */
  write(tenant: TenantKey, task: TaskKey, steps: readonly JournalStep[]): void {
    const first = Number(this.#count.get(task)?.['journal_steps'] ?? 0);
    const added = this.writeFrom(first, { tenant, task, steps });
    if (added > 0) this.#addCount.run(added, task);
  }

  /** The same when the next place is known; returns the number of new rows, which the caller counts. */
  writeFrom(first: number, journal: TaskSteps): number {
    if (first === 0 && this.#writeWhole(journal)) return journal.steps.length;
    return this.#writeSingly(first, journal);
  }

  /** All rows of a journal that has none, in one statement; false when it is not as plain as that, and nothing is written then. */
  #writeWhole({ tenant, task, steps }: TaskSteps): boolean {
    if (steps.length < 2 || steps.length > MAX_WHOLE || !steps.every(isPlainStep)) return false;
    const values: (string | number | null)[] = [];
    let position = 0;
    for (const { name, occurrence, kind, result, atMs, code = null } of steps) {
      refuseNul(name, result, code);
      values.push(tenant, task, position++, name, occurrence, kind, result, atMs, code);
    }
    const { changes } = this.#whole(steps.length).run(...values);
    if (changes === steps.length) return true;
    this.#clear.run(task); // a step is there twice: the second one updates the first
    return false;
  }

  #whole(rows: number): StatementSync {
    let statement = this.#wholes[rows];
    if (statement === undefined) {
      const places = Array.from({ length: rows }, () => '(?, ?, ?, ?, ?, ?, ?, ?, ?)').join(', ');
      statement = this.#db.prepare(
        `insert into journal (tenant, task, position, name, occurrence, kind, result, at_ms, code) values ${places} on conflict do nothing`,
      );
      this.#wholes[rows] = statement;
    }
    return statement;
  }

  #writeSingly(first: number, { tenant, task, steps }: TaskSteps): number {
    let position = first;
    for (const step of steps) {
      refuseNul(step.name, step.result, step.subject, step.payload, step.code);
      const blob = this.#blobs.keep(tenant, step.result, step.atMs);
      const result = blob === null ? step.result : null;
      const { dueMs = null, subject = null, payload = null, code = null } = step;
      const inserted = this.#insert.run(
        tenant,
        task,
        position,
        step.name,
        step.occurrence,
        step.kind,
        result,
        dueMs,
        step.atMs,
        subject,
        payload,
        code,
        blob,
      );
      if (inserted.changes === 0) {
        const { atMs, name, occurrence } = step;
        this.#update.run(atMs, dueMs, result, blob, subject, payload, code, task, name, occurrence);
        continue;
      }
      position++;
      if (step.kind === 'event' && step.result === null) this.#takeEvent(tenant, task, step);
    }
    return position - first;
  }

  #takeEvent(tenant: TenantKey, task: TaskKey, step: JournalStep): void {
    if (step.subject === undefined) return;
    const { run, name } = splitSubject(step.subject);
    const event = this.#next.get(tenant, idBytes('run', run), name);
    if (event === undefined) return;
    const result = eventAnswer(name, String(event['data']));
    this.answer({ task, name: step.name, occurrence: step.occurrence, result, atMs: step.atMs });
    this.#take.run(Number(event['key']));
  }

  /** Writes the result of an open wait. False when it is not open: answered before, unknown, of another subject, or its task has ended. */
  answer(row: {
    task: TaskKey;
    name: string;
    occurrence: number;
    result: string;
    atMs: number;
    subject?: string;
  }): boolean {
    const { task, name, occurrence, result, atMs, subject = null } = row;
    refuseNul(result);
    const answered = this.#answer.get(result, atMs, task, name, occurrence, subject, subject);
    if (answered === undefined) return false;
    const tenant = Number(answered['tenant']);
    const blob = this.#blobs.keep(tenant, result, atMs);
    if (blob !== null) this.#moveToBlob.run(blob, task, name, occurrence);
    return true;
  }

  /** Deletes every row but effects, which lose the mark of the code that wrote them: the code that goes on writes its own. */
  reset(tenant: TenantKey, task: TaskKey): void {
    const hashes = this.#blobsOf.all(task).map((row) => row['blob'] as Uint8Array);
    const effects = this.#effects.all(task);
    this.#clear.run(task);
    for (const [position, row] of effects.entries()) {
      const { name, occurrence, kind, result, due_ms: dueMs, at_ms: atMs } = row;
      const { subject, payload, blob } = row;
      this.#insert.run(
        tenant,
        task,
        position,
        name ?? '',
        occurrence ?? 0,
        kind ?? 'effect',
        result ?? null,
        dueMs ?? null,
        atMs ?? 0,
        subject ?? null,
        payload ?? null,
        null,
        blob ?? null,
      );
    }
    this.#setCount.run(effects.length, task);
    this.#blobs.drop(tenant, hashes);
  }
}
