// A task that is put in line again: one that a person or its error paused goes on; one that ended badly becomes a new task with its journal, because what has
// ended never changes (decision 0011).
// J1 Nothing of a paused run starts by it. J2 A task of a run of several is left to the retry of that run.

import { hiveError, isTerminal } from '../contract/index.ts';
import type { Store, TaskCopy, TaskId } from '../contract/index.ts';
import type { Clock, IdSource } from '../kernel/index.ts';
import type { By } from './run-verbs.ts';
import type { TaskFacts, VerbRows } from './verb-rows.ts';

export interface RequeueParts {
  store: Store;
  clock: Clock;
  ids: IdSource;
  rows: VerbRows;
}

export class Requeues {
  readonly #parts: RequeueParts;

  constructor(parts: RequeueParts) {
    this.#parts = parts;
  }

  /** Puts one task in line again. Throws NOT_FOUND, ILLEGAL_TRANSITION. */
  async requeue(id: TaskId, options: By & { fresh: boolean }): Promise<{ taskId: TaskId }> {
    const { rows, store, clock, ids } = this.#parts;
    const task = await rows.task(id, options.tenant);
    const nowMs = clock.now();
    const audit = {
      tenant: options.tenant,
      atMs: nowMs,
      actor: options.actor,
      action: 'task.requeue',
      subject: id,
      data: { fresh: options.fresh },
    };
    if (task.state === 'paused' && task.reason !== 'run') {
      await this.#refuseIfPaused(task);
      const change = {
        key: task.key,
        id,
        guard: { states: ['paused' as const] },
        to: 'ready' as const,
        reason: 'none' as const,
      };
      const [verdict] = await store.core.settle([
        { flushLane: task.run ?? task.key, change, events: [], audit },
      ]);
      if (verdict?.status !== 'ok')
        throw hiveError('ILLEGAL_TRANSITION', { message: `${id} is not paused any more` });
      return { taskId: id };
    }
    if (task.state === 'paused')
      throw hiveError('ILLEGAL_TRANSITION', {
        message: `${id} is paused with its run; resume the run`,
      });
    if (!isTerminal(task.state) || task.state === 'succeeded') {
      throw hiveError('ILLEGAL_TRANSITION', {
        message: `${id} is ${task.state}; only a task that is paused or ended badly can be put in line again`,
      });
    }
    if (task.run !== null) {
      throw hiveError('ILLEGAL_TRANSITION', {
        message: `${id} belongs to a run of several tasks; retry that run with \`hive run retry\``,
      });
    }
    const copy: TaskCopy = {
      from: task.key,
      id: ids.make('task'),
      as: 'ready',
      steps: options.fresh ? 'effects' : 'all',
    };
    const [verdict] = await store.core.enqueue([{ tasks: [], copies: [copy], audit }]);
    if (verdict?.status !== 'ok')
      throw hiveError('INTERNAL', {
        message: `the store did not copy ${id}`,
        details: { verdict },
      });
    return { taskId: copy.id };
  }

  /** In a paused run nothing begins. Throws ILLEGAL_TRANSITION. */
  async #refuseIfPaused({ id, run }: TaskFacts): Promise<void> {
    const [row] = run === null ? [] : await this.#parts.store.loadRuns([run]);
    if (row?.state !== 'paused') return;
    throw hiveError('ILLEGAL_TRANSITION', {
      message: `${id} belongs to ${row.id}, which is paused; resume the run first`,
    });
  }
}
