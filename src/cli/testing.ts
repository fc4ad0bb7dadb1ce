/** A terminal and a hive for tests of commands: what is written is kept, what is called is answered by the test. */
import { clientOver } from '../client/index.ts';
import { runLabel, taskLabel } from '../contract/index.ts';
import type { OperationName, RunState, RunView, TaskSummary } from '../contract/index.ts';
import type { ExitCode } from './exit-codes.ts';
import type { EmbeddedDoor, OpenHive } from './hive-door.ts';
import { runCommandLine } from './run-command-line.ts';
import type { Terminal, TerminalStream } from './terminal.ts';

export interface Told {
  exitCode: ExitCode;
  out: string;
  err: string;
  calls: { name: OperationName; request: unknown }[];
}

export interface TellOptions {
  answers?: Partial<Record<OperationName, (request: Record<string, unknown>) => unknown>>;
  hive?: Partial<OpenHive>;
  openHive?: EmbeddedDoor['openHive'];
  signal?: AbortSignal;
}

/** Runs a command line against a hive of the test's making. */
export async function tell(words: string, options: TellOptions = {}): Promise<Told> {
  const calls: Told['calls'] = [];
  const client = clientOver((name, request) => {
    calls.push({ name, request });
    const answer = options.answers?.[name];
    if (answer === undefined) return Promise.reject(new Error(`${name} was not expected`));
    return Promise.resolve().then(() => answer(request as Record<string, unknown>));
  });
  const hive: OpenHive = {
    client,
    mode: 'remote',
    url: 'http://127.0.0.1:8000',
    notices: [],
    close: () => Promise.resolve(),
    ...options.hive,
  };
  const terminal = { out: keptStream(), err: keptStream(), isInputTerminal: false };
  const exitCode = await runCommandLine({
    words: words.split(' ').filter((word) => word !== ''),
    terminal: terminal satisfies Terminal,
    signal: options.signal ?? new AbortController().signal,
    door: () =>
      Promise.resolve({
        openHive: options.openHive ?? (() => Promise.resolve(hive)),
        terminalFacts: () => ({ isDumb: false, isCi: false }),
      }),
  });
  return { exitCode, out: terminal.out.text(), err: terminal.err.text(), calls };
}

function keptStream(): TerminalStream & { text: () => string } {
  let kept = '';
  return {
    write: (text) => {
      kept += text;
    },
    isTerminal: false,
    hasColor: false,
    columns: () => 80,
    rows: () => 24,
    text: () => kept,
  };
}

const START_MS = Date.UTC(2026, 0, 1, 10);

export function aTask(fields: Partial<TaskSummary> = {}): TaskSummary {
  const state = fields.state ?? 'leased';
  return {
    id: 'tsk_00000000000000000000000001',
    runId: 'run_00000000000000000000000001',
    node: 'each',
    item: 0,
    name: 'each 0',
    type: 'task',
    priority: 0,
    state,
    reason: 'none',
    label: taskLabel({ state, reason: 'none', errors: 0, dueMs: null, nowMs: START_MS }),
    agent: 'analyst',
    createdMs: START_MS,
    startedMs: START_MS,
    endedMs: null,
    error: null,
    ...fields,
  };
}

export function aRun(fields: Partial<RunView> = {}): RunView {
  const state: RunState = fields.state ?? 'running';
  return {
    id: 'run_00000000000000000000000001',
    workflow: 'inspect',
    title: 'Inspect /work',
    state,
    label: runLabel({ state }),
    isSingleTask: false,
    createdMs: START_MS,
    startedMs: START_MS,
    endedMs: state === 'running' ? null : START_MS + 4_200,
    version: 1,
    counts: {
      total: 40,
      waiting: 25,
      running: 3,
      succeeded: 12,
      failed: 0,
      cancelled: 0,
      skipped: 0,
    },
    deadlineMs: null,
    parent: null,
    origin: null,
    nodes: [],
    active: [],
    failures: [],
    waiting: [],
    approvals: [],
    children: [],
    input: null,
    output: null,
    error: null,
    ...fields,
  };
}

/** The answer of run.watch when the run has ended. */
export const over = (run = aRun({ state: 'completed', output: { text: 'hi' } })) => ({
  run,
  events: [],
  signals: [],
  cursor: null,
  heard: 0,
  mark: '',
  isOver: true,
});
