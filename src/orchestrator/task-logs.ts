// Lines that agents write (execution_logs, S0-146 to S0-152): gathered and written together; a log line never holds up the work it tells of.
// I1: bounded; when the store is slower than the agents talk, lines are dropped and counted. I2: flushed at stop. I3: no line throws.

import { idBytes } from '../contract/index.ts';
import type { AttemptHost, ClaimedTask, Statement, Store } from '../contract/index.ts';
import type { Clock, IdSource } from '../kernel/index.ts';

type Line = Parameters<AttemptHost['log']>[0];

/** Lines waiting for the store: some megabytes at most. */
const MAX_WAITING = 10_000;
const FLUSH_MS = 200;
const MAX_MESSAGE_CHARS = 8_000;

export class TaskLogs {
  readonly #parts: { store: Store; clock: Clock; ids: IdSource; redact: (text: string) => string };
  #waiting: Statement[] = [];
  #dropped = 0;
  #armed = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(parts: {
    store: Store;
    clock: Clock;
    ids: IdSource;
    redact: (text: string) => string;
  }) {
    this.#parts = parts;
  }

  add(entry: { task: ClaimedTask; agent: string; line: Line }): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#dropped++;
      return;
    }
    const { task, agent, line } = entry;
    const { ids, clock, redact } = this.#parts;
    const message = redact(String(line.message))
      .slice(0, MAX_MESSAGE_CHARS)
      .replaceAll('\u0000', '');
    const fields = fieldsJson(line.fields);
    const metadata = fields === null ? null : redact(fields).slice(0, MAX_MESSAGE_CHARS);
    this.#waiting.push({
      sql: this.#sql,
      parameters: [
        idBytes('log', ids.make('log')),
        task.tenant,
        task.runId === null ? null : idBytes('run', task.runId),
        idBytes('task', task.id),
        agent,
        String(line.level),
        message,
        metadata,
        clock.now(),
      ],
    });
    this.#arm();
  }

  get #sql(): string {
    const marks = Array.from({ length: 9 }, (_, at) =>
      this.#parts.store.dialect === 'sqlite' ? '?' : `$${at + 1}`,
    );
    return `insert into execution_logs (id, tenant, run, task, agent, log_level, message, metadata, created_ms) values (${marks.join(', ')})`;
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#parts.clock.after(FLUSH_MS, () => {
      this.#armed = false;
      void this.flush();
    });
  }

  /** Writes what waits; resolves when it is stored or given up. */
  flush(): Promise<void> {
    const lines = this.#waiting;
    this.#waiting = [];
    if (lines.length > 0) {
      this.#writing = this.#writing
        .then(() => this.#parts.store.write(lines))
        .catch(() => {
          this.#dropped += lines.length; // the store is in trouble and says so elsewhere
        });
    }
    return this.#writing;
  }

  get dropped(): number {
    return this.#dropped;
  }
}

/** What an agent hands over is anything (a worker may send bigints and cycles): it must not throw into the hive. */
function fieldsJson(fields: unknown): string | null {
  try {
    return JSON.stringify(fields) ?? null;
  } catch (error) {
    return JSON.stringify({ omitted: `the fields are not JSON: ${String(error)}` });
  }
}
