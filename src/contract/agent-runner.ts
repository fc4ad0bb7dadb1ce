// The AgentRunner port: how orchestrator has a claimed task worked on without knowing agents (design 4: orchestrator never imports agents).
// R1: run() settles exactly once and never throws; every failure is an outcome. R2: after abort() the outcome is 'cancelled' and the attempt's writes are refused.
// R3: a suspended run gave its slot back; resume() continues the kept closure or, after a restart, run() re-executes it from the journal.
// R4: steps that are done and not yet written travel with the outcome (`steps`) and are committed with it; everything written before is durable first.
// R5: a replay calls no work and writes nothing: what the journal does not hold ends it with REPLAY_DIVERGED.

import type { AgentManifest } from './agent.ts';
import type { ErrorRecord } from './errors.ts';
import type { Json } from './json.ts';
import type { JournalStep } from './store-units.ts';

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
  /** Replay: re-execute from the journal alone (R5). Default live. */
  mode?: 'live' | 'replay';
  signal: AbortSignal;
}

/** What the attempt may do to the outside while it runs; orchestrator implements it under the fence. */
export interface AttemptHost {
  /** Durable before it resolves; false = this attempt is out-fenced and must stop. */
  appendJournal(steps: readonly JournalStep[], options?: { reset: boolean }): Promise<boolean>;
  log(line: {
    level: 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';
    message: string;
    fields?: Readonly<Record<string, unknown>>;
  }): void;
  progress(data: Readonly<Record<string, unknown>>): void;
}

/** What an open wait came to; the JSON text of a journal row of kind approval, event or child. */
export type WaitResult =
  /** approval: an ApprovalAnswer. event: {event, data}. child: its output (filled in when the task resumes; the row names the run). */
  | { status: 'ok'; value?: Json; run?: string }
  | { status: 'failed'; error: ErrorRecord }
  | { status: 'timeout' };

/** What a person is asked; the payload of an approval's journal row. */
export interface ApprovalForm {
  title: string;
  message: string;
  /** Facts to decide on. */
  show?: Json;
  /** JSON Schema of the answer. */
  form?: Json;
  assignee?: string;
  deadlineMs?: number;
  /** Who is asked next when the deadline passes. */
  escalateTo?: string;
}
export interface ApprovalAnswer {
  decision: 'approved' | 'rejected' | 'expired';
  answer: Json;
  by: string;
  comment: string | null;
}

/** A child run that an agent asked for; orchestrator checks it, gives it its id and inserts it with the suspension. */
export interface ChildRequest {
  /** Its journal row of kind child is among the outcome's steps. */
  name: string;
  occurrence: number;
  title: string;
  /** A Graph, not yet checked. */
  graph: Json;
  input: Json;
}

interface Unwritten {
  /** Steps done and not yet written (R4). */
  steps?: readonly JournalStep[];
}

export type AttemptOutcome =
  | ({ status: 'succeeded'; result: string } & Unwritten)
  | ({ status: 'failed'; error: ErrorRecord } & Unwritten)
  | { status: 'timeout'; error: ErrorRecord }
  | { status: 'crashed'; error: ErrorRecord }
  | { status: 'cancelled'; error: ErrorRecord }
  /** An effect may or may not have happened; a person decides. error.code is EFFECT_UNKNOWN, error.details.effect its key. */
  | ({ status: 'uncertain'; error: ErrorRecord } & Unwritten)
  /** Gave the slot back. dueMs: the earliest timer or deadline, null for none. */
  | {
      status: 'suspended';
      dueMs: number | null;
      reason: 'sleep' | 'event' | 'approval' | 'child';
      /** New rows, those of the new waits among them, without `subject`, which orchestrator gives (effects have theirs). An event's payload is {"event": name}. */
      steps: readonly JournalStep[];
      /** Every wait that is open now, old and new. */
      openWaits: readonly { name: string; occurrence: number }[];
      children: readonly ChildRequest[];
    };

export interface AgentRunner {
  /** The agents of this host. */
  manifests(): readonly AgentManifest[];
  run(attempt: Attempt, host: AttemptHost): Promise<AttemptOutcome>;
  /** Forgets a kept closure (task cancelled, or out-fenced while waiting). */
  forget(taskKey: number): void;
  close(): Promise<void>;
}
