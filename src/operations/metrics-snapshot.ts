/** The hive's records (counters, gauges, histograms) as they stand now. */
import { defineOperation } from './operation.ts';

export const metricsSnapshot = defineOperation('metrics.snapshot', {
  summary: 'Show the metrics as they stand now',
  permission: 'hive:read',
  handler: ({ hive, clock }) => Promise.resolve({ atMs: clock.now(), metrics: hive.metrics() }),
});
