// A bounded pool of warm worker threads, one job per worker at a time.
// Owns: the workers, the queue of jobs that wait for one, who works on what. Does not own: what messages mean, deadlines.
// I1: a worker serves at most one job at a time, so a killed or dying worker costs exactly that job. I2: at most `size` live
// workers; one that ends is replaced at once while jobs wait, else on demand (a worker that dies at start cannot spin).
// I3: onEnd comes at most once and never after release() or kill(). I4: idle workers do not keep the process alive.
//
// A job: waiting (no free worker) > working (onStart was called) > over, by release() (the worker is free again), kill()
// (the worker is terminated), or the worker's own end (onEnd). release() or kill() of a waiting job withdraws it.
// A worker: idle > busy > idle; ended from either.

import { Worker } from 'node:worker_threads';
import { hiveError } from '../contract/plain.ts';
import { threadEnvironment } from './thread-environment.ts';

export interface ThreadPoolOptions {
  /** The module that every worker starts with. */
  entry: URL;
  size: number;
  /** JavaScript heap per worker; buffers outside the heap are not counted by V8. */
  heapMb: number;
  /** Jobs that may wait. */
  maxQueue: number;
  /** Shown by debuggers and process lists. */
  name: string;
}

export type ThreadEnd =
  | { kind: 'memory' }
  | { kind: 'exit'; exitCode: number }
  | { kind: 'error'; error: unknown }
  | { kind: 'closed' };

export interface ThreadJob {
  /** A worker is its own from here on. */
  onStart(): void;
  onMessage(message: unknown): void;
  /** What the worker wrote to its standard output or error. */
  onOutput(text: string): void;
  onEnd(end: ThreadEnd): void;
}

export interface ThreadTicket {
  /** Sends to the worker of this job; nothing happens when it has none. */
  post(message: unknown): void;
  /** The job is over and its worker is fit for the next one. */
  release(): void;
  /** The job is over and its worker is not to be trusted: it is terminated. */
  kill(): void;
}

interface Entry {
  job: ThreadJob;
  state: { kind: 'waiting' } | { kind: 'working'; thread: Thread } | { kind: 'over' };
}

interface Thread {
  worker: Worker;
  entry: Entry | undefined;
  ended: boolean;
}

const YOUNG_GENERATION_MB = 16; // enough to keep short-lived objects out of the old generation, small next to any heapMb
const STACK_MB = 256; // reserved, not used: the parser's recursion on a hostile file must end in an error, not in a crash of the process

export class ThreadPool {
  readonly #options: ThreadPoolOptions;
  readonly #threads = new Set<Thread>();
  readonly #idle: Thread[] = [];
  #queue: Entry[] = [];
  #closed = false;

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
  }

  /** Live workers, and jobs without one. */
  get load(): { threads: number; idle: number; waiting: number } {
    return { threads: this.#threads.size, idle: this.#idle.length, waiting: this.#queue.length };
  }

  /** Hands the job to a free worker, or lets it wait for one. Throws QUEUE_FULL, or SHUTTING_DOWN after close(). */
  submit(job: ThreadJob): ThreadTicket {
    if (this.#closed) throw hiveError('SHUTTING_DOWN');
    if (this.#queue.length >= this.#options.maxQueue) {
      throw hiveError('QUEUE_FULL', {
        message: `${this.#options.maxQueue} jobs wait for a worker thread`,
      });
    }
    const entry: Entry = { job, state: { kind: 'waiting' } };
    this.#queue.push(entry);
    // not in this call: the ticket must be in the caller's hands before onStart
    queueMicrotask(() => {
      this.#dispatch();
    });
    return {
      post: (message) => {
        if (entry.state.kind === 'working') entry.state.thread.worker.postMessage(message);
      },
      release: () => {
        this.#over(entry, (thread) => {
          this.#park(thread);
        });
      },
      kill: () => {
        this.#over(entry, (thread) => {
          this.#terminate(thread);
        });
      },
    };
  }

  /** Ends every worker; jobs that wait or run get onEnd({ kind: 'closed' }). */
  async close(): Promise<void> {
    this.#closed = true;
    const waiting = this.#queue;
    this.#queue = [];
    for (const entry of waiting) this.#tellEnd(entry, { kind: 'closed' });
    const terminations: Promise<unknown>[] = [];
    for (const thread of this.#threads) {
      this.#drop(thread);
      terminations.push(thread.worker.terminate());
      if (thread.entry !== undefined) this.#tellEnd(thread.entry, { kind: 'closed' });
    }
    await Promise.all(terminations);
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const thread =
        this.#idle.pop() ?? (this.#threads.size < this.#options.size ? this.#spawn() : undefined);
      if (thread === undefined) return;
      const entry = this.#queue.shift();
      if (entry === undefined) return;
      thread.entry = entry;
      thread.worker.ref();
      entry.state = { kind: 'working', thread };
      entry.job.onStart();
    }
  }

  #spawn(): Thread {
    const { entry, heapMb, name } = this.#options;
    const worker = new Worker(entry, {
      name,
      env: threadEnvironment(), // the hive's secrets stay with the hive
      argv: [],
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdout: true,
      stderr: true,
      resourceLimits: {
        maxOldGenerationSizeMb: heapMb,
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
        stackSizeMb: STACK_MB,
      },
    });
    const thread: Thread = { worker, entry: undefined, ended: false };
    this.#threads.add(thread);
    worker.unref();
    worker.on('message', (message: unknown) => thread.entry?.job.onMessage(message));
    worker.on('error', (error: unknown) => {
      this.#ended(thread, isOutOfMemory(error) ? { kind: 'memory' } : { kind: 'error', error });
    });
    worker.on('messageerror', (error) => {
      this.#ended(thread, { kind: 'error', error });
    });
    worker.on('exit', (exitCode) => {
      this.#ended(thread, { kind: 'exit', exitCode });
    });
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => thread.entry?.job.onOutput(text));
    }
    return thread;
  }

  #over(entry: Entry, then: (thread: Thread) => void): void {
    const { state } = entry;
    entry.state = { kind: 'over' };
    if (state.kind === 'waiting') this.#queue = this.#queue.filter((each) => each !== entry);
    if (state.kind === 'working') then(state.thread);
    this.#dispatch();
  }

  #park(thread: Thread): void {
    thread.entry = undefined;
    if (thread.ended) return;
    thread.worker.unref();
    this.#idle.push(thread);
  }

  #terminate(thread: Thread): void {
    thread.entry = undefined;
    this.#drop(thread);
    void thread.worker.terminate();
  }

  #ended(thread: Thread, end: ThreadEnd): void {
    if (thread.ended) return;
    const { entry } = thread;
    this.#terminate(thread);
    if (entry !== undefined) this.#tellEnd(entry, end);
    this.#dispatch();
  }

  #drop(thread: Thread): void {
    thread.ended = true;
    this.#threads.delete(thread);
    const at = this.#idle.indexOf(thread);
    if (at !== -1) this.#idle.splice(at, 1);
  }

  #tellEnd(entry: Entry, end: ThreadEnd): void {
    if (entry.state.kind === 'over') return;
    entry.state = { kind: 'over' };
    entry.job.onEnd(end);
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
