// Deleting what ended long ago. Runs in the writer thread inside the flush's transaction, a bounded piece at a time.
// I1: nothing goes that has not ended, and a run goes only when its whole tree has. I2: children go before what started them and a run's row goes last, so
// that what a piece leaves behind is found again by the next. I3: audit is never touched.
// Events of single tasks have no index (it would cost every task that ends); `events` finds them by walking the log in its order.

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  PruneRequest,
  PruneResult,
  RunKey,
  TaskKey,
  TenantKey,
} from '../../contract/index.ts';
import type { Blobs } from './blobs.ts';

/** Rows of tasks and events deleted in one piece: some tens of milliseconds. */
const MAX_ROWS = 2_000;
/** Rows of the log looked at in one piece. */
const MAX_EVENTS = 5_000;

const OPEN_TASK = (run: string): string =>
  `exists (select 1 from tasks o where o.run = ${run} and o.state < 6)`;
/** Something below or in this run has not ended. */
const OPEN_TREE = (run: string): string => `(${OPEN_TASK(run)}
  or exists (select 1 from runs d where d.root = ${run} and (d.state < 3 or ${OPEN_TASK('d.key')})))`;

export interface EventWalk {
  tenant: TenantKey;
  beforeMs: number;
  /** Key after which the walk goes on. */
  after: number;
}

interface Found {
  key: number;
  id: Uint8Array;
}

export class Pruner {
  readonly #blobs: Blobs;
  readonly #cut: StatementSync;
  readonly #runs: StatementSync;
  readonly #singles: StatementSync;
  readonly #descendants: StatementSync;
  readonly #children: StatementSync;
  readonly #tasksOf: StatementSync;
  readonly #hashes: StatementSync;
  readonly #ofTask: readonly StatementSync[];
  readonly #logsOfTask: StatementSync;
  readonly #eventsOfRun: StatementSync;
  readonly #ofRun: readonly StatementSync[];
  readonly #inbox: StatementSync;
  readonly #run: StatementSync;
  readonly #pins: StatementSync;
  readonly #walk: StatementSync;
  readonly #lost: StatementSync;
  #rows = 0;

  constructor(db: DatabaseSync, blobs: Blobs) {
    this.#blobs = blobs;
    const runs =
      'tenant = ?1 and state >= 3 and parent_task is null and (?2 is null or project = ?2)';
    const tasks = 'tenant = ?1 and run is null and state >= 6 and (?2 is null or project = ?2)';
    this.#cut = db.prepare(`select ended_ms from (
        select * from (select ended_ms from runs where ${runs} order by ended_ms desc limit ?3)
        union all select * from (select ended_ms from tasks where ${tasks} order by ended_ms desc limit ?3))
      order by ended_ms desc limit 1 offset ?3 - 1`);
    this.#runs = db.prepare(`select key, id from runs where ${runs} and ended_ms < ?3
      and not ${OPEN_TREE('runs.key')} order by ended_ms limit 1`);
    this.#singles = db.prepare(`select key, id from tasks where ${tasks} and ended_ms < ?3
      and not exists (select 1 from runs c where c.parent_task = tasks.key and (c.state < 3 or ${OPEN_TREE('c.key')}))
      order by ended_ms limit 1`);
    this.#descendants = db.prepare(
      'select key, id from runs where root = ? order by depth desc, key desc',
    );
    this.#children = db.prepare('select key, id from runs where parent_task = ?');
    this.#tasksOf = db.prepare('select key, id from tasks where run = ? limit ?');
    this.#hashes = db.prepare(
      'select tenant, blob from journal where task = ? and blob is not null',
    );
    this.#ofTask = ['attempts where task', 'journal where task', 'tasks where key'].map((where) =>
      db.prepare(`delete from ${where} = ?`),
    );
    this.#logsOfTask = db.prepare('delete from execution_logs where task = ? and task is not null');
    this.#eventsOfRun = db.prepare(
      'delete from events where key in (select key from events where run = ? and seq is not null limit ?)',
    );
    this.#ofRun = [
      db.prepare('delete from execution_logs where run = ? and run is not null and task is null'),
    ];
    this.#inbox = db.prepare('delete from inbox where tenant = ? and run = ?');
    this.#run = db.prepare('delete from runs where key = ?');
    this.#pins = db.prepare('delete from run_pins where run = ?');
    this.#walk = db.prepare(
      'select key, at_ms, tenant, run, task from events where key > ? order by key limit ?',
    );
    this.#lost = db.prepare(`delete from events where key = ?1
      and not exists (select 1 from tasks t where t.tenant = events.tenant and t.id = events.task)`);
  }

  /** One piece: at most `limit` runs and single tasks, and not many more than MAX_ROWS rows. `done` when nothing is left to delete. */
  piece(request: PruneRequest): PruneResult {
    const { tenant, limit } = request;
    const project = request.project ?? null;
    const beforeMs = this.#before(request);
    const gone = { runs: 0, tasks: 0 };
    if (beforeMs === null) return { ...gone, done: true };
    this.#rows = 0;
    while (gone.runs + gone.tasks < limit && this.#rows < MAX_ROWS) {
      const run = this.#runs.get(tenant, project, beforeMs) as unknown as Found | undefined;
      if (run !== undefined) {
        gone.runs += this.#tree(tenant, run);
        continue;
      }
      const task = this.#singles.get(tenant, project, beforeMs) as unknown as Found | undefined;
      if (task === undefined) return { ...gone, done: true };
      for (const child of this.#children.all(task.key) as unknown as Found[])
        gone.runs += this.#tree(tenant, child);
      if (this.#children.get(task.key) !== undefined) continue;
      this.#task(task);
      this.#inbox.run(tenant, task.id);
      gone.tasks++;
    }
    return { ...gone, done: false };
  }

  /** Ended before this goes; null = all is kept. */
  #before({ tenant, project, beforeMs, keep = 0 }: PruneRequest): number | null {
    if (keep <= 0) return beforeMs;
    const cut = this.#cut.get(tenant, project ?? null, keep);
    return cut === undefined ? null : Math.min(beforeMs, Number(cut['ended_ms']));
  }

  /** Deletes the run and all below it, as far as one piece goes; returns how many runs are gone. */
  #tree(tenant: TenantKey, top: Found): number {
    let gone = 0;
    const below = this.#descendants.all(top.key) as unknown as Found[];
    for (const run of [...below, top]) {
      if (!this.#whole(tenant, run)) return gone;
      gone++;
    }
    return gone;
  }

  #whole(tenant: TenantKey, run: Found): boolean {
    const room = (): number => Math.max(0, MAX_ROWS - this.#rows);
    const tasks = this.#tasksOf.all(run.key satisfies RunKey, room()) as unknown as Found[];
    for (const task of tasks) this.#task(task);
    if (room() > 0) this.#rows += Number(this.#eventsOfRun.run(run.id, room()).changes);
    if (room() === 0) return false;
    for (const statement of this.#ofRun) statement.run(run.id);
    this.#inbox.run(tenant, run.id);
    this.#run.run(run.key);
    this.#pins.run(run.key);
    this.#rows++;
    return true;
  }

  #task(task: Found): void {
    const key: TaskKey = task.key;
    const blobs = this.#hashes.all(key);
    this.#logsOfTask.run(task.id);
    for (const statement of this.#ofTask) statement.run(key);
    for (const row of blobs) this.#blobs.drop(Number(row['tenant']), [row['blob'] as Uint8Array]);
    this.#rows++;
  }

  /** Deletes events of single tasks that are gone, one piece of the log from its old end. Returns where to go on, or null at its end. */
  events({ tenant, beforeMs, after }: EventWalk): number | null {
    const rows = this.#walk.all(after, MAX_EVENTS);
    let old = 0;
    for (const row of rows) {
      if (Number(row['at_ms']) >= beforeMs) continue;
      old++;
      if (row['tenant'] === tenant && row['run'] === null && row['task'] !== null)
        this.#lost.run(Number(row['key']));
    }
    // The log is in the order of its times but for what clocks do: a whole piece without an old event is the end of the old ones.
    return old === 0 || rows.length < MAX_EVENTS ? null : Number(rows.at(-1)?.['key']);
  }
}
