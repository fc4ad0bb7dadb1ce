// The single writer of a SQLite store: applies flushes. Lives in the writer thread; tests may drive it directly.
//
// A flush is tried once without savepoints (fast). If any unit throws, everything is rolled back and the flush is applied again with a savepoint
// around each unit, so that the bad one stands alone (S2). If the store itself fails (disk full, damaged file), every unit gets that error.
// I1: one flush = one transaction = one sync. I2: after a rollback nothing in memory is believed: dictionaries reset, ready lanes rescanned.

import type { DatabaseSync } from 'node:sqlite';
import { crashPoint, isHiveError, toHiveError } from '../../contract/plain.ts';
import type {
  CrashPoint,
  EnqueueUnit,
  EnqueueVerdict,
  ErrorRecord,
  RouteKey,
  SettleVerdict,
  TaskKey,
} from '../../contract/index.ts';
import { LaneScheduler } from '../lanes.ts';
import { Blobs } from './blobs.ts';
import { Changer } from './changes.ts';
import { isStoreFailure, sqliteError } from './connection.ts';
import { Dictionaries } from './dictionaries.ts';
import type { LaneEntry } from './dictionaries.ts';
import { Inserter } from './enqueue.ts';
import { JournalWriter } from './journal-writer.ts';
import { Leases } from './leases.ts';
import type { FlushHints, FlushReply, Operation, OperationOutput } from './operations.ts';
import { Pruner } from './pruner.ts';
import { addClaimed, emptyClaim } from './claim-columns.ts';
import type { EndColumns } from './end-columns.ts';
import { settleAt, settledBriefly } from './settle-columns.ts';
import type { SettleColumns } from './settle-columns.ts';
import { auditAt, taskAt } from './task-columns.ts';
import type { EnqueueColumns, WireOperation, WireResult } from './wire.ts';

/** Prepared cold statements kept; more distinct ones than this are not written anywhere in the product. */
const MAX_PREPARED = 200;

export class Writer {
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #dictionaries: Dictionaries;
  readonly #inserter: Inserter;
  readonly #changer: Changer;
  readonly #leases: Leases;
  readonly #pruner: Pruner;
  /** Crash points of what this flush holds, passed right before and right after its commit. */
  readonly #points = new Set<CrashPoint>();
  readonly #prepared = new Map<string, ReturnType<DatabaseSync['prepare']>>();
  #readyRoutes = new Set<RouteKey>();
  #revoked: TaskKey[] = [];
  #events = false;

  constructor(db: DatabaseSync, file: string) {
    this.#db = db;
    this.#file = file;
    this.#dictionaries = new Dictionaries(db);
    const scheduler = new LaneScheduler((tenant) => this.#dictionaries.weight(tenant));
    const sink = {
      ready: (lane: LaneEntry): void => {
        scheduler.mark(lane);
        this.#readyRoutes.add(lane.route);
      },
      event: (): void => {
        this.#events = true;
      },
      revoked: (key: TaskKey): void => {
        this.#revoked.push(key);
      },
    };
    this.#inserter = new Inserter(db, this.#dictionaries, sink);
    const blobs = new Blobs(db);
    this.#pruner = new Pruner(db, blobs);
    this.#changer = new Changer(db, {
      dictionaries: this.#dictionaries,
      inserter: this.#inserter,
      journals: new JournalWriter(db, blobs),
      sink,
    });
    this.#leases = new Leases(db, {
      dictionaries: this.#dictionaries,
      scheduler,
      changer: this.#changer,
    });
    this.#leases.rescan();
  }

  /** Applies the operations in one transaction and says what each of them gave. Never throws for a reason that lies in an operation. */
  flush(operations: readonly WireOperation[]): FlushReply {
    let results = this.#attempt(operations, false);
    results ??= this.#attempt(operations, true);
    const failed = results === undefined;
    results ??= operations.map(() => ({ ok: false, error: this.#failure }));
    const hints = this.#takeHints(failed);
    return { results, hints };
  }

  #failure: ErrorRecord = toHiveError('the flush failed', 'STORE_UNAVAILABLE').toRecord();

  #takeHints(failed: boolean): FlushHints {
    const hints = failed
      ? { readyRoutes: [], revoked: [], events: false }
      : { readyRoutes: [...this.#readyRoutes], revoked: this.#revoked, events: this.#events };
    this.#readyRoutes = new Set();
    this.#revoked = [];
    this.#events = false;
    return hints;
  }

  /** Undefined when the flush has to be tried the careful way, or when the careful way failed too. */
  #attempt(operations: readonly WireOperation[], careful: boolean): WireResult[] | undefined {
    try {
      this.#points.clear();
      this.#db.exec('begin immediate');
      const results = operations.map((operation): WireResult =>
        careful ? this.#carefully(operation) : this.#quickly(operation),
      );
      crashPoint('C2');
      for (const point of this.#points) crashPoint(point);
      this.#db.exec('commit');
      for (const point of this.#points) crashPoint(point);
      crashPoint('C9');
      return results;
    } catch (error) {
      this.#rollback();
      this.#failure = sqliteError(error, this.#file).toRecord();
      return isStoreFailure(error)
        ? operations.map(() => ({ ok: false, error: this.#failure }))
        : undefined;
    }
  }

  #quickly(operation: WireOperation): WireResult {
    if (operation.op === 'ends') {
      crashPoint('C7');
      return { ends: operation.input.key.map((_, at) => this.#changer.end(operation.input, at)) };
    }
    if (operation.op === 'settles') {
      crashPoint('C7');
      const settle = (_: number, at: number) =>
        settledBriefly(this.#changer.settle(settleAt(operation.input, at)));
      return { settled: operation.input.key.map(settle) };
    }
    if (operation.op === 'enqueues') {
      return {
        enqueued: unitsOf(operation.input).map((unit) => briefly(this.#inserter.enqueue(unit))),
      };
    }
    if (operation.op === 'claim') return this.#claim(operation);
    return { ok: true, value: this.#execute(operation) };
  }

  #claim(operation: Extract<Operation, { op: 'claim' }>): WireResult {
    const claimed = emptyClaim();
    for (const task of this.#leases.claim(operation.input)) addClaimed(claimed, task);
    return { claimed };
  }

  #carefully(operation: WireOperation): WireResult {
    if (operation.op === 'ends') {
      return { ends: operation.input.key.map((_, at) => this.#endAlone(operation.input, at)) };
    }
    if (operation.op === 'settles') {
      return {
        settled: operation.input.key.map((_, at) => this.#settleAlone(operation.input, at)),
      };
    }
    if (operation.op === 'enqueues') {
      return { enqueued: unitsOf(operation.input).map((unit) => this.#enqueueAlone(unit)) };
    }
    return this.#alone(operation, () => this.#quickly(operation));
  }

  #endAlone(columns: EndColumns, at: number): 0 | 1 | SettleVerdict {
    let end: 0 | 1 = 0;
    const result = this.#alone({ op: 'settle' }, () => {
      end = this.#changer.end(columns, at);
      return { ends: [end] };
    });
    return 'ok' in result && result.ok ? (result.value as SettleVerdict) : end;
  }

  #settleAlone(columns: SettleColumns, at: number): number | SettleVerdict {
    const result = this.#alone({ op: 'settle' }, () => ({
      ok: true,
      value: this.#changer.settle(settleAt(columns, at)),
    }));
    if ('ok' in result && result.ok) return settledBriefly(result.value as SettleVerdict);
    return { status: 'invalid', error: toHiveError('the unit was not applied').toRecord() };
  }

  #enqueueAlone(unit: EnqueueUnit): number | EnqueueVerdict {
    const result = this.#alone({ op: 'enqueue' }, () => ({
      ok: true,
      value: this.#inserter.enqueue(unit),
    }));
    if ('ok' in result && result.ok) return briefly(result.value as EnqueueVerdict);
    return { status: 'invalid', error: toHiveError('the unit was not applied').toRecord() };
  }

  /** A savepoint around one unit: what it throws costs only itself. */
  #alone(operation: { op: WireOperation['op'] }, work: () => WireResult): WireResult {
    this.#db.exec('savepoint unit');
    try {
      const result = work();
      this.#db.exec('release unit');
      return result;
    } catch (error) {
      if (isStoreFailure(error) || !this.#db.isTransaction) throw error;
      this.#db.exec('rollback to unit');
      this.#db.exec('release unit');
      this.#dictionaries.reset();
      const known = isHiveError(error) ? error : toHiveError(error, 'INPUT_INVALID');
      const verdict = operation.op === 'enqueue' || operation.op === 'settle';
      return verdict
        ? { ok: true, value: { status: 'invalid', error: known.toRecord() } }
        : { ok: false, error: known.toRecord() };
    }
  }

  #rollback(): void {
    if (this.#db.isTransaction) this.#db.exec('rollback');
    this.#dictionaries.reset();
    this.#takeHints(true);
    try {
      this.#leases.rescan();
    } catch {
      // A damaged file: the next flush reports it; there is nothing to mark.
    }
  }

  #execute(operation: Operation): OperationOutput {
    switch (operation.op) {
      case 'enqueue':
        return this.#inserter.enqueue(operation.input);
      case 'claim':
        return this.#leases.claim(operation.input);
      case 'settle':
        crashPoint('C7');
        if (operation.input.answers !== undefined || operation.input.deliver !== undefined)
          this.#points.add('C16');
        return this.#changer.settle(operation.input);
      case 'start':
        return this.#leases.start(operation.input);
      case 'renew':
        crashPoint('C18');
        return this.#leases.renew(operation.input);
      case 'reap': {
        const { lanes, ...answer } = this.#leases.reap(operation.input);
        for (const lane of lanes) this.#readyRoutes.add(lane.route);
        return answer;
      }
      case 'promote': {
        const { lanes, ...answer } = this.#leases.promote(operation.input);
        if (answer.promoted > 0) this.#points.add('C15');
        for (const lane of lanes) this.#readyRoutes.add(lane.route);
        return answer;
      }
      case 'journal':
        return this.#changer.journal(operation.input);
      case 'prune':
        return this.#pruner.piece(operation.input);
      case 'pruneEvents':
        return this.#pruner.events(operation.input);
      case 'write':
        this.#write(operation.input);
        return null;
      case 'registerHost': {
        const { id, boot, startedMs } = operation.input;
        this.#db.prepare('update hosts set ended_ms = ? where ended_ms is null').run(startedMs);
        return Number(
          this.#db
            .prepare('insert into hosts (id, boot, started_ms) values (?, ?, ?)')
            .run(id, boot, startedMs).lastInsertRowid,
        );
      }
      case 'routes':
        return operation.input.map((set) => this.#dictionaries.route(set));
    }
  }

  #write(statements: Extract<Operation, { op: 'write' }>['input']): void {
    for (const { sql, parameters } of statements) {
      let statement = this.#prepared.get(sql);
      if (statement === undefined) {
        if (this.#prepared.size >= MAX_PREPARED) this.#prepared.clear();
        this.#prepared.set(sql, (statement = this.#db.prepare(sql)));
      }
      statement.run(...(parameters as (string | number | null | Uint8Array)[]));
    }
    this.#dictionaries.settingsChanged();
  }
}

/** The units that the columns stand for, in order. */
function unitsOf(columns: EnqueueColumns): EnqueueUnit[] {
  let next = 0;
  return columns.counts.map((count, unit) => {
    const tasks = Array.from({ length: count }, () => taskAt(columns.tasks, next++));
    return columns.audits === null ? { tasks } : { tasks, audit: auditAt(columns.audits, unit) };
  });
}

/** Only the key crosses back for the usual verdict. */
function briefly(verdict: EnqueueVerdict): number | EnqueueVerdict {
  const isUsual =
    verdict.status === 'ok' && verdict.taskKeys.length === 1 && verdict.unleased === undefined;
  return isUsual ? (verdict.taskKeys[0] ?? verdict) : verdict;
}
