/**
 * Hosts agents in worker threads, one attempt per worker at a time: an agent that loops, eats memory
 * or exits costs its worker and nothing else.
 * Owns: the jobs of its pool and their deadlines. Does not own: waiting in line before a slot (the
 * dispatcher does; the pool's queue only bridges more slots than threads).
 *
 * A job: waiting for a worker > running > told (the outcome is known; after a cancel the worker still
 * gets ABORT_GRACE_MS to stop by itself) > over.
 * I1: every run settles once. I2: the deadline counts from the moment the attempt has a worker.
 * I3: a worker is used again only after it said `done`; otherwise it is terminated.
 */
import type { Attempt, AttemptHost, AttemptOutcome } from '../../contract/index.ts';
import { hiveError } from '../../contract/index.ts';
import { ThreadPool } from '../../kernel/index.ts';
import type { Clock, ThreadEnd, ThreadTicket } from '../../kernel/index.ts';
import type { ThreadSource } from './agent-source.ts';
import type { Deadline, Deadlines } from './deadlines.ts';
import { cancelled, shutDown, timedOut } from './ends.ts';
import { errorRecord, failed } from './outcomes.ts';
import type { FromWorker, JournalAnswer, ToWorker } from './worker-messages.ts';

/** An agent that obeys its signal needs milliseconds; a worker costs 50 ms to replace. */
const ABORT_GRACE_MS = 1_000;
/** Attempts are leased already when they wait here: more than this means slots and threads disagree. */
const MAX_QUEUE = 10_000;
const MAX_OUTPUT_CHARS = 4_000;

export interface ThreadHostOptions {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly threads: number;
  readonly heapMb: number;
  readonly maxPayloadBytes: number;
}

export class ThreadHost {
  readonly #options: ThreadHostOptions;
  readonly #pool: ThreadPool;
  #nextJob = 0;

  constructor(options: ThreadHostOptions) {
    this.#options = options;
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'; // the compiled package has no .ts
    this.#pool = new ThreadPool({
      entry: new URL(`worker-main.${extension}`, import.meta.url),
      size: options.threads,
      heapMb: options.heapMb,
      maxQueue: MAX_QUEUE,
      name: 'hive-agent',
    });
  }

  run(source: ThreadSource, attempt: Attempt, host: AttemptHost): Promise<AttemptOutcome> {
    if (attempt.signal.aborted) return Promise.resolve(cancelled(attempt.signal).outcome);
    return new Promise((resolve) => {
      const job = new Job({
        ...this.#options,
        id: this.#nextJob++,
        source,
        attempt,
        host,
        resolve,
      });
      try {
        job.begin(this.#pool.submit(job));
      } catch (error) {
        resolve(failed(error));
      }
    });
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

type JournalMessage = Extract<FromWorker, { kind: 'journal' }>;

interface JobOptions extends ThreadHostOptions {
  readonly id: number;
  readonly source: ThreadSource;
  readonly attempt: Attempt;
  readonly host: AttemptHost;
  resolve(outcome: AttemptOutcome): void;
}

class Job {
  readonly #options: JobOptions;
  #ticket: ThreadTicket | undefined;
  #deadline: Deadline | undefined;
  #state: 'waiting' | 'running' | 'told' = 'waiting';
  readonly #onAbort = (): void => {
    this.#cancel();
  };

  constructor(options: JobOptions) {
    this.#options = options;
  }

  begin(ticket: ThreadTicket): void {
    this.#ticket = ticket;
    this.#options.attempt.signal.addEventListener('abort', this.#onAbort);
  }

  onStart(): void {
    const { id, source, attempt, deadlines, maxPayloadBytes } = this.#options;
    const { taskId, runId, agent, input, journal, mode = 'live' } = attempt;
    this.#state = 'running';
    this.#deadline = deadlines.add(attempt.timeoutMs, () => {
      this.#tell(timedOut(attempt).outcome);
      this.#ticket?.kill();
    });
    this.#post({
      kind: 'run',
      job: id,
      module: source.module,
      exportName: source.exportName,
      facts: { taskId, runId, agent, attempt: attempt.attempt, input, journal, mode },
      maxPayloadBytes,
    });
  }

  onMessage(received: unknown): void {
    // Our own worker-main is the usual sender, but an agent's code can post to its parent too: nothing it says may throw here.
    if (typeof received !== 'object' || received === null) return;
    const message = received as FromWorker;
    if (message.job !== this.#options.id) return;
    switch (message.kind) {
      case 'done':
        this.#tell(message.outcome);
        this.#ticket?.release();
        return;
      case 'journal':
        void this.#journal(message);
        return;
      case 'log':
        if (this.#state === 'running') this.#options.host.log(message.line);
        return;
      case 'progress':
        if (this.#state === 'running') this.#options.host.progress(message.data);
        return;
      default:
        message satisfies never;
    }
  }

  onOutput(text: string): void {
    if (this.#state !== 'running') return;
    const message = text.trimEnd().slice(0, MAX_OUTPUT_CHARS);
    if (message !== '')
      this.#options.host.log({ level: 'INFO', message, fields: { from: 'output' } });
  }

  onEnd(end: ThreadEnd): void {
    this.#tell(endOutcome(end, this.#options));
  }

  async #journal({ write, steps, reset }: JournalMessage): Promise<void> {
    const { id, host } = this.#options;
    let written: JournalAnswer = { kind: 'refused' };
    try {
      const append = (): Promise<boolean> =>
        reset ? host.appendJournal(steps, { reset }) : host.appendJournal(steps);
      if (this.#state === 'running' && (await append())) written = { kind: 'written' };
    } catch (error) {
      written = { kind: 'error', message: errorRecord(error, 'STORE_UNAVAILABLE').message };
    }
    this.#post({ kind: 'journal-written', job: id, write, written });
  }

  #cancel(): void {
    const { state, ticket } = { state: this.#state, ticket: this.#ticket };
    this.#tell(cancelled(this.#options.attempt.signal).outcome);
    if (state === 'waiting') return ticket?.release();
    this.#post({ kind: 'abort', job: this.#options.id });
    this.#options.clock.after(ABORT_GRACE_MS, () => ticket?.kill()); // no effect once released
  }

  #tell(outcome: AttemptOutcome): void {
    if (this.#state === 'told') return;
    this.#state = 'told';
    if (this.#deadline !== undefined) this.#options.deadlines.delete(this.#deadline);
    this.#options.attempt.signal.removeEventListener('abort', this.#onAbort);
    this.#options.resolve(outcome);
  }

  #post(message: ToWorker): void {
    this.#ticket?.post(message);
  }
}

function endOutcome(end: ThreadEnd, { attempt, heapMb }: JobOptions): AttemptOutcome {
  const crashed = (code: 'AGENT_MEMORY' | 'AGENT_CRASHED', message: string): AttemptOutcome => ({
    status: 'crashed',
    error: hiveError(code, { message }).toRecord(),
  });
  const { agent } = attempt;
  switch (end.kind) {
    case 'memory':
      return crashed('AGENT_MEMORY', `${agent} used more than ${heapMb} MB of heap and was ended`);
    case 'exit':
      return crashed('AGENT_CRASHED', `the worker of ${agent} exited with code ${end.exitCode}`);
    case 'error': {
      const { message } = errorRecord(end.error, 'AGENT_CRASHED');
      return crashed(
        'AGENT_CRASHED',
        `the worker of ${agent} died of an uncaught error: ${message}`,
      );
    }
    case 'closed':
      return shutDown().outcome;
    default:
      return end satisfies never;
  }
}
