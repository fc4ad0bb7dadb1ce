/** What the hive and its workers say to each other. Each carries the job it belongs to. */
import type { AttemptOutcome, JournalStep } from '../../contract/index.ts';
import type { LogLine } from '../authoring/agent-context.ts';
import type { AttemptFacts } from './execution-core.ts';

export type ToWorker =
  | {
      readonly kind: 'run';
      readonly job: number;
      readonly module: string;
      readonly exportName: string;
      readonly facts: AttemptFacts;
      readonly maxPayloadBytes: number;
    }
  | {
      readonly kind: 'journal-written';
      readonly job: number;
      readonly write: number;
      readonly written: JournalAnswer;
    }
  | { readonly kind: 'abort'; readonly job: number };

/** `refused`: out-fenced. `error`: the store did not answer; the message is the reason. */
export type JournalAnswer =
  | { readonly kind: 'written' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'error'; readonly message: string };

export type FromWorker =
  | {
      readonly kind: 'journal';
      readonly job: number;
      readonly write: number;
      readonly steps: readonly JournalStep[];
      /** Drop what other code wrote, effects excepted. */
      readonly reset: boolean;
    }
  | { readonly kind: 'log'; readonly job: number; readonly line: LogLine }
  | {
      readonly kind: 'progress';
      readonly job: number;
      readonly data: Readonly<Record<string, unknown>>;
    }
  /** The agent's function is really over (or asleep), so the worker is free again. */
  | { readonly kind: 'done'; readonly job: number; readonly outcome: AttemptOutcome };
