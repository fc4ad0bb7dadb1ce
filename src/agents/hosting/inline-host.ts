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
import type { Deadlines } from './deadlines.ts';
import { cancelled, shutDown, timedOut } from './ends.ts';
import type { OutsideEnd } from './ends.ts';
import { Execution } from './execution.ts';
import type { Turn } from './execution.ts';
import { KeptClosures } from './kept-closures.ts';

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
          if (outcome.status === 'suspended') this.#kept.keep(taskKey, execution);
          resolve(outcome);
        },
      };
      const kept = this.#kept.take(taskKey, attempt.journal.length);
      const execution = kept ?? new Execution({ ...this.#options, definition }, turn);
      this.#live.add(stop);
      signal.addEventListener('abort', onAbort);
      if (kept === undefined) execution.start();
      else kept.resume(turn);
    });
  }

  forget(taskKey: number): void {
    this.#kept.drop(taskKey);
  }

  close(): void {
    this.#kept.clear();
    for (const stop of this.#live) stop(shutDown());
  }
}
