// The composition root: builds the rooms of one hive in order, and stops them in reverse.
// Owns: the order, the host's name, the token and announcement files. Does not own: any decision of a room.
// I1: whatever fails on the way up, what was built before it is stopped again. I2: stop() runs once, and ends within the drain time and a little.
// I3: the crash plan (FAULT_AT) is installed here and nowhere else.

import { installCrashPlan } from '../contract/index.ts';
import type { AgentManifest, AgentRunner, HostId, Store } from '../contract/index.ts';
import { builtInAgents, createAgentRunner } from '../agents/index.ts';
import type { AgentSource } from '../agents/index.ts';
import { createApi } from '../api/index.ts';
import { secretTexts } from '../config/index.ts';
import type { HiveConfig } from '../config/index.ts';
import {
  idSource,
  parseCrashPlan,
  systemClock,
  systemRandom,
  systemUniform,
} from '../kernel/index.ts';
import { permissions } from '../operations/index.ts';
import type { HivePort, Principal } from '../operations/index.ts';
import { Orchestrator } from '../orchestrator/index.ts';
import type { OrchestratorSettings } from '../orchestrator/index.ts';
import { openPostgresStore, openSqliteStore } from '../store/index.ts';
import { createTelemetry, fileDestination } from '../telemetry/index.ts';
import type { LogDestination, Telemetry } from '../telemetry/index.ts';
import { accessToken, announceHive, dataPaths, withdrawHive } from './data-paths.ts';
import type { DataPaths } from './data-paths.ts';
import { hivePort } from './hive-port.ts';
import { hostTelemetry } from './host-telemetry.ts';
import { RetentionDuty } from './retention.ts';
import { StateGauges } from './state-gauges.ts';
import { StopStack } from './stop-stack.ts';
import { VERSION } from './version.ts';
import { WorkFolders } from './work-folders.ts';

export interface StartHiveOptions {
  config: HiveConfig;
  /** False: no API, no announcement; a hive inside one command. */
  api: boolean;
  /** False: answers questions and takes requests in, but works on nothing. */
  works?: boolean;
  /** Besides the built-in roster. */
  agents?: readonly AgentSource[];
  /** Instead of the built-in roster. */
  onlyAgents?: readonly AgentSource[];
  settings?: Partial<OrchestratorSettings>;
  /** Instead of the log folder of the data directory. */
  destination?: LogDestination;
  /** FAULT_AT of the environment; tests only. */
  faultAt?: string;
}

export interface Hive {
  readonly port: HivePort;
  readonly principal: Principal;
  readonly store: Store;
  readonly orchestrator: Orchestrator;
  readonly telemetry: Telemetry;
  readonly manifests: readonly AgentManifest[];
  /** Null without API. */
  readonly url: string | null;
  readonly token: string | null;
  stop(): Promise<void>;
}

/** How long a stopping hive waits for a database that is away: as long as its running attempts get. */
const STORE_GRACE_MS = 5_000;

const clock = systemClock;
const ids = idSource(clock);

/** Who holds the data directory: the user at this machine. Roles and keys come with the identity room. */
const localPrincipal: Principal = {
  tenant: 1,
  project: 1,
  name: 'local',
  permissions: new Set(permissions),
};

/** Starts a hive. Throws LOCK_HELD, PORT_IN_USE, STORE_*, SCHEMA_*; then nothing is left running. */
export async function startHive(options: StartHiveOptions): Promise<Hive> {
  const stack = new StopStack();
  try {
    return await build(options, stack);
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

async function build(options: StartHiveOptions, stack: StopStack): Promise<Hive> {
  const { config } = options;
  const paths = dataPaths(config.dataDirectory);
  if (options.faultAt !== undefined) installCrashPlan(parseCrashPlan(options.faultAt));
  const telemetry = openTelemetry(options, paths);
  stack.add(() => {
    telemetry.close();
  });
  const store = await openStore(options, telemetry);
  stack.add(() => store.close());
  const work = new WorkFolders({ folder: paths.work, store, clock });
  work.start();
  stack.add(() => work.stop());
  const runner = agentRunner(options, paths);
  stack.add(() => runner.close());

  const signals = hostTelemetry(telemetry);
  const hostId = ids.make('host');
  const life = { isDraining: false };
  const orchestrator = await startOrchestrator(options, {
    store,
    runner,
    telemetry,
    signals,
    hostId,
  });
  stack.add(() => orchestrator.stop());
  const gauges = new StateGauges({ store, telemetry, clock, manifests: runner.manifests() });
  gauges.start();
  stack.add(() => gauges.stop());
  const isDraining = (): boolean => life.isDraining;
  const isWorking = (options.works ?? true) && (options.settings?.isWorker ?? true);
  if (isWorking) startRetention({ config, store, telemetry }, stack);
  const port = hivePort({
    config,
    startedMs: clock.now(),
    clock,
    store,
    orchestrator,
    telemetry,
    signals,
    paths,
    hostId,
    isDraining,
  });
  const served = options.api ? await serve({ config, port, telemetry, isDraining }, stack) : null;
  if (isWorking) orchestrator.beginWork();
  telemetry.logger.info('hive started', {
    url: served?.url ?? null,
    store: store.dialect,
    host: hostId,
    notices: config.notices,
  });
  return {
    port,
    store,
    orchestrator,
    telemetry,
    url: served?.url ?? null,
    token: served?.token ?? null,
    principal: localPrincipal,
    manifests: runner.manifests(),
    stop: () => {
      life.isDraining = true;
      // I2: a database that went away would be waited for by every room in turn.
      const cancel = clock.after(STORE_GRACE_MS, () => {
        store.hurry();
      });
      return stack.stop().finally(cancel);
    },
  };
}

function startRetention(
  { config, store, telemetry }: { config: HiveConfig; store: Store; telemetry: Telemetry },
  stack: StopStack,
): void {
  const retention = new RetentionDuty({
    store,
    clock,
    settings: { days: config.retentionDays, runs: config.retentionRuns },
    log: (message, fields) => {
      telemetry.logger.info(message, fields);
    },
  });
  retention.start();
  stack.add(() => retention.stop());
}

interface OrchestratorNeeds {
  store: Store;
  runner: AgentRunner;
  telemetry: Telemetry;
  signals: ReturnType<typeof hostTelemetry>;
  hostId: HostId;
}

function startOrchestrator(
  options: StartHiveOptions,
  needs: OrchestratorNeeds,
): Promise<Orchestrator> {
  const { config } = options;
  const { store, runner, telemetry, signals, hostId } = needs;
  return Orchestrator.start({
    store,
    runner,
    clock,
    ids,
    telemetry: signals,
    random: systemUniform,
    host: { id: hostId, boot: ids.make('instance') },
    settings: {
      strategy: config.distributionStrategy,
      concurrency: config.concurrency,
      leaseMs: config.leaseMs,
      ...options.settings,
      isWorker: false, // work begins below, when nothing can go wrong any more
    },
    redact: (text) => telemetry.redact(text),
  });
}

function openTelemetry({ config, destination }: StartHiveOptions, paths: DataPaths): Telemetry {
  const telemetry = createTelemetry({
    clock,
    level: config.logLevel,
    destination:
      destination ??
      fileDestination({ folder: paths.logs, retentionDays: config.logRetentionDays, clock }),
    hiveId: config.hiveId,
  });
  for (const text of secretTexts(config)) telemetry.registerSecret(text);
  return telemetry;
}

function agentRunner(options: StartHiveOptions, paths: DataPaths): AgentRunner {
  const { config } = options;
  const builtIn = builtInAgents({
    workDirectory: paths.work,
    reportsDirectory: paths.reports,
    toolVersion: VERSION,
  });
  return createAgentRunner({
    agents: options.onlyAgents ?? [...builtIn, ...(options.agents ?? [])],
    clock,
    threads: config.threads,
    heapMb: config.workerHeapMb,
    maxPayloadBytes: config.maxPayloadBytes,
  });
}

interface ServeParts {
  config: HiveConfig;
  port: HivePort;
  telemetry: Telemetry;
  isDraining: () => boolean;
}

/** Opens the API and announces it to the commands of this user. */
async function serve(
  { config, port, telemetry, isDraining }: ServeParts,
  stack: StopStack,
): Promise<{ url: string; token: string }> {
  const token = accessToken(config.dataDirectory, systemRandom);
  telemetry.registerSecret(token);
  const latency = telemetry.metrics.histogram('api_latency');
  const api = await createApi({
    hive: port,
    clock,
    ids,
    token,
    principal: localPrincipal,
    host: '127.0.0.1',
    port: config.apiPort,
    isReady: () => !isDraining(),
    telemetry: {
      log: (level, message, fields) => {
        telemetry.logger.log(level, message, fields);
      },
      observeLatency: (seconds, labels) => {
        latency.with(labels).observe(seconds);
      },
    },
  });
  stack.add(() => api.close());
  announceHive(config.dataDirectory, { url: api.url, pid: process.pid });
  stack.add(() => {
    withdrawHive(config.dataDirectory);
  });
  return { url: api.url, token };
}

function openStore({ config, faultAt }: StartHiveOptions, telemetry: Telemetry): Promise<Store> {
  const flushTime = telemetry.metrics.histogram('db_query_time');
  const flushUnits = telemetry.metrics.histogram('store_flush_units');
  const onFlush = ({ units, durationMs }: { units: number; durationMs: number }): void => {
    flushTime.observe(durationMs / 1_000);
    flushUnits.observe(units);
  };
  const url = config.postgresUrl?.reveal();
  if (url !== undefined) return openPostgresStore({ url, clock, onFlush });
  return openSqliteStore({
    directory: config.dataDirectory,
    clock,
    minFreeBytes: config.minFreeBytes,
    onFlush,
    ...(faultAt === undefined ? {} : { faultAt }),
  });
}
