/**
 * The effects of one execution: what changes the world outside, at most once.
 *
 * Owns: the three records of an effect (intent, effect, result) and what follows when the last is
 * missing. Does not own: how a person resolves it (orchestrator).
 *
 *   no row          intent durable (and everything before it) > call > result held
 *   result          memoised
 *   intent alone    repeat: call again, same key. check: ask the receiver. ask: the task is uncertain.
 *                   payload {"repeat":true}: a person or notDone said that it did not happen > as no row
 *
 * I1: `call` never runs before its intent is durable without the mark to repeat. I2: the idempotency
 * key of a row never changes, also when another task took the row over. I3: one effect is in flight
 * once. I4: a `call` that threw counts as unknown, unless it threw what notDone made. I5: an execution that
 * ends by itself waits for the effects in flight, so that what happened is known.
 */
import { crashPoint, hiveError } from '../../contract/index.ts';
import type { HiveError, JournalStep } from '../../contract/index.ts';
import type { EffectCall, EffectOptions } from '../authoring/agent-context.ts';
import { diverged, insideWork } from './execution-core.ts';
import type { ExecutionCore } from './execution-core.ts';
import { recordedValue } from './journal-cursor.ts';
import { checkName, misuse, rowPrefixes } from './misuse.ts';
import { agentJson, errorRecord } from './outcomes.ts';

type Call<T> = (effect: EffectCall) => T | Promise<T>;

/** The marks of an intent: the next try may call again without asking, or may not. */
const REPEAT = '{"repeat":true}';
const CALLED = '{"repeat":false}';

export class Effects {
  readonly #core: ExecutionCore;
  /** As this execution knows them; newer than the journal. */
  readonly #rows = new Map<string, JournalStep>();
  readonly #inFlight = new Map<string, PromiseWithResolvers<void>>();

  constructor(core: ExecutionCore) {
    this.#core = core;
  }

  /** See AgentContext.effect. */
  async run<T>(key: string, call: Call<T>, options: EffectOptions<T> = {}): Promise<T> {
    checkName(key, 'an effect');
    const row = this.#rowOf(key);
    if (row !== undefined && row.result !== null) return recordedValue(row) as T;
    if (this.#core.isReplay) throw this.#replayed(key, row);
    if (this.#inFlight.has(key)) {
      throw misuse(
        `the effect "${key}" is in flight already: await it, or give this one its own key`,
      );
    }
    this.#inFlight.set(key, Promise.withResolvers<void>());
    this.#core.workBegins();
    try {
      if (row === undefined || mayRepeat(row)) return await this.#begin(row ?? key, call, options);
      return await this.#again(row, call, options);
    } finally {
      this.#inFlight.get(key)?.resolve();
      this.#inFlight.delete(key);
      this.#core.workDone();
    }
  }

  /** Resolves when none is in flight, or undefined when that is so already. */
  settled(): Promise<unknown> | undefined {
    if (this.#inFlight.size === 0) return undefined;
    return Promise.all([...this.#inFlight.values()].map(({ promise }) => promise));
  }

  /** Makes the intent durable, then calls. */
  async #begin<T>(
    known: JournalStep | string,
    call: Call<T>,
    options: EffectOptions<T>,
  ): Promise<T> {
    const { writer, cursor, clock, facts } = this.#core;
    let intent: JournalStep;
    if (typeof known === 'string') {
      intent = cursor.add({
        name: `${rowPrefixes.effect}${known}`,
        occurrence: 0,
        kind: 'effect',
        result: null,
        subject: `${facts.taskId}:${known}`,
        atMs: clock.now(),
      });
      writer.hold(intent);
    } else {
      intent = { ...known, payload: CALLED, atMs: clock.now() };
      writer.holdChange(intent);
    }
    this.#keep(intent);
    await writer.barrier();
    crashPoint('C5');
    return this.#call(intent, call, options);
  }

  /** The intent is there and nobody knows whether it happened. */
  async #again<T>(intent: JournalStep, call: Call<T>, options: EffectOptions<T>): Promise<T> {
    const { onUnknown = 'ask' } = options;
    if (onUnknown === 'ask') throw this.#uncertain(intent, undefined);
    if (onUnknown !== 'repeat') {
      const found = await insideWork.run(this.#core, () =>
        onUnknown.check(intent.subject ?? keyOf(intent)),
      );
      this.#core.requireTurn(`effect "${keyOf(intent)}"`);
      if (found.done) return this.#record(intent, found.result);
    }
    await this.#core.writer.barrier();
    return this.#call(intent, call, options);
  }

  async #call<T>(intent: JournalStep, call: Call<T>, options: EffectOptions<T>): Promise<T> {
    this.#core.requireTurn(`effect "${keyOf(intent)}"`);
    let refusal: HiveError | undefined;
    const given: EffectCall = {
      idempotencyKey: intent.subject ?? keyOf(intent),
      notDone: (reason) => {
        refusal = hiveError('EFFECT_NOT_DONE', {
          message: `the effect "${keyOf(intent)}" was not done: ${reason}`,
        });
        throw refusal;
      },
    };
    try {
      const value = await insideWork.run(this.#core, () => call(given));
      crashPoint('C6');
      return this.#record(intent, value);
    } catch (error) {
      if (error === refusal && refusal !== undefined) {
        this.#core.requireOutcome();
        const marked = { ...intent, payload: REPEAT };
        this.#keep(marked);
        this.#core.writer.holdChange(marked);
        throw error;
      }
      if ((options.onUnknown ?? 'ask') === 'ask') throw this.#uncertain(intent, error);
      throw error;
    }
  }

  #record<T>(intent: JournalStep, value: T): T {
    const { writer, clock, maxPayloadBytes } = this.#core;
    this.#core.requireOutcome();
    const what = `the result of effect "${keyOf(intent)}"`;
    const result = agentJson(value ?? null, what, maxPayloadBytes);
    const done = { ...intent, result, atMs: clock.now() };
    this.#keep(done);
    writer.holdChange(done);
    return JSON.parse(result) as T;
  }

  /** Ends the execution; a person decides. */
  #uncertain(intent: JournalStep, cause: unknown): HiveError {
    const why =
      cause === undefined
        ? 'an earlier try began it and its result was never recorded'
        : `it threw: ${errorRecord(cause, 'AGENT_THREW').message}`;
    const error = hiveError('EFFECT_UNKNOWN', {
      message: `it is not known whether the effect "${keyOf(intent)}" happened: ${why}`,
      details: { effect: keyOf(intent), idempotencyKey: intent.subject ?? null },
    });
    const record = errorRecord(error, 'EFFECT_UNKNOWN');
    this.#core.finish({ status: 'uncertain', error: record }, error);
    return error;
  }

  #replayed(key: string, row: JournalStep | undefined): HiveError {
    if (row !== undefined) return this.#uncertain(row, undefined);
    return diverged(this.#core, { name: `${rowPrefixes.effect}${key}`, occurrence: 0 });
  }

  #rowOf(key: string): JournalStep | undefined {
    const name = `${rowPrefixes.effect}${key}`;
    return this.#rows.get(name) ?? this.#core.cursor.find(name, 0, 'effect');
  }

  #keep(row: JournalStep): void {
    this.#rows.set(row.name, row);
  }
}

function mayRepeat({ payload }: JournalStep): boolean {
  return payload !== undefined && (JSON.parse(payload) as { repeat?: unknown }).repeat === true;
}

function keyOf(row: JournalStep): string {
  return row.name.slice(rowPrefixes.effect.length);
}
