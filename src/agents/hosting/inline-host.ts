/**
 * Hosts built-in agents in the hive's own event loop. This is the hot path: no timer, no worker and
 * no AbortController per attempt.
 * Owns: live executions, their deadlines, and suspended closures. Does not own: anything that a looping
 * agent would take with it: code that never yields blocks the hive, so only trusted agents run here.
 * I1: every run settles once; one that ignores its abort is settled all the same and its context refuses.
 */
import type { Attempt, AttemptHost, AttemptOutcome } from '../../contract/index.ts';
import type { Clock, Random } from '../../kernel/index.ts';
import type { AgentDefinition } from '../authoring/define-agent.ts';
import { codeOf } from './code-pin.ts';
import type { Deadlines } from './deadlines.ts';
import { cancelled, shutDown, timedOut } from './ends.ts';
import type { OutsideEnd } from './ends.ts';
import { Execution } from './execution.ts';
import type { Turn } from './execution-core.ts';
import { KEPT_MS, KeptClosures } from './kept-closures.ts';

export interface InlineHostOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly maxPayloadBytes: number;
  readonly deadlines: Deadlines;
}

export class InlineHost {
  readonly #options: InlineHostOptions;
  readonly #kept: KeptClosures;
  readonly #live = new Set<(end: OutsideEnd) => void>();

  constructor(options: InlineHostOptions) {
    this.#options = options;
    this.#kept = new KeptClosures(options.clock);
  }

  run(definition: AgentDefinition, attempt: Attempt, host: AttemptHost): Promise<AttemptOutcome> {
    if (attempt.signal.aborted) return Promise.resolve(cancelled(attempt.signal).outcome);
    return new Promise((resolve) => {
      const { signal, taskKey } = attempt;
      const isReplay = attempt.mode === 'replay';
      const stop = (end: OutsideEnd): void => {
        execution.stop(end.outcome, end.reason);
      };
      const onAbort = (): void => {
        stop(cancelled(signal));
      };
      const deadline = this.#options.deadlines.add(attempt.timeoutMs, () => {
        stop(timedOut(attempt));
      });
      const turn: Turn = {
        facts: attempt,
        host,
        end: (outcome) => {
          this.#options.deadlines.delete(deadline);
          this.#live.delete(stop);
          signal.removeEventListener('abort', onAbort);
          if (!isReplay) this.#keep(taskKey, execution, outcome);
          resolve(outcome);
        },
      };
      const kept = isReplay ? undefined : this.#kept.take(taskKey, attempt.journal.length);
      const code = codeOf(definition.manifest);
      const execution = kept ?? new Execution({ ...this.#options, definition, code }, turn);
      this.#live.add(stop);
      signal.addEventListener('abort', onAbort);
      if (kept === undefined) execution.start();
      else kept.resume(turn);
    });
  }

  /** A closure that would be dropped before its wake-up is not kept at all: thousands may wait for days. */
  #keep(taskKey: number, execution: Execution, outcome: AttemptOutcome): void {
    if (outcome.status !== 'suspended') return;
    const { dueMs } = outcome;
    if (dueMs === null || dueMs - this.#options.clock.now() <= KEPT_MS)
      this.#kept.keep(taskKey, execution);
  }

  forget(taskKey: number): void {
    this.#kept.drop(taskKey);
  }

  close(): void {
    this.#kept.clear();
    for (const stop of this.#live) stop(shutDown());
  }
}
