/**
 * One agent at work on one task: its context, its journal, its end. The same code runs in the hive's
 * event loop and inside workers.
 *
 * Owns: the state below, the context object, what is memoised. Does not own: the deadline, cancelling,
 * where journal rows go, how long a suspended closure is kept (its host does). Called by inline-host
 * and worker-main only.
 *
 * States: running (the author's code has the turn) > sleeping (waits in ctx.sleep; the turn was given
 * back) > running, when resumed; ended, from either, by a result, an error or stop().
 *
 * I1: `end` of a turn is called exactly once; a turn ends by an outcome or by going to sleep.
 * I2: a recorded step's work is never called again; a step's result reaches the author only after it
 * is durable. I3: values of now() and random() are durable before any later step's work starts.
 * I4: after the end every context function refuses. I5: sleep is exclusive: nothing else is in flight.
 */
import { hiveError } from '../../contract/index.ts';
import type { Attempt, AttemptHost, AttemptOutcome, HiveError } from '../../contract/index.ts';
import type { Clock, Random } from '../../kernel/index.ts';
import type { AgentContext } from '../authoring/agent-context.ts';
import type { AgentDefinition } from '../authoring/define-agent.ts';
import { JournalCursor, recordedValue } from './journal-cursor.ts';
import { agentJson, checkedInput, failed, returned } from './outcomes.ts';

/** What an execution needs to know of the attempt; structured-cloneable. */
export type AttemptFacts = Pick<
  Attempt,
  'taskId' | 'runId' | 'agent' | 'attempt' | 'input' | 'journal'
>;

export interface Turn {
  readonly facts: AttemptFacts;
  readonly host: AttemptHost;
  end(outcome: AttemptOutcome): void;
}

export interface ExecutionSettings {
  readonly definition: AgentDefinition;
  readonly clock: Clock;
  readonly random: Random;
  /** Limit of a result and of a step's result. */
  readonly maxPayloadBytes: number;
  /** The author's function really came back, possibly after the turn's end. */
  onReturned?(): void;
}

type State =
  | { readonly kind: 'running' }
  | { readonly kind: 'sleeping'; readonly dueMs: number; wake(): void }
  | { readonly kind: 'ended'; readonly reason: HiveError };

/** Waits this short are not worth a second suspension when a timer fired a little early. */
const MAX_WAIT_IN_PLACE_MS = 1_000;
const MAX_SLEEP_MS = 366 * 86_400_000; // a year; longer waits are schedules
const MAX_STEP_NAME_CHARS = 100;
const RESERVED_NAMES: ReadonlySet<string> = new Set(['sleep', 'now', 'random']);
const RUNNING: State = { kind: 'running' };

export class Execution {
  readonly #settings: ExecutionSettings;
  readonly #cursor: JournalCursor;
  #facts: AttemptFacts;
  #host: AttemptHost;
  #turn: Turn | undefined;
  #state: State = RUNNING;
  #stepsInFlight = 0;
  #controller: AbortController | undefined;
  /** The outcome of code that ended while nobody had the turn: told to the next one. */
  #late: AttemptOutcome | undefined;

  constructor(settings: ExecutionSettings, turn: Turn) {
    this.#settings = settings;
    this.#turn = turn;
    this.#facts = turn.facts;
    this.#host = turn.host;
    this.#cursor = new JournalCursor(turn.facts.journal);
  }

  /** Journal rows that the store must hold when this closure goes on; another number means it is stale. */
  get journalRows(): number {
    return this.#cursor.written;
  }

  /** Calls the author's function. Once. */
  start(): void {
    const { definition } = this.#settings;
    try {
      const input = checkedInput(definition, this.#facts.input);
      const result = definition.execute(this.#context(input));
      if (!isThenable(result)) return this.#returned(result);
      result.then(
        (value) => {
          this.#returned(value);
        },
        (error: unknown) => {
          this.#threw(error);
        },
      );
    } catch (error) {
      this.#threw(error);
    }
  }

  /** Goes on after a sleep, in a new turn. */
  resume(turn: Turn): void {
    if (this.#late !== undefined) return turn.end(this.#late);
    const state = this.#state;
    if (state.kind !== 'sleeping') {
      return turn.end(failed(hiveError('INTERNAL', { message: `resumed while ${state.kind}` })));
    }
    this.#turn = turn;
    this.#facts = turn.facts;
    this.#host = turn.host;
    const remainingMs = state.dueMs - this.#settings.clock.now();
    if (remainingMs > MAX_WAIT_IN_PLACE_MS) {
      this.#endTurn({ status: 'suspended', dueMs: state.dueMs, reason: 'sleep', steps: [] });
      return;
    }
    const wake = (): void => {
      if (this.#state !== state) return;
      this.#state = RUNNING;
      state.wake();
    };
    if (remainingMs <= 0) wake();
    else this.#settings.clock.after(remainingMs, wake);
  }

  /** Ends the turn from outside with this outcome; the author's signal is aborted. */
  stop(outcome: AttemptOutcome, reason: HiveError): void {
    this.#end(outcome, reason);
  }

  #context(input: unknown): AgentContext {
    const facts = (): AttemptFacts => this.#facts;
    const signal = (): AbortSignal => this.#signal();
    const { clock, random } = this.#settings;
    return {
      input,
      taskId: this.#facts.taskId,
      runId: this.#facts.runId,
      agent: this.#facts.agent,
      get attempt() {
        return facts().attempt;
      },
      get signal() {
        return signal();
      },
      step: (name, work) => this.#step(name, work),
      sleep: (delayMs) => this.#sleep(delayMs),
      log: (level, message, fields) => {
        if (this.#state.kind === 'ended') return;
        this.#host.log(fields === undefined ? { level, message } : { level, message, fields });
      },
      progress: (data) => {
        if (this.#state.kind !== 'ended') this.#host.progress(data);
      },
      now: () => this.#drawn('now', () => clock.now()),
      random: () => this.#drawn('random', random),
    };
  }

  #signal(): AbortSignal {
    // made only when asked for: it is the dearest part of a context
    this.#controller ??= new AbortController();
    if (this.#state.kind === 'ended') this.#controller.abort(this.#state.reason);
    return this.#controller.signal;
  }

  async #step<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    this.#requireTurn(`step "${name}"`);
    checkStepName(name);
    const occurrence = this.#cursor.next(name);
    const recorded = this.#cursor.find(name, occurrence, 'step');
    if (recorded !== undefined) return recordedValue(recorded) as T;
    this.#stepsInFlight++;
    try {
      if (this.#cursor.hasUnwritten) await this.#write(this.#cursor.take());
      const value = (await work()) ?? null;
      const result = agentJson(
        value,
        `the result of step "${name}"`,
        this.#settings.maxPayloadBytes,
      );
      this.#requireTurn(`step "${name}"`);
      const atMs = this.#settings.clock.now();
      await this.#write(this.#cursor.take({ name, occurrence, kind: 'step', result, atMs }));
      // parsed again: the author sees now exactly what a resumed attempt will see
      return JSON.parse(result) as T;
    } finally {
      this.#stepsInFlight--;
    }
  }

  async #sleep(delayMs: number): Promise<void> {
    this.#requireTurn('sleep');
    if (!(delayMs >= 0 && delayMs <= MAX_SLEEP_MS)) {
      throw misuse(`sleep(${delayMs}): give 0 to ${MAX_SLEEP_MS} milliseconds`);
    }
    if (this.#stepsInFlight > 0) {
      throw misuse('sleep gives the whole slot back: await the steps in flight before it');
    }
    const { clock } = this.#settings;
    const nowMs = clock.now();
    const occurrence = this.#cursor.next('sleep');
    const recorded = this.#cursor.find('sleep', occurrence, 'sleep');
    const dueMs = recorded?.dueMs ?? nowMs + delayMs;
    if (recorded !== undefined && (recorded.result !== null || dueMs <= nowMs)) return;
    const step = { name: 'sleep', occurrence, kind: 'sleep', result: null, dueMs, atMs: nowMs };
    await this.#suspend(dueMs, () =>
      this.#cursor.take(
        recorded === undefined ? (step as typeof step & { kind: 'sleep' }) : undefined,
      ),
    );
  }

  #suspend(dueMs: number, steps: () => ReturnType<JournalCursor['take']>): Promise<void> {
    return new Promise((wake) => {
      const sleeping: State = { kind: 'sleeping', dueMs, wake };
      this.#state = sleeping;
      // Told a microtask later: whatever the author started beside the sleep is then seen and refused.
      queueMicrotask(() => {
        if (this.#state !== sleeping) return;
        this.#endTurn({ status: 'suspended', dueMs, reason: 'sleep', steps: steps() });
      });
    });
  }

  #drawn(name: 'now' | 'random', draw: () => number): number {
    this.#requireTurn(name);
    const occurrence = this.#cursor.next(name);
    const recorded = this.#cursor.find(name, occurrence, 'step');
    if (recorded !== undefined) return Number(recordedValue(recorded));
    const value = draw();
    const atMs = this.#settings.clock.now();
    this.#cursor.hold({ name, occurrence, kind: 'step', result: String(value), atMs });
    return value;
  }

  async #write(steps: ReturnType<JournalCursor['take']>): Promise<void> {
    if (await this.#host.appendJournal(steps)) return;
    const reason = hiveError('STALE_FENCE');
    this.#end({ status: 'cancelled', error: reason.toRecord() }, reason);
    throw reason;
  }

  /** Throws unless the author's code has the turn; using the context beside a sleep ends the execution. */
  #requireTurn(what: string): void {
    const state = this.#state;
    switch (state.kind) {
      case 'running':
        return;
      case 'sleeping': {
        const error = misuse(
          `${what} beside a sleep: sleep gives the whole slot back, await it alone`,
        );
        this.#end(failed(error), error);
        throw error;
      }
      case 'ended':
        throw state.reason;
      default:
        state satisfies never;
    }
  }

  #returned(value: unknown): void {
    this.#settings.onReturned?.();
    if (this.#state.kind === 'ended') return;
    if (this.#state.kind === 'sleeping') {
      return this.#threw(misuse('returned while a sleep was not over: await ctx.sleep()'));
    }
    const { definition, maxPayloadBytes } = this.#settings;
    this.#end(returned(definition, value, maxPayloadBytes), FINISHED);
  }

  #threw(error: unknown): void {
    this.#settings.onReturned?.();
    this.#end(failed(error), FINISHED);
  }

  #end(outcome: AttemptOutcome, reason: HiveError): void {
    if (this.#state.kind === 'ended') return;
    this.#state = { kind: 'ended', reason };
    this.#endTurn(outcome);
    this.#controller?.abort(reason);
  }

  #endTurn(outcome: AttemptOutcome): void {
    const turn = this.#turn;
    this.#turn = undefined;
    if (turn === undefined) this.#late = outcome;
    else turn.end(outcome);
  }
}

/** What context functions say after the end; one value, because the hot path must not build a stack trace. */
const FINISHED = hiveError('ILLEGAL_TRANSITION', {
  message: 'the agent has already ended; its context cannot be used any more',
});

function misuse(message: string): HiveError {
  return hiveError('AGENT_STOPPED', { message });
}

function checkStepName(name: string): void {
  if (typeof name !== 'string' || name === '' || name.length > MAX_STEP_NAME_CHARS) {
    throw misuse(`a step needs a name of 1 to ${MAX_STEP_NAME_CHARS} characters`);
  }
  if (RESERVED_NAMES.has(name) || name.includes('\u0000')) {
    throw misuse(`a step cannot be called "${name}": sleep, now and random are ctx functions`);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
