/** A hive port for tests of the transports: answers nothing by itself; a test gives the parts that it looks at. */
import { graph } from '../contract/index.ts';
import type { StoreHealth } from '../contract/index.ts';
import { idSource, manualClock } from '../kernel/index.ts';
import { queryBuilder } from '../store/index.ts';
import type { HivePort } from './hive-port.ts';
import { permissions } from './operation.ts';
import type { OperationContext, Principal } from './operation.ts';

export const healthyStore: StoreHealth = {
  dialect: 'sqlite',
  durability: 'power-safe',
  schemaVersion: 1,
  freeBytes: 10_000_000_000,
  accepting: true,
};

export interface FakeHive {
  hive: HivePort;
  /** SQL texts that were read, oldest first. */
  queries: string[];
}

export interface FakeHiveOptions {
  /** Rows for a query, by its text and parameters. */
  rows?: (sql: string, parameters: readonly unknown[]) => unknown[];
  parts?: Partial<HivePort>;
  health?: () => Promise<StoreHealth>;
}

const refuse = (what: string) => () => Promise.reject(new Error(`${what} was not expected`));

export function fakeHive({ rows, parts, health }: FakeHiveOptions = {}): FakeHive {
  const queries: string[] = [];
  const hive: HivePort = {
    version: '0.0.0-test',
    startedMs: 1_700_000_000_000,
    host: { key: 1, id: 'hst_test' },
    reportsDirectory: '/data/reports',
    workDirectory: '/data/work',
    maxPayloadBytes: 1_048_576,
    sql: queryBuilder('sqlite'),
    store: {
      dialect: 'sqlite',
      // The rows are the test's own; their shape is the test's business.
      read: <Row>(
        _scope: unknown,
        { sql, parameters }: { sql: string; parameters: readonly unknown[] },
      ) => {
        queries.push(sql);
        return Promise.resolve((rows?.(sql, parameters) ?? []) as Row[]);
      },
      events: { after: () => Promise.resolve([]), head: () => Promise.resolve(null) },
      hints: { onReady: () => nothing, onEvents: () => nothing, onRevoked: () => nothing },
      health: health ?? (() => Promise.resolve(healthyStore)),
    },
    onSignal: () => nothing,
    startRun: refuse('startRun'),
    whenEnded: refuse('whenEnded'),
    enqueueTask: refuse('enqueueTask'),
    cancelTask: refuse('cancelTask'),
    cancelRun: refuse('cancelRun'),
    runOutput: refuse('runOutput'),
    pauseRun: refuse('pauseRun'),
    resumeRun: refuse('resumeRun'),
    retryRun: refuse('retryRun'),
    forkRun: refuse('forkRun'),
    signalRun: refuse('signalRun'),
    replayRun: refuse('replayRun'),
    decideApproval: refuse('decideApproval'),
    requeueTask: refuse('requeueTask'),
    resolveTask: refuse('resolveTask'),
    readWorkflow: (_text, { file }) => {
      throw new Error(`${file} was not expected`);
    },
    checkGraph: (input) => graph.parse(input),
    strategyGraph: ({ agents }) => ({
      name: 'agents',
      nodes: agents.map((agent) => ({
        kind: 'agent',
        id: agent,
        capabilities: [`agent:${agent}`],
      })),
    }),
    prune: refuse('prune'),
    size: refuse('size'),
    retention: { days: 30, runs: null },
    setRetention: refuse('setRetention'),
    inspectGraph: () => ({
      name: 'inspect',
      nodes: [{ kind: 'agent', id: 'one', capabilities: ['x'] }],
    }),
    isDraining: () => false,
    metrics: () => ({}),
    facts: () => ({
      nodeVersion: '24.0.0',
      dataDirectory: '/data',
      lock: { path: '/data/lock', isHeld: true },
      threads: { configured: 2, live: 2 },
      expectedSchemaVersion: 1,
      minFreeBytes: 1_000_000,
      notices: [],
    }),
    ...parts,
  };
  return { hive, queries };
}

const nothing = (): void => undefined;

export const owner: Principal = {
  tenant: 1,
  project: 1,
  name: 'owner',
  permissions: new Set(permissions),
};

export function contextFor(hive: HivePort, principal: Principal = owner): OperationContext {
  const clock = manualClock();
  return { hive, principal, clock, ids: idSource(clock) };
}
