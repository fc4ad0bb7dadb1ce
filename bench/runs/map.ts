// One run that maps over 10,000 items: items per second from the start of the run to its durable end, over an agent's list and over the run's input.

import { openBenchHive, payload } from '../core/bench-hive.ts';
import type { BenchHiveOptions } from '../core/bench-hive.ts';
import { perSecond, peakRssMb } from '../core/figures.ts';
import { idSource, systemClock } from '../../src/kernel/index.ts';
import { inputMapGraph, listAgent, listMapGraph } from './run-agents.ts';
import { startRun } from './start-run.ts';

export interface MapResult {
  perS: number;
  peakRssMb: number;
}

const ids = idSource(systemClock);

export async function mapRun(
  options: BenchHiveOptions & { items: number; from: 'agent' | 'input' },
): Promise<MapResult> {
  const { items, from } = options;
  const bench = await openBenchHive({ ...options, agents: [listAgent] });
  const run = async (count: number): Promise<number> => {
    const id = ids.make('run');
    const end = bench.hive.orchestrator.whenEnded(id, { tenant: 1, isNew: true });
    const inputJson =
      from === 'agent'
        ? '{}'
        : JSON.stringify({ items: Array.from({ length: count }, (_, i) => payload(i)) });
    const began = performance.now();
    await startRun(bench.hive, from === 'agent' ? listMapGraph(count) : inputMapGraph, {
      id,
      inputJson,
    });
    await end;
    return performance.now() - began;
  };
  await run(200); // warm-up
  const tookMs = await run(items);
  await bench.close();
  return { perS: perSecond(items, tookMs), peakRssMb: peakRssMb() };
}
