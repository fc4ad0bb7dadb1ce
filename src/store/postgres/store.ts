// The PostgreSQL driver of the store port: the scale-out store.
// Owns: the connections and what goes through which. Does not own: SQL (sql-*.ts) and verdicts.
// I1: all units of one run go through one flush lane (S5). I2: no callback runs inside a transaction (S7). I3: opening finds the schema current
// or brings it there; a database from the future is refused.

import { idBytes } from '../../contract/index.ts';
import type {
  EnqueueUnit,
  EnqueueVerdict,
  HostKey,
  PruneRequest,
  PruneResult,
  ReadQuery,
  RouteKey,
  RunId,
  RunKey,
  RunRow,
  SettleUnit,
  SettleVerdict,
  Statement,
  Store,
  StoreHealth,
  StoreSize,
  TaskCore,
} from '../../contract/index.ts';
import type { Clock } from '../../kernel/index.ts';
import { HintHub } from '../hints.ts';
import { journalStepOfRow, runOfRow } from '../rows.ts';
import { Announcer } from './announcer.ts';
import { Claimer } from './claim.ts';
import { ColdWriter } from './cold-writer.ts';
import { Dictionaries } from './dictionaries.ts';
import { PostgresEventReader } from './event-reader.ts';
import { storeError } from './failure.ts';
import { FlushLane } from './flush-lane.ts';
import { LaneChoice, orderOfRun } from './lane-choice.ts';
import { Link, UNAVAILABLE_AFTER_MS } from './link.ts';
import { LinkPool } from './link-pool.ts';
import { Listener } from './listener.ts';
import { migratePostgres, NEWEST_SCHEMA } from './migrate.ts';
import { Pruner } from './pruner.ts';
import { ReadyLanes } from './ready-lanes.ts';
import { scopedRead } from './scoped-read.ts';
import type { Scope } from './scoped-read.ts';
import type { SessionKind } from './session.ts';
import { loadJournal } from './sql-journal.ts';
import { Upkeep } from './upkeep.ts';

export interface PostgresStoreOptions {
  /** postgres://user:password@host:port/database; the login must be able to become hive_core and hive_tenant. */
  url: string;
  clock: Clock;
  /** Flush lanes, each a connection with one flush in flight. */
  lanes?: number;
  /** How long calls wait for a database that is away before they fail with STORE_UNAVAILABLE. */
  unavailableAfterMs?: number;
  /** Told how long a flush took and how many units it held. */
  onFlush?: (flush: { units: number; durationMs: number }) => void;
}

/** One gathers while others write; on slow disks, where a commit takes milliseconds, the further ones keep latency down. */
const DEFAULT_LANES = 2;
/** Reads answer people: they do not wait for a database that is away as long as writes do. */
const READ_UNAVAILABLE_AFTER_MS = 5_000;
/** Connections for reads of people and views. */
const READ_LINKS = 3;

/** Opens the store: migrates, connects, listens. Throws STORE_UNAVAILABLE, SCHEMA_FUTURE or SCHEMA_FAILED. */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  await migratePostgres(options.url);
  const store = new PostgresStore(options);
  try {
    await store.open();
    return store;
  } catch (error) {
    await store.close();
    throw storeError(error);
  }
}

class PostgresStore implements Store {
  readonly dialect = 'postgres';
  readonly expectedSchemaVersion = NEWEST_SCHEMA;
  readonly hints = new HintHub();
  readonly core: TaskCore;
  readonly events: PostgresEventReader;
  readonly #dictionaryLink: Link;
  readonly #dictionaries: Dictionaries;
  readonly #claimLink: Link;
  readonly #claimer: Claimer;
  readonly #upkeepLink: Link;
  readonly #lanes: FlushLane[];
  readonly #reads: LinkPool;
  readonly #cold: ColdWriter;
  readonly #pruner: Pruner;
  readonly #listener: Listener;
  readonly #choice: LaneChoice;
  #isHurried = false;

  constructor(options: PostgresStoreOptions) {
    const { url, clock, unavailableAfterMs = UNAVAILABLE_AFTER_MS } = options;
    const isHurried = (): boolean => this.#isHurried;
    const link = (kind: SessionKind): Link =>
      new Link({ url, kind, clock, unavailableAfterMs, isHurried });
    this.#dictionaryLink = link('cold');
    this.#dictionaries = new Dictionaries(this.#dictionaryLink);
    const ready = new ReadyLanes((tenant) => this.#dictionaries.weight(tenant));
    const announcer = new Announcer({
      clock,
      hub: this.hints,
      lanes: ready,
      dictionaries: this.#dictionaries,
      listener: () => this.#listener,
    });
    const committed = announcer.committed.bind(announcer);
    this.#listener = new Listener({
      url,
      clock,
      onMessage: (payload) => void announcer.received(payload),
      onConnected: () => {
        this.#claimer.forgetRescan(); // whatever was said while nobody listened is in SQL
        this.hints.events();
      },
    });
    this.#claimLink = link('hot');
    this.#claimer = new Claimer({
      link: this.#claimLink,
      dictionaries: this.#dictionaries,
      lanes: ready,
      clock,
      hasPeers: () => this.#listener?.hasPeers ?? true,
    });
    this.#upkeepLink = link('hot');
    const upkeep = new Upkeep({
      link: this.#upkeepLink,
      dictionaries: this.#dictionaries,
      committed,
    });
    this.#lanes = Array.from(
      { length: options.lanes ?? DEFAULT_LANES },
      () =>
        new FlushLane({
          link: link('hot'),
          dictionaries: this.#dictionaries,
          committed,
          onFlush: options.onFlush,
          nowMs: () => clock.mono(),
        }),
    );
    this.#choice = new LaneChoice(this.#lanes);
    this.#reads = new LinkPool(
      {
        url,
        kind: 'cold',
        clock,
        unavailableAfterMs: Math.min(unavailableAfterMs, READ_UNAVAILABLE_AFTER_MS),
        isHurried,
      },
      READ_LINKS,
    );
    this.#cold = new ColdWriter(link('cold'));
    this.#pruner = new Pruner(link('cold'));
    this.events = new PostgresEventReader({
      pool: this.#reads,
      clock,
      heldBack: () => this.hints.events(),
    });
    this.core = this.#taskCore(upkeep);
  }

  async open(): Promise<void> {
    await this.#dictionaries.refresh();
    await this.#listener.open();
  }

  #taskCore(upkeep: Upkeep): TaskCore {
    const orStoreError = (error: unknown): never => {
      throw storeError(error);
    };
    return {
      enqueue: (units) => this.#enqueue(units),
      settle: (units) => this.#settle(units),
      claim: (request) => this.#claimer.claim(request).catch(orStoreError),
      start: (marks) => upkeep.start(marks).catch(orStoreError),
      renew: (leases, untilMs) => upkeep.renew(leases, untilMs).catch(orStoreError),
      reap: (request) => upkeep.reap(request).catch(orStoreError),
      promote: (request) => upkeep.promote(request).catch(orStoreError),
      journal: async (append) => {
        const [verdict] = await this.#choice.push(
          [{ kind: 'journal', append }],
          [append.flushLane],
        );
        if (typeof verdict === 'object' && verdict.status === 'refused') throw verdict.error;
        return verdict === true;
      },
      loadJournal: async (key) => {
        const rows = await this.#system(loadJournal, [key]);
        return rows.map(journalStepOfRow);
      },
    };
  }

  async #enqueue(units: readonly EnqueueUnit[]): Promise<EnqueueVerdict[]> {
    if (units.length === 0) return [];
    const orders = units.map((unit) => {
      const run = unit.run?.id ?? unit.tasks[0]?.run;
      return run === undefined ? undefined : orderOfRun(run);
    });
    return (await this.#choice.push(
      units.map((unit) => ({ kind: 'enqueue', unit })),
      orders,
    )) as EnqueueVerdict[];
  }

  async #settle(units: readonly SettleUnit[]): Promise<SettleVerdict[]> {
    if (units.length === 0) return [];
    const orders = units.map((unit) => unit.flushLane);
    return (await this.#choice.push(
      units.map((unit) => ({ kind: 'settle', unit })),
      orders,
    )) as SettleVerdict[];
  }

  registerHost(host: { id: string; boot: string; startedMs: number }): Promise<HostKey> {
    return this.#listener.registerHost(host);
  }

  routes(sets: readonly (readonly string[])[]): Promise<RouteKey[]> {
    return this.#dictionaries.routes(sets);
  }

  knownRoutes(): Promise<{ key: RouteKey; capabilities: string[] }[]> {
    return this.#dictionaries.knownRoutes();
  }

  async loadRuns(ids: readonly (RunId | RunKey)[]): Promise<RunRow[]> {
    const keys = ids.filter((id) => typeof id === 'number');
    const byId = ids
      .filter((id) => typeof id === 'string')
      .map((id) => Buffer.from(idBytes('run', id)));
    const rows = (
      await this.#system(
        'select r.*, p.graph, p.input from runs r join run_pins p on p.run = r.key where r.key = any($1::bigint[]) or r.id = any($2::bytea[])',
        [keys, byId],
      )
    ).map(runOfRow);
    return ids.flatMap((id) => rows.find((row) => row.key === id || row.id === id) ?? []);
  }

  async read<Row>(scope: Scope, query: ReadQuery<Row>): Promise<Row[]> {
    return (await scopedRead(this.#reads, scope, query)) as Row[];
  }

  #system(sql: string, parameters: readonly unknown[]): Promise<Record<string, unknown>[]> {
    return scopedRead(this.#reads, 'system', { sql, parameters });
  }

  async write(statements: readonly Statement[]): Promise<void> {
    await this.#cold.write(statements);
    if (statements.some(({ sql }) => /\b(caps|tenants)\b/i.test(sql)))
      await this.#dictionaries.refresh();
  }

  async health(): Promise<StoreHealth> {
    await this.#system('select 1', []);
    return {
      dialect: 'postgres',
      durability: 'power-safe',
      schemaVersion: NEWEST_SCHEMA,
      freeBytes: null,
      accepting: true,
    };
  }

  prune(request: PruneRequest): Promise<PruneResult> {
    return this.#pruner.prune(request);
  }

  size(): Promise<StoreSize> {
    return this.#pruner.size();
  }

  hurry(): void {
    this.#isHurried = true;
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()));
    await this.#cold.close();
    await Promise.all([
      this.#pruner.close(),
      this.#claimLink.close(),
      this.#upkeepLink.close(),
      this.#reads.close(),
      this.#dictionaryLink.close(),
    ]);
    await this.#listener.close();
  }
}
