// What orchestrator tells of its work, declared here as the narrow interface that it calls; app connects it to telemetry.

import type { HiveEvent, LogLevel, LogScope } from '../contract/index.ts';

export interface HostTelemetry {
  /** An attempt begins; `waitSeconds` since the task was accepted. */
  started(agent: string, waitSeconds: number): void;
  /** An attempt worked this long, whatever came of it. */
  worked(agent: string, seconds: number): void;
  /** A task ended for good. */
  ended(outcome: 'completed' | 'failed', seconds: number): void;
  slotBusy(): void;
  slotFree(): void;
  slotsAvailable(slots: number): void;
  log(line: {
    level: LogLevel;
    message: string;
    scope: LogScope;
    fields?: Readonly<Record<string, unknown>>;
  }): void;
  /** A signal for live watchers; only built when somebody listens. */
  signal(event: HiveEvent): void;
  readonly hasWatchers: boolean;
}
