// Inserting runs, tasks, events and audit rows. Runs in the writer thread inside the flush's transaction.

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  eventTypes,
  formatId,
  hiveError,
  idBytes,
  runStates,
  taskStates,
} from '../../contract/plain.ts';
import type {
  EnqueueUnit,
  EnqueueVerdict,
  NewAudit,
  NewEvent,
  NewRun,
  NewTask,
  RunId,
  RunKey,
  TaskId,
  TaskKey,
} from '../../contract/index.ts';
import { Copier } from './copier.ts';
import type { Dictionaries, LaneEntry } from './dictionaries.ts';
import { refuseNul } from './refuse-nul.ts';

export interface Inserted {
  key: TaskKey;
  existed: boolean;
  /** False when a lease was asked for and a cap refused it. */
  isLeased: boolean;
}

/** An event whose data may be JSON text already, as it crossed to this thread. */
export type PlainEvent = Omit<NewEvent, 'data'> & { data: NewEvent['data'] | string };

export interface InsertSink {
  /** A task became ready in this lane. */
  ready(lane: LaneEntry): void;
  event(): void;
}

export class Inserter {
  readonly #dictionaries: Dictionaries;
  readonly #sink: InsertSink;
  readonly #copier: Copier;
  readonly #insertTask: StatementSync;
  readonly #insertRun: StatementSync;
  readonly #pin: StatementSync;
  readonly #capRow: StatementSync;
  readonly #cap: StatementSync;
  readonly #insertEvent: StatementSync;
  readonly #insertAudit: StatementSync;
  readonly #taskByIdem: StatementSync;
  readonly #runByIdem: StatementSync;
  readonly #taskById: StatementSync;
  readonly #runById: StatementSync;

  constructor(db: DatabaseSync, dictionaries: Dictionaries, sink: InsertSink) {
    this.#dictionaries = dictionaries;
    this.#sink = sink;
    this.#copier = new Copier(db, dictionaries, (lane) => sink.ready(lane));
    this.#insertTask = db.prepare(`insert into tasks
      (id, tenant, project, run, node, item, name, description, type, priority, state, reason, lane, route, input, fence, lease_until_ms, host, agent,
       assignment, retry, timeout_ms, due_ms, idem, body_hash, created_ms, capped)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#capRow = db.prepare(
      'select max_running - running as free from caps where tenant = ? and subject = ?',
    );
    this.#cap = db.prepare(
      'update caps set running = running + 1 where tenant = ? and subject = ?',
    );
    this.#insertRun = db.prepare(`insert into runs
      (id, tenant, project, workflow, title, progress, state, version, token, seq, idem, body_hash, created_ms, started_ms, deadline_ms,
       parent_task, parent_name, parent_occurrence, root, depth, origin, ended_ms, output, error)
      values (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#pin = db.prepare('insert into run_pins (run, tenant, graph, input) values (?, ?, ?, ?)');
    this.#insertEvent = db.prepare(
      'insert into events (tenant, type, at_ms, run, task, seq, data) values (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#insertAudit = db.prepare(
      'insert into audit (tenant, at_ms, actor, action, subject, data) values (?, ?, ?, ?, ?, ?)',
    );
    this.#taskByIdem = db.prepare('select id, body_hash from tasks where tenant = ? and idem = ?');
    this.#runByIdem = db.prepare('select id, body_hash from runs where tenant = ? and idem = ?');
    this.#taskById = db.prepare('select key from tasks where tenant = ? and id = ?');
    this.#runById = db.prepare('select key from runs where tenant = ? and id = ?');
  }

  enqueue(unit: EnqueueUnit): EnqueueVerdict {
    const earlier = this.#byIdempotencyKey(unit);
    if (earlier !== undefined) return earlier;
    const repeated = this.#alreadyApplied(unit);
    if (repeated !== undefined) return repeated;
    let runKey: RunKey | null = null;
    if (unit.run !== undefined) {
      const lastSeq = unit.events?.reduce((last, event) => Math.max(last, event.seq ?? 0), 0) ?? 0;
      runKey = this.run(unit.run, lastSeq);
    }
    const { taskKeys, unleased, existed } = this.tasks(unit.tasks, runKey);
    const copies = this.#copies(unit, runKey);
    taskKeys.push(...copies.keys);
    if (!existed && !copies.existed) {
      this.events(unit.events ?? []);
      if (unit.audit !== undefined) this.audit(unit.audit);
    }
    return { status: 'ok', taskKeys, runKey, ...(unleased.length === 0 ? {} : { unleased }) };
  }

  #copies(unit: EnqueueUnit, run: RunKey | null): { keys: TaskKey[]; existed: boolean } {
    if (unit.copies === undefined) return { keys: [], existed: false };
    const atMs = unit.run?.createdMs ?? unit.audit?.atMs ?? unit.events?.[0]?.atMs ?? null;
    const place = { run, tenant: unit.run?.tenant ?? null, atMs };
    const copied = unit.copies.map((copy) => this.#copier.copy(copy, place));
    return { keys: copied.map(({ key }) => key), existed: copied.some(({ existed }) => existed) };
  }

  #byIdempotencyKey(unit: EnqueueUnit): EnqueueVerdict | undefined {
    const source = unit.run ?? unit.tasks[0];
    if (source?.idempotencyKey === undefined) return undefined;
    const kind = unit.run === undefined ? 'task' : 'run';
    const row = (kind === 'task' ? this.#taskByIdem : this.#runByIdem).get(
      source.tenant,
      source.idempotencyKey,
    );
    if (!(row?.['id'] instanceof Uint8Array)) return undefined;
    const id = formatId(kind, row['id']) as TaskId | RunId;
    if (id === source.id) return undefined; // a repeated unit: answered with its keys below
    return {
      status: row['body_hash'] === (source.bodyHash ?? null) ? 'duplicate' : 'conflict',
      id,
    };
  }

  /** S6: the same unit again gives the same answer. Looks only when the first insert would fail, so it costs one lookup for units with a run. */
  #alreadyApplied(unit: EnqueueUnit): EnqueueVerdict | undefined {
    if (unit.run === undefined) return undefined; // single tasks: found by the unique index when they are inserted
    const run = this.#runById.get(unit.run.tenant, idBytes('run', unit.run.id));
    if (run === undefined) return undefined;
    const { tenant } = unit.run;
    const copies = (unit.copies ?? []).map(({ id }) => ({ id, tenant }));
    const taskKeys = [...unit.tasks, ...copies].map((task) => this.keyOf(task));
    return { status: 'ok', taskKeys, runKey: Number(run['key']) };
  }

  tasks(
    tasks: readonly NewTask[],
    runKey: RunKey | null,
  ): { taskKeys: TaskKey[]; unleased: TaskKey[]; existed: boolean } {
    const unleased: TaskKey[] = [];
    let existing = 0;
    const taskKeys = tasks.map((task) => {
      const inserted = this.#task(task, runKey);
      if (inserted.existed) existing++;
      else if (task.lease !== undefined && !inserted.isLeased) unleased.push(inserted.key);
      return inserted.key;
    });
    if (existing > 0 && new Set(taskKeys).size !== taskKeys.length)
      throw hiveError('INPUT_INVALID', { message: 'the unit uses a task id twice' });
    return { taskKeys, unleased, existed: existing > 0 };
  }

  keyOf(task: Pick<NewTask, 'id' | 'tenant'>): TaskKey {
    return Number(this.#taskById.get(task.tenant, idBytes('task', task.id))?.['key'] ?? 0);
  }

  run(run: NewRun, lastSeq: number): RunKey {
    refuseNul(run.workflow, run.title, run.graph, run.progress, run.input, run.idempotencyKey);
    refuseNul(run.parent?.name, run.origin, run.ended?.output);
    const done = this.#insertRun.run(
      idBytes('run', run.id),
      run.tenant,
      run.project,
      run.workflow,
      run.title,
      run.progress,
      runStates[run.state],
      run.token,
      lastSeq,
      run.idempotencyKey ?? null,
      run.bodyHash ?? null,
      run.createdMs,
      run.state === 'pending' ? null : run.createdMs,
      run.deadlineMs ?? null,
      run.parent?.task ?? null,
      run.parent?.name ?? null,
      run.parent?.occurrence ?? null,
      run.parent?.root ?? null,
      run.parent?.depth ?? 0,
      run.origin ?? null,
      run.ended?.atMs ?? null,
      run.ended?.output ?? null,
      run.ended?.error === undefined ? null : JSON.stringify(run.ended.error),
    );
    const key = Number(done.lastInsertRowid);
    this.#pin.run(key, run.tenant, run.graph, run.input);
    return key;
  }

  #task(task: NewTask, runKey: RunKey | null): Inserted {
    refuseNul(task.name, task.description, task.type, task.node, task.input, task.idempotencyKey);
    const lane = this.#dictionaries.laneFor(task);
    const caps = task.lease === undefined ? [] : this.#dictionaries.capsOf(lane);
    const mayLease = task.state === 'ready' && (caps.length === 0 || this.#hasRoom(lane, caps));
    const lease = mayLease ? task.lease : undefined;
    const id = idBytes('task', task.id);
    const state = lease === undefined ? taskStates[task.state] : taskStates.leased;
    try {
      const done = this.#insertTask.run(
        id,
        task.tenant,
        task.project,
        runKey,
        task.node ?? null,
        task.item ?? null,
        task.name,
        task.description ?? null,
        task.type,
        task.priority,
        state,
        task.reason,
        lane.key,
        task.route,
        task.input,
        lease === undefined ? 0 : 1,
        lease?.untilMs ?? null,
        lease?.host ?? null,
        lease?.agent ?? null,
        lease?.assignment ?? null,
        task.retry,
        task.timeoutMs,
        task.dueMs ?? null,
        task.idempotencyKey ?? null,
        task.bodyHash ?? null,
        task.createdMs,
        lease !== undefined && caps.length > 0 ? 1 : 0,
      );
      if (state === taskStates.ready) this.#sink.ready(lane);
      if (lease !== undefined) for (const subject of caps) this.#cap.run(lane.tenant, subject);
      return { key: Number(done.lastInsertRowid), existed: false, isLeased: lease !== undefined };
    } catch (error) {
      const existing = this.#taskById.get(task.tenant, id); // S6
      if (existing !== undefined)
        return { key: Number(existing['key']), existed: true, isLeased: false };
      throw error;
    }
  }

  #hasRoom(lane: LaneEntry, caps: readonly string[]): boolean {
    return caps.every(
      (subject) => Number(this.#capRow.get(lane.tenant, subject)?.['free'] ?? 0) > 0,
    );
  }

  events(events: readonly PlainEvent[]): void {
    for (const event of events) {
      const data = typeof event.data === 'string' ? event.data : JSON.stringify(event.data);
      if (data.includes('\\u0000'))
        throw hiveError('INPUT_NUL', { message: `the data of ${event.type} contains \\u0000` });
      this.#insertEvent.run(
        event.tenant,
        eventTypes[event.type],
        event.atMs,
        event.run === undefined ? null : idBytes('run', event.run),
        event.task === undefined ? null : idBytes('task', event.task),
        event.seq ?? null,
        data,
      );
      this.#sink.event();
    }
  }

  /** The event of a task without a run row; `data` is JSON text. */
  eventOf(event: {
    tenant: number;
    type: NewEvent['type'];
    atMs: number;
    task: string;
    data: string;
  }): void {
    if (event.data.includes('\\u0000'))
      throw hiveError('INPUT_NUL', { message: `the data of ${event.type} contains \\u0000` });
    this.#insertEvent.run(
      event.tenant,
      eventTypes[event.type],
      event.atMs,
      null,
      idBytes('task', event.task),
      null,
      event.data,
    );
    this.#sink.event();
  }

  audit(audit: NewAudit): void {
    this.#insertAudit.run(
      audit.tenant,
      audit.atMs,
      audit.actor,
      audit.action,
      audit.subject,
      JSON.stringify(audit.data),
    );
  }
}
