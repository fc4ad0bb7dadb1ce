// What every conformance case starts from: an open store, one registered host, one route, and builders for units.
// Owns: the ids, the present time and the tenants that a case makes up. Does not own: the database (the driver's opener does).
// F1: rows are read through the port (`read('system', …)`), never behind its back. F2: a case that ends has closed its store.

import type { Selectable } from 'kysely';
import type {
  ClaimedTask,
  ClaimRequest,
  EnqueueVerdict,
  HostKey,
  NewEvent,
  NewRun,
  NewTask,
  ProjectKey,
  RouteKey,
  RunChange,
  RunRow,
  SettleUnit,
  Store,
  TaskChange,
  TaskId,
  TaskKey,
  TaskState,
  TenantKey,
} from '../../src/contract/index.ts';
import { taskStateName } from '../../src/contract/index.ts';
import { idSource, manualClock } from '../../src/kernel/index.ts';
import type { IdSource } from '../../src/kernel/index.ts';
import type { Tables } from '../../src/store/tables.ts';

export interface OpenedStore {
  store: Store;
  /** Closes the store and opens it again over the same data. */
  reopen(): Promise<Store>;
  /** Closes it and removes its data. */
  close(): Promise<void>;
}
export type OpenStore = () => Promise<OpenedStore>;

/** Where cases get their stores: `shared` is one store per suite in which each case has a tenant, a project and a route of its own (opening a
 * store costs more than most cases); `fresh` is for cases that look at the whole store, move timers and leases, or open it again. */
export interface Stores {
  fresh(): Promise<Fixture>;
  shared(): Promise<Fixture>;
  /** A bare store, for cases about opening and closing. */
  open: OpenStore;
}

export const START_MS = 1_750_000_000_000;
export const LEASE_MS = 15_000;

export interface Fixture extends AsyncDisposable {
  readonly store: Store;
  readonly ids: IdSource;
  readonly host: HostKey;
  readonly route: RouteKey;
  /** What `task` and `run` belong to unless told otherwise. */
  readonly tenant: TenantKey;
  readonly project: ProjectKey;
  nowMs: number;
  reopen(hostId?: string): Promise<void>;
  task(over?: Partial<NewTask>): NewTask;
  run(over?: Partial<NewRun>): NewRun;
  newRoute(...capabilities: string[]): Promise<RouteKey>;
  newTenant(weight?: number): Promise<{ tenant: number; project: number }>;
  newTenants(count: number): Promise<{ tenant: number; project: number }[]>;
  cap(tenant: number, subject: string, maxRunning: number): Promise<void>;
  sql(text: string, ...parameters: unknown[]): Promise<void>;
  /** All rows of the tenants of this case. */
  rows<T extends keyof Tables>(table: T): Promise<Selectable<Tables[T]>[]>;
  taskRow(key: TaskKey): Promise<Selectable<Tables['tasks']>>;
  stateOf(key: TaskKey): Promise<TaskState>;
  /** Enqueues tasks, each as its own unit, and returns their keys. */
  add(...tasks: NewTask[]): Promise<TaskKey[]>;
  addRun(
    run: NewRun,
    tasks: readonly NewTask[],
    events?: readonly NewEvent[],
  ): Promise<{ row: RunRow; keys: TaskKey[] }>;
  claim(
    slots: number,
    over?: { routes?: readonly RouteKey[]; host?: HostKey; untilMs?: number },
  ): Promise<ClaimedTask[]>;
  request(slots: number, routes: readonly RouteKey[]): ClaimRequest;
  /** The end of an attempt under its fence, a plain success unless told otherwise; a success carries its event, as the orchestrator writes it. */
  done(task: Pick<ClaimedTask, 'key' | 'id' | 'fence'>, over?: Partial<TaskChange>): SettleUnit;
  byState(
    task: { key: TaskKey; id: TaskId },
    states: readonly TaskState[],
    over: Pick<TaskChange, 'to' | 'reason'> & Partial<TaskChange>,
  ): SettleUnit;
}

/** The order of the tables that have no key. */
const orders: Readonly<Record<string, string>> = {
  journal: 'task, position',
  blobs: 'tenant, hash',
  run_pins: 'run',
};

/** `?` placeholders as the dialect writes them. */
function forDialect(store: Store, text: string): string {
  if (store.dialect === 'sqlite') return text;
  let at = 0;
  return text.replaceAll('?', () => `$${++at}`);
}

export function okKeys(verdicts: readonly EnqueueVerdict[]): TaskKey[] {
  return verdicts.flatMap((verdict) => {
    if (verdict.status !== 'ok') throw new Error(`enqueue answered ${JSON.stringify(verdict)}`);
    return verdict.taskKeys;
  });
}

let capabilityCount = 0;
let hostCount = 0;

/** The stores of one suite; `close` ends the shared one. */
export function suiteStores(open: OpenStore): Stores & { close(): Promise<void> } {
  let shared: Promise<OpenedStore> | undefined;
  return {
    open,
    fresh: async () => makeFixture(await open(), 'whole store'),
    shared: async () => makeFixture(await (shared ??= open()), 'own tenant'),
    close: async () => {
      await (await shared)?.close();
    },
  };
}

async function makeFixture(
  opened: OpenedStore,
  scope: 'whole store' | 'own tenant',
): Promise<Fixture> {
  const tenants = new Set<TenantKey>();
  const clock = manualClock(START_MS);
  const ids = idSource(clock);
  let store = opened.store;
  const register = (id: string): Promise<HostKey> =>
    store.registerHost({ id, boot: `boot-${++hostCount}`, startedMs: START_MS });
  const hostId = `host-${++hostCount}`;
  let host = await register(hostId);
  const newRoute = async (...capabilities: string[]): Promise<RouteKey> => {
    const [route] = await store.routes([capabilities]);
    if (route === undefined) throw new Error('routes gave nothing');
    return route;
  };
  const route = await newRoute(`work-${++capabilityCount}`);
  const sql = (text: string, ...parameters: unknown[]): Promise<void> =>
    store.write([{ sql: forDialect(store, text), parameters }]);
  const rows = async <T extends keyof Tables>(table: T): Promise<Selectable<Tables[T]>[]> => {
    const all = await store.read<Selectable<Tables[T]>>('system', {
      sql: `select * from ${table} order by ${orders[table] ?? 'key'}`,
      parameters: [],
    });
    return scope === 'whole store'
      ? all
      : all.filter((row) => !('tenant' in row) || tenants.has(Number(row.tenant)));
  };

  const self: Fixture = {
    get store() {
      return store;
    },
    ids,
    get host() {
      return host;
    },
    route,
    tenant: 1,
    project: 1,
    nowMs: START_MS,
    async reopen(id = hostId) {
      store = await opened.reopen();
      host = await register(id);
    },
    task: (over = {}) => ({
      id: ids.make('task'),
      tenant: self.tenant,
      project: self.project,
      name: 'work',
      type: 'test',
      priority: 0,
      route,
      input: '{"a":1}',
      state: 'ready',
      reason: 'none',
      timeoutMs: 60_000,
      retry: 'default',
      createdMs: self.nowMs,
      ...over,
    }),
    run: (over = {}) => ({
      id: ids.make('run'),
      tenant: self.tenant,
      project: self.project,
      workflow: 'flow',
      title: 'a flow',
      graph: '{"nodes":[]}',
      state: 'running',
      progress: '{}',
      input: 'null',
      createdMs: self.nowMs,
      token: nextToken(),
      ...over,
    }),
    newRoute,
    newTenant: async (weight = 1) => {
      const [made] = await makeTenants(self, 1, weight);
      if (made === undefined) throw new Error('no tenant made');
      tenants.add(made.tenant);
      return made;
    },
    newTenants: async (count) => {
      const made = await makeTenants(self, count, 1);
      for (const { tenant } of made) tenants.add(tenant);
      return made;
    },
    cap: (tenant, subject, maxRunning) =>
      sql(
        'insert into caps (tenant, subject, max_running) values (?, ?, ?)',
        tenant,
        subject,
        maxRunning,
      ),
    sql,
    rows,
    taskRow: async (key) => {
      const [row] = await store.read<Selectable<Tables['tasks']>>('system', {
        sql: `select * from tasks where key = ${key}`,
        parameters: [],
      });
      if (row === undefined) throw new Error(`no task ${key}`);
      return row;
    },
    stateOf: async (key) => taskStateName((await self.taskRow(key)).state),
    add: async (...tasks) =>
      okKeys(await store.core.enqueue(tasks.map((task) => ({ tasks: [task] })))),
    addRun: async (run, tasks, events = []) => {
      const keys = okKeys(await store.core.enqueue([{ run, tasks, events }]));
      const [row] = await store.loadRuns([run.id]);
      if (row === undefined) throw new Error('the run was not stored');
      return { row, keys };
    },
    request: (slots, routes) => ({
      host,
      nowMs: self.nowMs,
      untilMs: self.nowMs + LEASE_MS,
      groups: [{ routes, slots, agent: 'tester', assignment: 'exact' }],
    }),
    claim: (slots, over = {}) =>
      store.core.claim({
        ...self.request(slots, over.routes ?? [route]),
        ...(over.host === undefined ? {} : { host: over.host }),
        ...(over.untilMs === undefined ? {} : { untilMs: over.untilMs }),
      }),
    done: (task, over = {}) => ({
      flushLane: 0,
      change: {
        key: task.key,
        id: task.id,
        guard: { fence: task.fence },
        to: 'succeeded',
        reason: 'none',
        result: '"fine"',
        startedMs: self.nowMs,
        endedMs: self.nowMs + 5,
        ...over,
      },
      events: (over.to ?? 'succeeded') === 'succeeded' ? [taskEvent(self, task)] : [],
    }),
    byState: (task, states, over) => ({
      flushLane: 0,
      change: { key: task.key, id: task.id, guard: { states }, ...over },
      events: [],
    }),
    [Symbol.asyncDispose]: async () => {
      if (scope === 'whole store') await opened.close();
    },
  };
  return scope === 'whole store' ? self : Object.assign(self, await self.newTenant());
}

async function makeTenants(
  f: Fixture,
  count: number,
  weight: number,
): Promise<{ tenant: number; project: number }[]> {
  const names = Array.from({ length: count }, () => f.ids.make('tenant'));
  const bytes = (n: number): Uint8Array => crypto.getRandomValues(new Uint8Array(16)).fill(n, 0, 1);
  await f.store.write(
    names.map((name) => ({
      sql: forDialect(
        f.store,
        'insert into tenants (id, name, weight, created_ms) values (?, ?, ?, ?)',
      ),
      parameters: [bytes(1), name, weight, START_MS],
    })),
  );
  const read = <Row>(sql: string): Promise<Row[]> =>
    f.store.read<Row>('system', { sql, parameters: [] });
  const wanted = new Set<string>(names);
  const tenants = (
    await read<{ key: number; name: string }>('select key, name from tenants')
  ).filter((row) => wanted.has(row.name));
  await f.store.write(
    tenants.map((row) => ({
      sql: forDialect(
        f.store,
        'insert into projects (id, tenant, name, created_ms) values (?, ?, ?, ?)',
      ),
      parameters: [bytes(2), row.key, 'main', START_MS],
    })),
  );
  const projects = new Map(
    (await read<{ key: number; tenant: number }>('select key, tenant from projects')).map((row) => [
      row.tenant,
      row.key,
    ]),
  );
  return tenants.map((row) => ({ tenant: row.key, project: projects.get(row.key) ?? -1 }));
}

/** Tokens of made-up changes are far apart, so that the links of a chain (+1 each) meet no other. */
const TOKEN_STEP = 1_000;
let tokens = 0;
const nextToken = (): number => (tokens += TOKEN_STEP);

type RunGuard = Pick<RunChange, 'key' | 'id' | 'expectVersion' | 'expectToken' | 'token'>;

/** The guard of a change that is computed from this row, with a token of its own. */
export function from(row: Pick<RunRow, 'key' | 'id' | 'version' | 'token'>): RunGuard {
  return {
    key: row.key,
    id: row.id,
    expectVersion: row.version,
    expectToken: row.token,
    token: nextToken(),
  };
}

/** The guards of a chain of changes from this row on, each computed from the one before. */
export function link(row: Pick<RunRow, 'key' | 'id' | 'version' | 'token'>, at: number): RunGuard {
  return {
    key: row.key,
    id: row.id,
    expectVersion: row.version + at,
    expectToken: row.token + at,
    token: row.token + at + 1,
  };
}

/** The one durable event of a task's end. */
export function taskEvent(
  f: Fixture,
  task: { id: TaskId; tenant?: TenantKey },
  over: Partial<NewEvent> = {},
): NewEvent {
  const data = {
    createdMs: f.nowMs,
    startedMs: f.nowMs,
    endedMs: f.nowMs + 5,
    agent: 'tester',
    instance: null,
    attempt: 1,
  };
  return {
    type: 'task.completed',
    tenant: task.tenant ?? f.tenant,
    atMs: f.nowMs,
    task: task.id,
    data,
    ...over,
  };
}

/** Ends an event as the writers of a run do. */
export function runEvent(
  f: Fixture,
  run: NewRun | RunRow,
  over: Partial<NewEvent> & { seq: number },
): NewEvent {
  return {
    type: 'run.started',
    tenant: run.tenant,
    atMs: f.nowMs,
    run: run.id,
    data: { workflow: run.workflow, title: run.title },
    ...over,
  };
}
