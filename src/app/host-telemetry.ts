// Connects what orchestrator and store tell to the telemetry room. Series are looked up once, because the lookups cost more than the counting.

import type { HiveEvent } from '../contract/index.ts';
import type { HostTelemetry } from '../orchestrator/index.ts';
import type { Telemetry } from '../telemetry/index.ts';

export interface SignalHub {
  onSignal(listener: (signal: HiveEvent) => void): () => void;
}

export function hostTelemetry(telemetry: Telemetry): HostTelemetry & SignalHub {
  const { metrics, slots, logger } = telemetry;
  const listeners = new Set<(signal: HiveEvent) => void>();
  const waits = metrics.histogram('task_start_latency');
  const completed = metrics.counter('tasks_completed');
  const failed = metrics.counter('tasks_failed');
  const duration = metrics.histogram('task_duration');
  const execution = new Map<string, { observe(seconds: number): void }>();
  return {
    started: (_agent, waitSeconds) => {
      waits.observe(waitSeconds);
    },
    worked: (agent, seconds) => {
      let series = execution.get(agent);
      if (series === undefined)
        execution.set(agent, (series = metrics.histogram('agent_execution_time').with({ agent })));
      series.observe(seconds);
    },
    ended: (outcome, seconds) => {
      (outcome === 'completed' ? completed : failed).add(1);
      duration.observe(seconds);
      telemetry.ended(outcome === 'completed');
    },
    slotBusy: () => {
      slots.slotBusy();
    },
    slotFree: () => {
      slots.slotFree();
    },
    slotsAvailable: (count) => {
      slots.slotsAvailable(count);
    },
    log: ({ level, message, scope, fields }) => {
      logger.with(scope).log(level, message, fields);
    },
    signal: (event) => {
      for (const listener of listeners) listener(event);
    },
    get hasWatchers() {
      return listeners.size > 0;
    },
    onSignal: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
