// The one door for logs and metrics of a host. Owns: the redactor, the logger, the metrics and the windows behind the derived gauges.
// Does not own: the destination's place, exporters, alert rules. Made once by the composition root, handed to every room.
// I1: a line carries run, task, agent and tenant. I2: what was logged before the process ends is written, also when it ends by an
// exception (not by kill -9: then the lines of the last turn of the event loop are lost). I3: after close() logging does nothing bad.
//
// Derived gauges: success_rate and hive_efficiency look back 60 s; memory_usage and cpu_usage are sampled by snapshot().

import type { LogLevel } from '../contract/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { LogDestination } from './log-destination.ts';
import { createLogger } from './logger.ts';
import type { Logger } from './logger.ts';
import { Metrics } from './metrics.ts';
import type { MetricSnapshot } from './metrics.ts';
import { ProcessUsage } from './process-usage.ts';
import { Redactor } from './redact-text.ts';
import { RollingRatio } from './rolling-ratio.ts';
import { SlotUsage } from './slot-usage.ts';

export interface TelemetryOptions {
  clock: Clock;
  level: LogLevel;
  destination: LogDestination;
  hiveId: string;
  /** Lets metrics carry the tenant as a label. Off: whoever may read metrics then learns nothing about tenants. */
  tenantLabels?: boolean;
}

export interface Telemetry {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Feeds hive_efficiency. */
  readonly slots: SlotUsage;
  /** A task ended, well or not: feeds the success_rate of the last 60 s. */
  ended(isOk: boolean): void;
  /** This text never appears in a log line from now on. */
  registerSecret(text: string): void;
  /** The text without secrets, for what leaves by another way: reports, support bundles, error answers. */
  redact(text: string): string;
  snapshot(): { atMs: number; metrics: MetricSnapshot[] };
  /** Writes every buffered line now. */
  flushSync(): void;
  /** Flushes, and closes the destination. */
  close(): void;
}

export function createTelemetry(options: TelemetryOptions): Telemetry {
  const { clock, destination, level, hiveId } = options;
  const redactor = new Redactor();
  const redact = (text: string): string => redactor.redact(text);
  const metrics = new Metrics({ tenantLabels: options.tenantLabels ?? false });
  const slots = new SlotUsage(clock);
  const flushSync = (): void => destination.flushSync();
  process.on('exit', flushSync);
  let isClosed = false;
  return {
    logger: createLogger({ clock, level, hiveId, destination, redact }),
    metrics,
    slots,
    ended: connectGauges({ clock, metrics, slots }),
    registerSecret: (text) => redactor.registerSecret(text),
    redact,
    snapshot: () => ({ atMs: clock.now(), metrics: metrics.snapshot() }),
    flushSync,
    close: () => {
      if (isClosed) return;
      isClosed = true;
      process.off('exit', flushSync);
      destination.flushSync();
      destination.close();
    },
  };
}

interface Gauges {
  clock: Clock;
  metrics: Metrics;
  slots: SlotUsage;
}

/** Wires the gauges that are computed, and returns what feeds the success rate. */
function connectGauges({ clock, metrics, slots }: Gauges): Telemetry['ended'] {
  const usage = new ProcessUsage(clock);
  const successes = new RollingRatio();
  metrics.gauge('hive_efficiency').from(() => slots.efficiency());
  metrics.gauge('success_rate').from(() => successes.ratio(clock.mono()));
  metrics.gauge('memory_usage').from(() => usage.memoryBytes());
  metrics.gauge('cpu_usage').from(() => usage.cpuCores());
  return (isOk) => successes.add(clock.mono(), isOk ? 1 : 0, 1);
}
