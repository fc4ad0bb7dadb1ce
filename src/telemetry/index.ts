// telemetry: logs and metrics behind one door, so that every line carries run, task, agent and tenant and no line carries a secret.

export { fileDestination } from './file-destination.ts';
export type { FileDestinationOptions } from './file-destination.ts';
export type { LabelName, Labels } from './label-sets.ts';
export type { LogDestination } from './log-destination.ts';
export type { LogFields, Logger } from './logger.ts';
export type {
  CounterName,
  GaugeName,
  HistogramName,
  LabelledCounter,
  LabelledGauge,
  LabelledHistogram,
  Metrics,
  MetricSnapshot,
} from './metrics.ts';
export type { CounterSeries, GaugeSeries, HistogramData, HistogramSeries } from './series.ts';
export type { SlotUsage } from './slot-usage.ts';
export { createTelemetry } from './telemetry.ts';
export type { Telemetry, TelemetryOptions } from './telemetry.ts';
