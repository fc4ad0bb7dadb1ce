/**
 * What an agent's `execute` is given. Authors have one rule: what is not deterministic (clock,
 * random, input and output) goes through here, because a resumed attempt runs the code again from
 * the top and every answer given before must be given again.
 *
 * Parallel steps are fine with `Promise.all` when their names differ. `sleep` is not allowed beside a
 * step or another sleep: it gives the whole slot back.
 */

export type LogLevel = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** All functions are free of `this`, so `({ input, step }) => …` works. */
export interface AgentContext<Input = unknown> {
  /** Checked by the agent's input schema. */
  readonly input: Input;
  readonly taskId: string;
  readonly runId: string;
  /** The agent's name. */
  readonly agent: string;
  /** Try number from 1. */
  readonly attempt: number;
  /** Aborted when the task is cancelled, out-fenced or over its deadline. */
  readonly signal: AbortSignal;
  /**
   * Runs `work` once per task and remembers its JSON result: after a crash, a retry or a sleep the
   * result is read back and `work` is not called. Key: name and how often it was used before. A work
   * that throws is not remembered; one that was in flight when the host died runs again.
   */
  step<T>(this: void, name: string, work: () => T | Promise<T>): Promise<T>;
  /** Gives the slot back for at least `delayMs` and goes on afterwards, also after a restart. */
  sleep(this: void, delayMs: number): Promise<void>;
  /** A line of the task's log. */
  log(
    this: void,
    level: LogLevel,
    message: string,
    fields?: Readonly<Record<string, unknown>>,
  ): void;
  /** A transient signal to whoever watches; kept nowhere. */
  progress(this: void, data: Readonly<Record<string, unknown>>): void;
  /** Milliseconds since 1970, the same again when the attempt is resumed. */
  now(this: void): number;
  /** Uniform in [0, 1), the same again when the attempt is resumed. Not for secrets. */
  random(this: void): number;
}
