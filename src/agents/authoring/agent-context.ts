/**
 * What an agent's `execute` is given. Authors have one rule: what is not deterministic (clock,
 * random, input and output) goes through here, because a resumed attempt runs the code again from
 * the top and every answer given before must be given again.
 *
 * Steps, effects and waits may run beside each other with `Promise.all` when their names differ. While
 * nothing but waits is left the slot is given back, for as long as they take; code that does other
 * things meanwhile (a timer of its own, say) must not use the context when it comes back. Do not race
 * waits with `Promise.race`: the loser stays open and the task cannot end; waits have time limits.
 */
import type { ApprovalAnswer, GraphInput, Json, RetryPreset } from '../../contract/index.ts';
import type { JsonSchema } from '../../contract/index.ts';

export type LogLevel = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** What the function of an effect is given. */
export interface EffectCall {
  /** The same for every try of this effect, also after a crash: send it to the receiver, which then does it once. */
  readonly idempotencyKey: string;
  /** The receiver certainly did not do it: fails with EFFECT_NOT_DONE, and the next try calls the function again without asking anybody. */
  notDone(this: void, reason: string): never;
}

export interface EffectOptions<T> {
  /**
   * What to do when an earlier try may or may not have happened. `ask` (default): the task becomes
   * uncertain and a person decides. `repeat`: call again with the same key; for receivers that
   * recognise it. `{ check }`: ask the receiver.
   */
  readonly onUnknown?:
    | 'ask'
    | 'repeat'
    | {
        check(
          this: void,
          idempotencyKey: string,
        ):
          | { done: true; result: T }
          | { done: false }
          | Promise<{ done: true; result: T } | { done: false }>;
      };
}

export interface ApprovalQuestion {
  readonly title: string;
  readonly message: string;
  /** Names the wait in the journal; default: the title. Approvals that are open beside each other need different ones. */
  readonly name?: string;
  /** Facts to decide on. */
  readonly show?: Json;
  /** JSON Schema of the answer. */
  readonly form?: JsonSchema;
  readonly assignee?: string;
  /** Nobody decided after so many milliseconds: the answer is `expired`, or the question goes to `escalateTo`. */
  readonly deadlineMs?: number;
  readonly escalateTo?: string;
  /** Deadline of the escalated question, counted from its beginning; default: deadlineMs. */
  readonly escalateDeadlineMs?: number;
}

export interface ReceivedEvent {
  readonly event: string;
  readonly data: Json;
}

export interface ChildRunRequest {
  /** Shown to people; names the wait in the journal. */
  readonly title: string;
  readonly graph: GraphInput;
  readonly input?: Json;
}

export type DelegateRequest = (
  | { readonly capabilities: readonly string[] }
  /** Name of an agent. */
  | { readonly agent: string }
) & {
  /** An object is the other agent's whole input; any other value arrives as `{ value }`. */
  readonly input: Json;
  readonly title?: string;
  readonly retry?: RetryPreset;
};

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
   * Runs `work` once per task and remembers its JSON result: after a crash, a retry or a wait the
   * result is read back and `work` is not called. Key: name and how often it was used before. A work
   * that throws is not remembered; one whose result was not yet written when the host died runs again,
   * so what must not happen twice is an `effect`.
   */
  step<T>(this: void, name: string, work: () => T | Promise<T>): Promise<T>;
  /**
   * Changes something outside the hive, at most once per key unless the receiver allows more: the
   * intent is durable before `call` runs, the result after it. The same key again is the same effect.
   * Everything recorded before it is durable before `call` runs. A `call` that throws leaves it unknown
   * whether it happened (see `onUnknown`), unless it threw by `notDone`.
   */
  effect<T>(
    this: void,
    key: string,
    call: (effect: EffectCall) => T | Promise<T>,
    options?: EffectOptions<T>,
  ): Promise<T>;
  /** Gives the slot back for at least `delayMs` and goes on afterwards, also after a restart. */
  sleep(this: void, delayMs: number): Promise<void>;
  /** As `sleep`, until a time in milliseconds since 1970; goes on at once when it is past. */
  sleepUntil(this: void, timeMs: number): Promise<void>;
  /** Asks a person and gives the slot back until the answer. Being rejected or expired is an answer, not an error. */
  approve(this: void, question: ApprovalQuestion): Promise<ApprovalAnswer>;
  /** Waits for an event of this run by its name. Each event goes to one wait. Throws WAIT_TIMEOUT after `timeoutMs`. */
  waitFor(
    this: void,
    event: string,
    options?: { readonly timeoutMs?: number },
  ): Promise<ReceivedEvent>;
  /** Runs a graph as a child of this run and returns its output. Throws CHILD_FAILED with the child's id and error in `details`. */
  run<T = Json>(this: void, child: ChildRunRequest): Promise<T>;
  /** Has another agent do something, as a child run of one task, and returns its result. `timeoutMs` is the time limit of one try. Throws CHILD_FAILED. */
  delegate<T = Json>(
    this: void,
    work: DelegateRequest & { readonly timeoutMs?: number },
  ): Promise<T>;
  /** `delegate` with a deadline for the whole: throws WAIT_TIMEOUT when there is no answer after `timeoutMs`, tries and waiting included. */
  request<T = Json>(this: void, work: DelegateRequest & { readonly timeoutMs: number }): Promise<T>;
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
