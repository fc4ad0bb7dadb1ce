/**
 * What stands behind one execution's context: its steps, and effects, waits and a signal when the
 * author first asks for them. A short task asks for none of the last three, and pays for none.
 * I1: after the end nothing of it works: functions throw, log lines and signals are dropped.
 */
import type { AttemptHost, HiveError } from '../../contract/index.ts';
import type { Random } from '../../kernel/index.ts';
import type { LogLine } from '../authoring/agent-context.ts';
import type { ContextParts } from './author-context.ts';
import { Effects } from './effects.ts';
import type { AttemptFacts, ExecutionCore } from './execution-core.ts';
import { OpenWaits } from './open-waits.ts';
import { Steps } from './steps.ts';
import { WaitVerbs } from './wait-verbs.ts';

export interface DeskOwner extends ExecutionCore {
  /** Of the present turn, or of the last one. */
  readonly host: AttemptHost;
  /** Undefined until the execution has ended. */
  readonly endReason: HiveError | undefined;
}

export class ContextDesk implements ContextParts {
  readonly #owner: DeskOwner;
  readonly steps: Steps;
  #openWaits: OpenWaits | undefined;
  #waitVerbs: WaitVerbs | undefined;
  #effects: Effects | undefined;
  #controller: AbortController | undefined;

  constructor(owner: DeskOwner, uniform: Random) {
    this.#owner = owner;
    this.steps = new Steps(owner, uniform);
  }

  get facts(): AttemptFacts {
    return this.#owner.facts;
  }

  /** The waits, if the author ever waited. */
  get openWaits(): OpenWaits | undefined {
    return this.#openWaits;
  }

  /** See Effects.settled. */
  effectsSettled(): Promise<unknown> | undefined {
    return this.#effects?.settled();
  }

  signal(): AbortSignal {
    this.#controller ??= new AbortController();
    const { endReason } = this.#owner;
    if (endReason !== undefined) this.#controller.abort(endReason);
    return this.#controller.signal;
  }

  abort(reason: HiveError): void {
    this.#controller?.abort(reason);
  }

  effects(what: string): Effects {
    this.#owner.requireTurn(what);
    this.#effects ??= new Effects(this.#owner);
    return this.#effects;
  }

  waiting(what: string): WaitVerbs {
    this.#owner.requireTurn(what);
    this.#openWaits ??= new OpenWaits(this.#owner);
    this.#waitVerbs ??= new WaitVerbs(this.#owner, this.#openWaits);
    return this.#waitVerbs;
  }

  log(line: LogLine): void {
    if (this.#owner.endReason === undefined) this.#owner.host.log(line);
  }

  progress(data: Readonly<Record<string, unknown>>): void {
    if (this.#owner.endReason === undefined) this.#owner.host.progress(data);
  }
}
