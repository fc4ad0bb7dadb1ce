// Where log lines go. The port, and the buffer that the real destinations share.
// Owns: lines that are not written yet. Does not own: their content, which is complete and redacted when it comes here.
// I1: write() never throws and never waits; what cannot be written is counted, and the loss is told in a later line.
// I2: the buffer is bounded. I3: after flushSync() everything that can be written is written. I4: order is kept.
//
// A line waits for the end of the turn of the event loop, so that a burst is one system call, and a kill -9 loses at most that turn.

import { writeSync } from 'node:fs';

export interface LogDestination {
  /** One complete line with its line break. */
  write(line: string): void;
  /** Writes what is buffered, at once. */
  flushSync(): void;
  close(): void;
}

const MAX_QUEUED_CHARACTERS = 4 * 1_024 * 1_024; // some seconds of lines to a stalled pipe; then lines are dropped, not memory
const STALL_MS = 10; // a full pipe is tried again so often
const MAX_STALLS = 200; // tries at 1 ms each while a pipe is full at the end; a reader that is gone must not hold the exit
const pause = new Int32Array(new SharedArrayBuffer(4));

export interface DescriptorOptions {
  /** The file descriptor to write to, asked before each write so that it may rotate. Throws when there is none. */
  descriptor: () => number;
  close: () => void;
}

/** A destination over a file descriptor. */
export function descriptorDestination(options: DescriptorOptions): LogDestination {
  const writer = new LineWriter(options.descriptor);
  let state: 'idle' | 'armed' | 'closed' = 'idle';

  const arm = (): void => {
    if (state !== 'idle') return;
    state = 'armed';
    setImmediate(drain);
  };
  const drain = (): void => {
    if (state === 'closed') return;
    state = 'idle';
    if (writer.drain()) return;
    state = 'armed';
    setTimeout(drain, STALL_MS).unref();
  };
  return {
    write: (line) => {
      if (state === 'closed') return;
      writer.add(line);
      arm();
    },
    flushSync: () => {
      for (let i = 0; i < MAX_STALLS && !writer.drain(); i++) Atomics.wait(pause, 0, 0, 1);
    },
    close: () => {
      if (state === 'closed') return;
      state = 'closed';
      options.close();
    },
  };
}

interface Batch {
  bytes: Buffer;
  written: number;
  /** What stands before the lines themselves, and how many lost lines it tells of. */
  header: string;
  told: number;
}

class LineWriter {
  readonly #descriptor: () => number;
  #queued = '';
  /** Taken from the queue and not written to its end yet. */
  #batch: Batch | null = null;
  /** Lines that were dropped and that no batch tells of. */
  #lost = 0;
  #isCutShort = false; // the last line in the file lacks its end

  constructor(descriptor: () => number) {
    this.#descriptor = descriptor;
  }

  add(line: string): void {
    if (this.#queued.length + line.length > MAX_QUEUED_CHARACTERS) this.#lost++;
    else this.#queued += line;
  }

  /** Writes what there is; false when the reader is slow and it is worth trying again. */
  drain(): boolean {
    while (this.#batch !== null || this.#queued !== '') {
      const batch = (this.#batch ??= this.#take());
      try {
        const target = this.#descriptor();
        while (batch.written < batch.bytes.length) {
          batch.written += writeSync(target, batch.bytes, batch.written);
        }
        this.#isCutShort = false;
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return false;
        this.#giveUp(batch);
      }
      this.#batch = null;
    }
    return true;
  }

  #take(): Batch {
    const told = this.#lost;
    const header = `${this.#isCutShort ? '\n' : ''}${told > 0 ? lossLine(told) : ''}`;
    const bytes = Buffer.from(header + this.#queued);
    this.#queued = '';
    this.#lost = 0;
    return { bytes, written: 0, header, told };
  }

  #giveUp({ bytes, written, header, told }: Batch): void {
    const isHeaderOut = written >= Buffer.byteLength(header);
    const unwritten = countLines(bytes.toString('utf8', written));
    this.#lost += isHeaderOut ? unwritten : unwritten - countLines(header) + told;
    this.#isCutShort ||= written > 0;
  }
}

const countLines = (text: string): number => text.split('\n').length - 1;

function lossLine(lines: number): string {
  const message = `${lines} log lines could not be written`;
  const scope = { tenant: '-', run: '-', task: '-', agent: '-' };
  return `${JSON.stringify({ level: 'WARNING', ...scope, message })}\n`;
}

const STDERR = 2;

/** Standard error: the answer of a command owns standard output. */
export function stderrDestination(): LogDestination {
  return descriptorDestination({ descriptor: () => STDERR, close: () => {} });
}
