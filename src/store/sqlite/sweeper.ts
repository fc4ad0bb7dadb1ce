// One change of all tasks of a run: cancelled at its early end, paused, resumed. Runs in the writer thread inside the flush's transaction.
// I1: swept tasks have a higher fence, hold no lease and count in no cap. I2: owners of swept leases are told. I3: a mark (S11) is set only on tasks that
// somebody owns or must decide on (leased, uncertain); a sweep that clears leaves none in the run.

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { canTransition, hiveError, taskStates } from '../../contract/plain.ts';
import type { RunSweep } from '../../contract/index.ts';
import type { ChangeSink } from './change-sink.ts';
import type { Dictionaries } from './dictionaries.ts';

const WHERE = `run = ? and ((1 << state) & ?) <> 0 and key <> ? and (? is null or reason = ?)`;

export class Sweeper {
  readonly #dictionaries: Dictionaries;
  readonly #sink: ChangeSink;
  readonly #uncap: (tenant: number, lane: number) => void;
  readonly #leased: StatementSync;
  readonly #sweep: StatementSync;
  readonly #mark: StatementSync;
  readonly #unmark: StatementSync;

  constructor(
    db: DatabaseSync,
    parts: {
      dictionaries: Dictionaries;
      sink: ChangeSink;
      uncap: (tenant: number, lane: number) => void;
    },
  ) {
    this.#dictionaries = parts.dictionaries;
    this.#sink = parts.sink;
    this.#uncap = parts.uncap;
    this.#leased = db.prepare(
      `select key, tenant, lane, capped from tasks where ${WHERE} and state = 3`,
    );
    this.#sweep =
      db.prepare(`update tasks set state = ?, reason = ?, ended_ms = coalesce(?, ended_ms), fence = fence + 1, due_ms = null,
      lease_until_ms = null, suspect = 0, capped = 0, hold = 0 where ${WHERE} returning lane`);
    this.#mark = db.prepare(
      'update tasks set hold = 1 where run = ? and state in (3, 5) and key <> ?',
    );
    this.#unmark = db.prepare('update tasks set hold = 0 where run = ? and hold = 1');
  }

  /** Throws ILLEGAL_TRANSITION when one of the states may not change so. */
  sweep(sweep: RunSweep): void {
    for (const state of sweep.from) {
      if (!canTransition(state, sweep.to))
        throw hiveError('ILLEGAL_TRANSITION', {
          message: `a task that is ${state} cannot become ${sweep.to}`,
        });
    }
    const mask = sweep.from.reduce((bits, state) => bits | (1 << taskStates[state]), 0);
    const except = sweep.except ?? 0;
    const only = sweep.onlyReason ?? null;
    const which = [sweep.run, mask, except, only, only];
    if (sweep.from.includes('leased')) {
      for (const row of this.#leased.all(...which)) {
        this.#sink.revoked(Number(row['key']));
        if (row['capped'] === 1) this.#uncap(Number(row['tenant']), Number(row['lane']));
      }
    }
    const swept = this.#sweep.all(
      taskStates[sweep.to],
      sweep.reason,
      sweep.endedMs ?? null,
      ...which,
    );
    if (sweep.to === 'ready') {
      for (const lane of new Set(swept.map((row) => Number(row['lane']))))
        this.#sink.ready(this.#dictionaries.lane(lane));
    }
    if (sweep.hold === 1) this.#mark.run(sweep.run, except);
    if (sweep.hold === 0) this.#unmark.run(sweep.run);
  }
}
