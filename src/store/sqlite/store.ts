// The SQLite driver of the store port: the embedded store. Owns the data lock, a writer thread, a reader thread and the flush queue.
// I1: one flush lane: units keep the order of their arrival, so a run's journal is always a prefix (S5). I2: the lock is held from before the file is
// opened until after both threads have closed it.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crashPoint, hiveError, idBytes } from '../../contract/plain.ts';
import type {
  EventReader,
  PruneRequest,
  PruneResult,
  RunId,
  RunKey,
  RunRow,
  SettleUnit,
  Statement,
  Store,
  StoreHealth,
  StoreSize,
  TaskCore,
  TenantKey,
} from '../../contract/index.ts';
import { Batcher } from '../../kernel/index.ts';
import type { Clock } from '../../kernel/index.ts';
import { lockDirectory } from '../data-lock.ts';
import type { DataLock } from '../data-lock.ts';
import { FreeSpace } from '../free-space.ts';
import { HintHub } from '../hints.ts';
import { eventOfRow, journalStepOfRow, runOfRow } from '../rows.ts';
import { newestVersion } from './migrate.ts';
import type {
  FlushReply,
  Operation,
  OperationName,
  OperationResult,
  OperationTypes,
  WriterSettings,
} from './operations.ts';
import { decodeResults, encodeOperations } from './wire.ts';
import { fromRecord, ThreadLink } from './thread-link.ts';

export interface SqliteStoreOptions {
  /** Data directory; made with mode 0700 when absent. */
  directory: string;
  clock: Clock;
  minFreeBytes?: number;
  /** Told how long a flush took and how many units it held. */
  onFlush?: (flush: { units: number; durationMs: number }) => void;
  /** Test seams: a full disk, and a crash point of the writer thread. */
  maxPages?: number;
  faultAt?: string;
}

/** Units in one flush: a commit of this many takes about 50 ms, which bounds the wait of the next one. */
const MAX_FLUSH_WEIGHT = 2_000;
/** A piece of a prune goes alone or with little else. */
const PRUNE_WEIGHT = 1_000;
/** Journal rows that cost about as much as one unit. */
const STEPS_PER_UNIT = 4;
const FILE = 'hive.db';
/** Units that may wait: beyond it writers get QUEUE_FULL instead of growing the heap. */
const MAX_QUEUE = 200_000;
/** Enough work for the writer thread to start on while this thread produces more. */
const EAGER_WEIGHT = 200;
/** One flush is written while the next is being copied to the thread. */
const FLUSHES_IN_FLIGHT = 2;

const LOAD_JOURNAL = `select j.name, j.occurrence, j.kind, coalesce(j.result, b.data) as result, j.due_ms, j.at_ms, j.subject, j.payload, j.code
  from journal j left join blobs b on b.tenant = j.tenant and b.hash = j.blob where j.task = ? order by j.position`;

export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const lock = lockDirectory(options.directory, { pid: process.pid, sinceMs: options.clock.now() });
  try {
    const file = join(options.directory, FILE);
    const settings: WriterSettings = {
      file,
      nowMs: options.clock.now(),
      ...(options.maxPages === undefined ? {} : { maxPages: options.maxPages }),
      ...(options.faultAt === undefined ? {} : { faultAt: options.faultAt }),
    };
    const writer = await ThreadLink.open(threadEntry('writer-thread'), settings);
    const reader = await ThreadLink.open(threadEntry('reader-thread'), { file }).catch(
      async (error: unknown) => {
        await writer.link.close();
        throw error;
      },
    );
    const space = new FreeSpace({
      directory: options.directory,
      clock: options.clock,
      ...(options.minFreeBytes === undefined ? {} : { minFreeBytes: options.minFreeBytes }),
    });
    await space.start();
    return new SqliteStore({
      options,
      lock,
      space,
      writer: writer.link,
      reader: reader.link,
      schemaVersion: writer.ready,
    });
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The thread's file has this file's ending: .ts in the repository, .js in the published package. */
function threadEntry(name: string): URL {
  return new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
}

interface Parts {
  options: SqliteStoreOptions;
  lock: DataLock;
  space: FreeSpace;
  writer: ThreadLink;
  reader: ThreadLink;
  schemaVersion: number;
}

/** A run with what it pins. */
const RUN_ROWS = 'select r.*, p.graph, p.input from runs r join run_pins p on p.run = r.key';

class SqliteStore implements Store {
  readonly dialect = 'sqlite';
  readonly expectedSchemaVersion = newestVersion;
  readonly hints = new HintHub();
  readonly core: TaskCore;
  readonly events: EventReader;
  readonly #parts: Parts;
  readonly #batcher: Batcher<Operation, OperationResult>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#batcher = new Batcher<Operation, OperationResult>({
      flush: (operations) => this.#flush(operations),
      maxItems: MAX_FLUSH_WEIGHT,
      inFlight: FLUSHES_IN_FLIGHT,
      eagerItems: EAGER_WEIGHT,
      maxQueue: MAX_QUEUE,
      weight: weightOf,
    });
    this.core = this.#taskCore();
    this.events = this.#eventReader();
  }

  async #flush(operations: readonly Operation[]): Promise<readonly OperationResult[]> {
    const startedMs = this.#parts.options.clock.mono();
    const { wire, sizes } = encodeOperations(operations);
    const reply = await this.#parts.writer.request<FlushReply>({ operations: wire });
    this.#parts.options.onFlush?.({
      units: operations.length,
      durationMs: this.#parts.options.clock.mono() - startedMs,
    });
    crashPoint('C3');
    // After the acknowledgements of this flush have reached their waiters, so that a hint never overtakes its cause.
    queueMicrotask(() => {
      if (reply.hints.readyRoutes.length > 0) this.hints.ready(reply.hints.readyRoutes);
      if (reply.hints.revoked.length > 0) this.hints.revoked(reply.hints.revoked);
      if (reply.hints.events) this.hints.events();
    });
    return decodeResults(reply.results, sizes);
  }

  async #do<Name extends OperationName>(
    op: Name,
    input: OperationTypes[Name]['input'],
  ): Promise<OperationTypes[Name]['output']> {
    const operation = { op, input } as Operation; // op and input belong together by this method's type
    const result = await this.#batcher.push(operation);
    if (!result.ok) throw fromRecord(result.error);
    return result.value;
  }

  #taskCore(): TaskCore {
    return {
      enqueue: (units) => {
        if (!this.#parts.space.accepting) {
          const free = this.#parts.space.freeBytes ?? 0;
          return Promise.reject(
            hiveError('STORAGE_LOW', {
              message: `only ${Math.round(free / 1_048_576)} MiB are free at ${this.#parts.options.directory}`,
            }),
          );
        }
        return Promise.all(units.map((unit) => this.#do('enqueue', unit)));
      },
      claim: async (request) => {
        const claimed = await this.#do('claim', request);
        if (claimed.length > 0) crashPoint('C4');
        return claimed;
      },
      settle: (units) => Promise.all(units.map((unit) => this.#do('settle', unit))),
      start: (marks) => this.#do('start', marks),
      renew: (leases, untilMs) => this.#do('renew', { leases, untilMs }),
      reap: (request) => this.#do('reap', request),
      promote: (request) => this.#do('promote', request),
      journal: ({ key, tenant, fence, steps, reset = false }) =>
        this.#do('journal', { key, tenant, fence, steps, ...(reset ? { reset } : {}) }),
      loadJournal: async (key) => {
        const rows = await this.#query(LOAD_JOURNAL, [key]);
        return rows.map(journalStepOfRow);
      },
    };
  }

  #eventReader(): EventReader {
    return {
      after: async ({ cursor, tenant, run, limit }) => {
        const where = ['key > ?'];
        const parameters: (string | number | null | Uint8Array)[] = [keyOfCursor(cursor)];
        if (tenant !== undefined) {
          where.push('tenant = ?');
          parameters.push(tenant);
        }
        if (run !== undefined) {
          where.push('run = ? and seq is not null');
          parameters.push(idBytes('run', run));
        }
        const rows = await this.#query(
          `select key, tenant, type, at_ms, run, task, seq, data from events where ${where.join(' and ')} order by key limit ?`,
          [...parameters, limit],
        );
        return rows.map((row) => eventOfRow(row, String(row['key'])));
      },
      head: async () => {
        const rows = await this.#query('select max(key) as key from events', []);
        const key = rows[0]?.['key'];
        return typeof key === 'number' ? String(key) : null;
      },
    };
  }

  #query(
    sql: string,
    parameters: readonly (string | number | null | Uint8Array)[],
  ): Promise<Record<string, unknown>[]> {
    return this.#parts.reader.request({ sql, parameters });
  }

  registerHost(host: { id: string; boot: string; startedMs: number }): Promise<number> {
    return this.#do('registerHost', host);
  }

  routes(sets: readonly (readonly string[])[]): Promise<number[]> {
    return this.#do('routes', sets);
  }

  async knownRoutes(): Promise<{ key: number; capabilities: string[] }[]> {
    const rows = await this.#query('select key, capabilities from routes order by key', []);
    return rows.map((row) => ({
      key: Number(row['key']),
      capabilities: String(row['capabilities']).split(' '),
    }));
  }

  async loadRuns(ids: readonly (RunId | RunKey)[]): Promise<RunRow[]> {
    const found = await Promise.all(
      ids.map((id) =>
        typeof id === 'number'
          ? this.#query(`${RUN_ROWS} where r.key = ?`, [id])
          : this.#query(`${RUN_ROWS} where r.id = ?`, [idBytes('run', id)]),
      ),
    );
    return found.flat().map(runOfRow);
  }

  async read<Row>(
    _scope: TenantKey | 'system',
    query: { sql: string; parameters: readonly unknown[] },
  ): Promise<Row[]> {
    return this.#parts.reader.request<Row[]>({ sql: query.sql, parameters: query.parameters });
  }

  async write(statements: readonly Statement[]): Promise<void> {
    await this.#do('write', statements);
  }

  async health(): Promise<StoreHealth> {
    const { space, schemaVersion, writer } = this.#parts;
    await this.#query('select 1', []); // a reader that is gone or a file that cannot be read rejects here
    if (writer.isDead)
      throw hiveError('STORE_UNAVAILABLE', {
        message: "the store's writer has died; start the hive again",
      });
    return {
      dialect: 'sqlite',
      durability: 'power-safe',
      schemaVersion,
      freeBytes: space.freeBytes,
      accepting: space.accepting,
    };
  }

  async prune(request: PruneRequest): Promise<PruneResult> {
    const { tenant, beforeMs, limit } = request;
    let [runs, tasks] = [0, 0];
    while (runs + tasks < limit) {
      const piece = await this.#do('prune', { ...request, limit: limit - runs - tasks });
      runs += piece.runs;
      tasks += piece.tasks;
      if (!piece.done) continue;
      let after: number | null = 0;
      while (after !== null) after = await this.#do('pruneEvents', { tenant, beforeMs, after });
      return { runs, tasks, done: true };
    }
    return { runs, tasks, done: false };
  }

  async size(): Promise<StoreSize> {
    const [row] = await this.#query(
      `select (c.page_count - f.freelist_count) * s.page_size as used
        from pragma_page_count c, pragma_freelist_count f, pragma_page_size s`,
      [],
    );
    const file = join(this.#parts.options.directory, FILE);
    const sizes = await Promise.all([file, `${file}-wal`].map(bytesOf));
    return {
      usedBytes: Number(row?.['used']),
      diskBytes: sizes.reduce((sum, each) => sum + each, 0),
    };
  }

  /** Its file is never away. */
  hurry(): void {
    // nothing to hurry
  }

  async close(): Promise<void> {
    await this.#batcher.idle();
    this.#parts.space.stop();
    // The reader first: the last connection to close folds the log into the database, and only the writer may.
    await this.#parts.reader.close();
    await this.#parts.writer.close();
    this.#parts.lock.release();
  }
}

function settleWeight({ insert, also, change, children, answers }: SettleUnit): number {
  const begun = children?.reduce((sum, child) => sum + child.tasks.length + 1, 0) ?? 0;
  const rows = (insert?.length ?? 0) + (also?.length ?? 0) + (answers?.length ?? 0);
  // A step is a small row: several make one task's.
  return 1 + rows + begun + Math.ceil((change?.journal?.length ?? 0) / STEPS_PER_UNIT);
}

/** Size of a file; 0 when there is none (a store that was just opened has no log yet). */
async function bytesOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => null);
  return found?.size ?? 0;
}

function weightOf(operation: Operation): number {
  switch (operation.op) {
    case 'enqueue':
      return operation.input.tasks.length + (operation.input.copies?.length ?? 0) + 1;
    case 'settle':
      return settleWeight(operation.input);
    case 'claim':
      return operation.input.groups.reduce((sum, group) => sum + group.slots, 0);
    case 'start':
    case 'write':
      return operation.input.length;
    case 'renew':
      return operation.input.leases.length;
    case 'promote':
      return operation.input.limit;
    case 'journal':
      return operation.input.steps.length + 1;
    case 'prune':
    case 'pruneEvents':
      return PRUNE_WEIGHT;
    case 'reap':
    case 'registerHost':
    case 'routes':
      return 1;
  }
}

/** A cursor of this store is the key of an event. One of another store, or none at all, must not read as "nothing new". */
function keyOfCursor(cursor: string | null): number {
  if (cursor === null) return 0;
  if (/^\d{1,16}$/.test(cursor)) return Number(cursor);
  throw hiveError('INPUT_INVALID', {
    message: `"${cursor.slice(0, 60)}" is not an event cursor of this store`,
  });
}
