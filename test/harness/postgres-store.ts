// For the tests of this driver: an open store over a database of its own, and builders.

import type {
  ClaimedTask,
  HostKey,
  NewRun,
  NewTask,
  RouteKey,
  SettleUnit,
  Store,
} from '../../src/contract/index.ts';
import { idSource, systemClock } from '../../src/kernel/index.ts';
import { databaseFrom } from './postgres.ts';
import { migratePostgres } from '../../src/store/postgres/migrate.ts';
import { openPostgresStore } from '../../src/store/postgres/store.ts';
import type { PostgresStoreOptions } from '../../src/store/postgres/store.ts';

const ids = idSource(systemClock);
const LEASE_MS = 15_000;

/** URL of a migrated database; dropped at the end. */
export async function migratedDatabase(): Promise<{ url: string } & AsyncDisposable> {
  const database = await databaseFrom('migrated', async (url) => {
    await migratePostgres(url);
  });
  return { url: database.url, [Symbol.asyncDispose]: () => database.drop() };
}

export interface OpenStore extends AsyncDisposable {
  store: Store;
  host: HostKey;
  route: RouteKey;
  task(over?: Partial<NewTask>): NewTask;
  run(over?: Partial<NewRun>): NewRun;
  claim: (slots: number) => Promise<ClaimedTask[]>;
  done: (task: ClaimedTask) => SettleUnit;
}

/** A store with a registered host and one route. */
export async function openStore(
  url: string,
  over: Partial<PostgresStoreOptions> = {},
): Promise<OpenStore> {
  const store = await openPostgresStore({ url, clock: systemClock, ...over });
  const host = await store.registerHost({
    id: ids.make('host'),
    boot: ids.make('host'),
    startedMs: systemClock.now(),
  });
  const [route = 0] = await store.routes([['work']]);
  const base = { tenant: 1, project: 1, createdMs: systemClock.now() };
  return {
    store,
    host,
    route,
    task: (given = {}) => ({
      ...base,
      id: ids.make('task'),
      name: 'work',
      type: 'test',
      priority: 0,
      route,
      input: '{}',
      state: 'ready',
      reason: 'none',
      timeoutMs: 60_000,
      retry: 'default',
      ...given,
    }),
    run: (given = {}) => ({
      ...base,
      id: ids.make('run'),
      token: 1,
      workflow: 'flow',
      title: 'a flow',
      graph: '{}',
      state: 'running',
      progress: '{}',
      input: 'null',
      ...given,
    }),
    claim: (slots) => {
      const nowMs = systemClock.now();
      return store.core.claim({
        host,
        nowMs,
        untilMs: nowMs + LEASE_MS,
        groups: [{ routes: [route], slots, agent: 'tester', assignment: 'exact' }],
      });
    },
    done: (task) => ({
      flushLane: task.runKey ?? task.key,
      change: {
        key: task.key,
        id: task.id,
        guard: { fence: task.fence },
        to: 'succeeded',
        reason: 'none',
        result: '"ok"',
        endedMs: systemClock.now(),
      },
      events: [
        {
          type: 'task.completed',
          tenant: task.tenant,
          atMs: systemClock.now(),
          task: task.id,
          data: {},
        },
      ],
    }),
    [Symbol.asyncDispose]: () => store.close(),
  };
}
