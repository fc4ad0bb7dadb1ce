// Tasks made from tasks that exist: forks, retries of runs, requeued tasks. Runs in the writer thread inside the flush's transaction.
// I1: a copy stays in the tenant, project and lane of its original. I2: copied rows of a journal keep their order and share their blobs; an open wait is
// never copied, and a copied approval has no id of its own any more, so that an approval id names one row. I3: nothing of the original changes.
// I4: what is tried again does not meet the failure that ended it: waits that failed or timed out and were followed by no work are not copied either.

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { hiveError, idBytes, taskStates } from '../../contract/plain.ts';
import type { RunKey, TaskCopy, TaskKey, TenantKey } from '../../contract/index.ts';
import type { Dictionaries, LaneEntry } from './dictionaries.ts';
import { refuseNul } from './refuse-nul.ts';

const FIRST_TERMINAL = taskStates.succeeded;
const KEPT =
  'tenant, project, node, item, name, description, type, priority, lane, route, retry, timeout_ms';
const ENDED = 'result, error, agent, assignment, host, errors, crashes, started_ms, ended_ms';
/** Larger than any position. */
const ALL_POSITIONS = Number.MAX_SAFE_INTEGER;

/** What the unit says of all its copies. */
export interface CopyPlace {
  run: RunKey | null;
  /** Of the run; null for single tasks, which stay where their original is. */
  tenant: TenantKey | null;
  /** When the unit was made: the creation of tasks that begin anew; null = as the original. */
  atMs: number | null;
}

export class Copier {
  readonly #dictionaries: Dictionaries;
  readonly #ready: (lane: LaneEntry) => void;
  readonly #original: StatementSync;
  readonly #byId: StatementSync;
  readonly #ended: StatementSync;
  readonly #fresh: StatementSync;
  readonly #position: StatementSync;
  readonly #journal: StatementSync;
  readonly #code: StatementSync;
  readonly #count: StatementSync;

  constructor(db: DatabaseSync, dictionaries: Dictionaries, ready: (lane: LaneEntry) => void) {
    this.#dictionaries = dictionaries;
    this.#ready = ready;
    this.#original = db.prepare('select tenant, state, lane, created_ms from tasks where key = ?');
    this.#byId = db.prepare('select key from tasks where tenant = ? and id = ?');
    this.#ended =
      db.prepare(`insert into tasks (id, run, input, created_ms, state, reason, ${KEPT}, ${ENDED})
      select ?, ?, coalesce(?, input), created_ms, state, reason, ${KEPT}, ${ENDED} from tasks where key = ?`);
    this.#fresh = db.prepare(`insert into tasks (id, run, input, created_ms, state, reason, ${KEPT})
      select ?, ?, coalesce(?, input), ?, ?, ?, ${KEPT} from tasks where key = ?`);
    this.#position = db.prepare(
      'select position from journal where task = ? and name = ? and occurrence = ?',
    );
    this.#journal =
      db.prepare(`insert into journal (tenant, task, position, name, occurrence, kind, result, due_ms, at_ms, subject, payload, code, blob)
      select tenant, ?, row_number() over (order by position) - 1, name, occurrence, kind, result, due_ms, at_ms,
        case kind when 'approval' then null else subject end, payload, null, blob
      from journal where task = ? and (? = 0 or kind = 'effect') and position < ?
        and (kind not in ('approval', 'event', 'child') or result is not null or blob is not null)
        and (? = 1 or kind not in ('approval', 'event', 'child') or blob is not null or result like '{"status":"ok"%' or exists (
          select 1 from journal l where l.task = journal.task and l.position > journal.position and l.kind in ('step', 'effect')))`);
    this.#code =
      db.prepare(`update journal set code = (select code from journal where task = ? and code is not null order by position limit 1)
      where task = ? and position = 0`);
    this.#count = db.prepare('update tasks set journal_steps = ? where key = ?');
  }

  /** Throws NOT_FOUND when the original or the step is unknown (or of another tenant), ILLEGAL_TRANSITION when it should be ended and is not. */
  copy(copy: TaskCopy, place: CopyPlace): { key: TaskKey; existed: boolean } {
    const original = this.#original.get(copy.from);
    const tenant = Number(original?.['tenant']);
    if (original === undefined || (place.tenant !== null && place.tenant !== tenant))
      throw hiveError('NOT_FOUND', { message: `there is no task ${copy.from} to copy` });
    const state = Number(original['state']);
    if (copy.as === 'ended' && state < FIRST_TERMINAL)
      throw hiveError('ILLEGAL_TRANSITION', {
        message: `task ${copy.from} has not ended, so it cannot be copied as ended`,
      });
    const id = idBytes('task', copy.id);
    const earlier = this.#byId.get(tenant, id); // S6
    if (earlier !== undefined) return { key: Number(earlier['key']), existed: true };
    const until = this.#until(copy);
    refuseNul(copy.input);
    const input = copy.input ?? null;
    const paused = copy.as === 'paused';
    const done =
      copy.as === 'ended'
        ? this.#ended.run(id, place.run, input, copy.from)
        : this.#fresh.run(
            id,
            place.run,
            input,
            place.atMs ?? Number(original['created_ms']),
            paused ? taskStates.paused : taskStates.ready,
            paused ? 'run' : 'none',
            copy.from,
          );
    const key = Number(done.lastInsertRowid);
    if (copy.steps !== 'none') this.#copyJournal(copy, key, until);
    if (copy.as === 'ready') this.#ready(this.#dictionaries.lane(Number(original['lane'])));
    return { key, existed: false };
  }

  #until({ from, steps }: TaskCopy): number {
    if (typeof steps === 'string') return ALL_POSITIONS;
    const { name, occurrence } = steps.before;
    const row = this.#position.get(from, name, occurrence);
    if (row === undefined)
      throw hiveError('NOT_FOUND', {
        message: `the journal of task ${from} has no step "${name}" (occurrence ${occurrence})`,
      });
    return Number(row['position']);
  }

  #copyJournal({ from, steps, as }: TaskCopy, to: TaskKey, until: number): void {
    const onlyEffects = steps === 'effects';
    const keepsFailed = as === 'ended' || steps !== 'all' ? 1 : 0;
    const { changes } = this.#journal.run(to, from, onlyEffects ? 1 : 0, until, keepsFailed);
    const rows = Number(changes);
    if (rows === 0) return;
    this.#count.run(rows, to);
    // What goes on with the steps must be the code that wrote them; effects alone may be met by any.
    if (!onlyEffects) this.#code.run(from, to);
  }
}
