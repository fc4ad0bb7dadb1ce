// W5: tasks that each wait two seconds on a durable timer and hold no slot meanwhile: milliseconds to the last durable completion, memory per task.

import { openBenchHive, waitUntilSettled } from './bench-hive.ts';
import type { BenchHiveOptions } from './bench-hive.ts';
import { round, rssMb } from './figures.ts';

export interface W5Result {
  tasks: number;
  lastDoneMs: number;
  kbPerTask: number;
  journalRows: number;
}

const SLEEP_MS = 2_000;
const BULK = 1_000;

export async function w5(options: BenchHiveOptions & { tasks: number }): Promise<W5Result> {
  const { tasks } = options;
  const bench = await openBenchHive({ ...options, sleepMs: SLEEP_MS, isWorker: false });
  const { hive } = bench;
  for (let at = 0; at < tasks; at += BULK) {
    await hive.orchestrator.enqueueAll(
      Array.from({ length: Math.min(BULK, tasks - at) }, (_, i) => bench.request(at + i)),
    );
  }
  globalThis.gc?.();
  const before = rssMb();
  let peak = before;
  const sampler = setInterval(() => (peak = Math.max(peak, rssMb())), 50);
  const began = performance.now();
  hive.orchestrator.beginWork();
  await waitUntilSettled(hive);
  const lastDoneMs = Math.round(performance.now() - began);
  clearInterval(sampler);
  const [row] = await hive.store.read<{ n: number }>('system', {
    sql: 'select count(*) as n from journal',
    parameters: [],
  });
  await bench.close();
  return {
    tasks,
    lastDoneMs,
    kbPerTask: round(((peak - before) * 1_024) / tasks, 1),
    journalRows: Number(row?.n),
  };
}
