/** The two errors that authors throw on purpose. Any other thrown value counts as one to retry. */
import { hiveError } from '../../contract/index.ts';
import type { HiveError } from '../../contract/index.ts';

export interface AuthorErrorOptions {
  readonly cause?: unknown;
  /** Facts for machines, JSON only; never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Trying again cannot help: the task fails at once. */
export function stopError(message: string, options: AuthorErrorOptions = {}): HiveError {
  return hiveError('AGENT_STOPPED', { message, ...options });
}

/** It may pass when tried again: the task's retry policy decides. */
export function retryError(message: string, options: AuthorErrorOptions = {}): HiveError {
  return hiveError('AGENT_THREW', { message, ...options });
}
