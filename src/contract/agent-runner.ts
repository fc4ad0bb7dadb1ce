// The AgentRunner port: how orchestrator has a claimed task worked on without knowing agents (design 4: orchestrator never imports agents).
// R1: run() settles exactly once and never throws; every failure is an outcome. R2: after abort() the outcome is 'cancelled' and the attempt's writes are refused.
// R3: a suspended run gave its slot back; resume() continues the kept closure or, after a restart, run() re-executes it from the journal.

import type { AgentManifest } from './agent.ts';
import type { ErrorRecord } from './errors.ts';
import type { Json } from './json.ts';
import type { JournalStep } from './store.ts';

export interface Attempt {
  taskId: string;
  /** Stable key for resume(): the store's task key. */
  taskKey: number;
  runId: string;
  tenant: number;
  agent: string;
  attempt: number;
  /** Already resolved input. */
  input: Json;
  timeoutMs: number;
  /** Steps recorded by earlier attempts or before a suspension, in order of their writing. */
  journal: readonly JournalStep[];
  signal: AbortSignal;
}

/** What the attempt may do to the outside while it runs; orchestrator implements it under the fence. */
export interface AttemptHost {
  /** Durable before it resolves; false = this attempt is out-fenced and must stop. */
  appendJournal(steps: readonly JournalStep[]): Promise<boolean>;
  log(line: {
    level: 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';
    message: string;
    fields?: Readonly<Record<string, unknown>>;
  }): void;
  progress(data: Readonly<Record<string, unknown>>): void;
}

export type AttemptOutcome =
  | { status: 'succeeded'; result: string }
  | { status: 'failed'; error: ErrorRecord }
  | { status: 'timeout'; error: ErrorRecord }
  | { status: 'crashed'; error: ErrorRecord }
  | { status: 'cancelled'; error: ErrorRecord }
  /** Gave the slot back until dueMs; `steps` must be written in the same commit as the waiting state. */
  | { status: 'suspended'; dueMs: number; reason: 'sleep'; steps: readonly JournalStep[] };

export interface AgentRunner {
  /** The agents of this host. */
  manifests(): readonly AgentManifest[];
  run(attempt: Attempt, host: AttemptHost): Promise<AttemptOutcome>;
  /** Forgets a kept closure (task cancelled, or out-fenced while waiting). */
  forget(taskKey: number): void;
  close(): Promise<void>;
}
