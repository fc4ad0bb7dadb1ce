/** Builds attempts and hosts for the tests of this folder. */
import type { Attempt, AttemptHost, JournalStep } from '../../contract/index.ts';
import type { LogLine } from '../authoring/agent-context.ts';

export interface TestHost extends AttemptHost {
  readonly written: JournalStep[];
  /** Writes that dropped what was there. */
  readonly resets: { readonly steps: readonly JournalStep[]; readonly reset: boolean }[];
  readonly lines: LogLine[];
  readonly signals: Readonly<Record<string, unknown>>[];
}

/** Records everything; `refuse` answers journal writes as an out-fenced attempt gets them. */
export function testHost(options: { refuse?: boolean; onProgress?: () => void } = {}): TestHost {
  const written: JournalStep[] = [];
  const resets: TestHost['resets'] = [];
  const lines: LogLine[] = [];
  const signals: Readonly<Record<string, unknown>>[] = [];
  return {
    written,
    resets,
    lines,
    signals,
    appendJournal: (steps, { reset } = { reset: false }) => {
      if (reset) resets.push({ steps, reset });
      if (options.refuse !== true) written.push(...steps);
      return Promise.resolve(options.refuse !== true);
    },
    log: (line) => {
      lines.push(line);
    },
    progress: (data) => {
      signals.push(data);
      options.onProgress?.();
    },
  };
}

export function testAttempt(agent: string, change: Partial<Attempt> = {}): Attempt {
  return {
    taskId: 'tsk_1',
    taskKey: 1,
    runId: 'run_1',
    tenant: 1,
    agent,
    attempt: 1,
    input: null,
    timeoutMs: 30_000,
    journal: [],
    signal: new AbortController().signal,
    ...change,
  };
}
