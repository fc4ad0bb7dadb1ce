/** What the composition root hands to the API. */
import type { LogLevel } from '../contract/index.ts';
import type { Clock, IdSource } from '../kernel/index.ts';
import type { HivePort, Principal } from '../operations/index.ts';

export interface ApiTelemetry {
  log(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>): void;
  /** The record api_latency (S0-237). */
  observeLatency(seconds: number, labels: { operation: string; status: string }): void;
}

export interface ApiOptions {
  hive: HivePort;
  clock: Clock;
  ids: IdSource;
  /** Who the holder of the token is. */
  principal: Principal;
  /** Content of the token file: at least 32 random characters. */
  token: string;
  /** A loopback address. */
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** False while starting or draining. */
  isReady: () => boolean;
  telemetry: ApiTelemetry;
}
