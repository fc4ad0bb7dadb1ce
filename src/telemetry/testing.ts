// For tests of other rooms: telemetry whose lines can be read back.

import { manualClock } from '../kernel/index.ts';
import type { Clock } from '../kernel/index.ts';
import { memoryDestination } from './memory-destination.ts';
import type { MemoryDestination } from './memory-destination.ts';
import { createTelemetry } from './telemetry.ts';
import type { Telemetry } from './telemetry.ts';

export { memoryDestination } from './memory-destination.ts';
export type { MemoryDestination } from './memory-destination.ts';

/** Telemetry at level DEBUG into memory. Close it at the end of the test. */
export function testTelemetry(
  clock: Clock = manualClock(),
): Telemetry & { log: MemoryDestination } {
  const log = memoryDestination();
  return {
    ...createTelemetry({ clock, level: 'DEBUG', destination: log, hiveId: 'test-hive' }),
    log,
  };
}
