/**
 * Steps of one execution, and the values that it drew from clock and chance: computed once, held for
 * the journal, read back ever after.
 * I1: a recorded step's work is never called again. I2: the author sees what a resumed attempt will
 * see: the result as JSON gave it back. I3: a replay calls no work.
 */
import type { Random } from '../../kernel/index.ts';
import { diverged, insideWork } from './execution-core.ts';
import type { ExecutionCore } from './execution-core.ts';
import { recordedValue } from './journal-cursor.ts';
import { checkStepName } from './misuse.ts';
import { agentJson } from './outcomes.ts';
import { isThenable } from './thenable.ts';

export class Steps {
  readonly #core: ExecutionCore;
  readonly #uniform: Random;

  constructor(core: ExecutionCore, uniform: Random) {
    this.#core = core;
    this.#uniform = uniform;
  }

  /** See AgentContext.step. */
  async run<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    const core = this.#core;
    core.requireTurn(`step "${name}"`);
    checkStepName(name);
    const occurrence = core.cursor.next(name);
    const recorded = core.cursor.find(name, occurrence, 'step');
    if (recorded !== undefined) return recordedValue(recorded) as T;
    if (core.isReplay) throw diverged(core, { name, occurrence });
    core.workBegins();
    try {
      const made = insideWork.run(core, work);
      const value = (isThenable(made) ? await made : made) ?? null;
      const result = agentJson(value, `the result of step "${name}"`, core.maxPayloadBytes);
      core.requireTurn(`step "${name}"`);
      this.#hold({ name, occurrence, result });
      return JSON.parse(result) as T;
    } finally {
      core.workDone();
    }
  }

  now(): number {
    return this.#drawn('now', () => this.#core.clock.now());
  }

  random(): number {
    return this.#drawn('random', this.#uniform);
  }

  #drawn(name: 'now' | 'random', draw: () => number): number {
    const core = this.#core;
    core.requireTurn(name);
    const occurrence = core.cursor.next(name);
    const recorded = core.cursor.find(name, occurrence, 'step');
    if (recorded !== undefined) return Number(recordedValue(recorded));
    if (core.isReplay) throw diverged(core, { name, occurrence });
    const value = draw();
    this.#hold({ name, occurrence, result: String(value) });
    return value;
  }

  #hold(step: { name: string; occurrence: number; result: string }): void {
    const { writer, cursor, clock } = this.#core;
    writer.hold(cursor.add({ ...step, kind: 'step', atMs: clock.now() }));
  }
}
