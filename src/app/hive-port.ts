// The hive as operations see it: the narrow port over store, orchestrator and agents. Adds no decisions of its own.

import type { HostId, Json, Store } from '../contract/index.ts';
import { inspectGraph } from '../agents/index.ts';
import type { HiveConfig } from '../config/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { HivePort } from '../operations/index.ts';
import { checkGraph, readWorkflow, strategyGraph } from '../orchestrator/index.ts';
import type { Orchestrator } from '../orchestrator/index.ts';
import { queryBuilder } from '../store/index.ts';
import type { Telemetry } from '../telemetry/index.ts';
import type { DataPaths } from './data-paths.ts';
import type { SignalHub } from './host-telemetry.ts';
import { writeRetention } from './project-retention.ts';
import { VERSION } from './version.ts';

export interface HivePortParts {
  config: HiveConfig;
  startedMs: number;
  clock: Clock;
  store: Store;
  orchestrator: Orchestrator;
  telemetry: Telemetry;
  signals: SignalHub;
  paths: DataPaths;
  hostId: HostId;
  isDraining: () => boolean;
}

export function hivePort(parts: HivePortParts): HivePort {
  const { config, store, orchestrator, telemetry, paths } = parts;
  return {
    version: VERSION,
    startedMs: parts.startedMs,
    host: { key: orchestrator.host, id: parts.hostId },
    reportsDirectory: paths.reports,
    workDirectory: paths.work,
    maxPayloadBytes: config.maxPayloadBytes,
    sql: queryBuilder(store.dialect),
    store,
    onSignal: (listener) => parts.signals.onSignal(listener),
    ...orchestrator.verbs,
    startRun: (request) => orchestrator.startRun(request),
    enqueueTask: (request) => orchestrator.enqueue(request),
    cancelTask: (task) => orchestrator.cancelTask(task),
    cancelRun: (id, by) => orchestrator.cancelRun(id, by),
    whenEnded: (run, of) => orchestrator.whenEnded(run, of),
    runOutput: (id) => orchestrator.runOutput(id),
    readWorkflow: (text, where) => readWorkflow(text, where),
    checkGraph: (input) => checkGraph(input),
    strategyGraph: (request) => strategyGraph(request),
    prune: (request) => store.prune(request),
    size: () => store.size(),
    retention: { days: config.retentionDays, runs: config.retentionRuns },
    setRetention: (change) => writeRetention({ store, clock: parts.clock }, change),
    inspectGraph: (options) => inspectGraph({ ...options, toolVersion: VERSION }),
    isDraining: parts.isDraining,
    metrics: () => telemetry.snapshot() as unknown as Json,
    facts: () => ({
      nodeVersion: process.versions.node,
      dataDirectory: config.dataDirectory,
      lock: store.dialect === 'sqlite' ? { path: paths.lock, isHeld: true } : null,
      threads: { configured: config.threads, live: config.threads },
      expectedSchemaVersion: store.expectedSchemaVersion,
      minFreeBytes: config.minFreeBytes,
      notices: config.notices,
    }),
  };
}
