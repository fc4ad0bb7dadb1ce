// W1: 10,000 no-op tasks of about 200 bytes: enqueued one by one with 100 in flight; enqueued in bulk and then processed with concurrency 100,
// each completion durable before it counts.

import { deepStrictEqual } from 'node:assert';
import { openBenchHive, rowCounts, waitUntilSettled } from './bench-hive.ts';
import type { BenchHiveOptions } from './bench-hive.ts';
import { cpuMeter, peakRssMb, perSecond } from './figures.ts';

const BULK = 1_000;
const IN_FLIGHT = 100;

export interface W1Result {
  e2ePerS: number;
  enqueueOneByOnePerS: number;
  bulkEnqueuePerS: number;
  processPerS: number;
  cpuSeconds: number;
  peakRssMb: number;
}

export async function w1(options: BenchHiveOptions & { tasks: number }): Promise<W1Result> {
  const { tasks } = options;
  const enqueueOneByOnePerS = await oneByOne(options);
  const bench = await openBenchHive({ ...options, isWorker: false });
  const { hive } = bench;
  const cpu = cpuMeter();
  const began = performance.now();
  for (let at = 0; at < tasks; at += BULK) {
    await hive.orchestrator.enqueueAll(
      Array.from({ length: Math.min(BULK, tasks - at) }, (_, i) => bench.request(at + i)),
    );
  }
  const enqueued = performance.now();
  let started = 0;
  const allStarted = Promise.withResolvers<null>();
  bench.onStart = () => {
    if (++started === tasks) allStarted.resolve(null);
  };
  hive.orchestrator.beginWork();
  await allStarted.promise;
  await waitUntilSettled(hive);
  const ended = performance.now();
  const result = {
    enqueueOneByOnePerS,
    bulkEnqueuePerS: perSecond(tasks, enqueued - began),
    processPerS: perSecond(tasks, ended - enqueued),
    e2ePerS: perSecond(tasks, ended - began),
    cpuSeconds: cpu(),
    peakRssMb: peakRssMb(),
  };
  const rows = await rowCounts(hive);
  const agents = hive.manifests.length;
  deepStrictEqual(
    rows,
    { tasks, events: tasks + agents, audit: Math.ceil(tasks / BULK), attempts: 0, journal: 0 },
    'everything is on: one row per task, event and audited call',
  );
  await bench.close();
  return result;
}

async function oneByOne(options: BenchHiveOptions & { tasks: number }): Promise<number> {
  const bench = await openBenchHive({ ...options, isWorker: false });
  const began = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (next < options.tasks) await bench.hive.orchestrator.enqueue(bench.request(next++));
    }),
  );
  const took = performance.now() - began;
  const rows = await rowCounts(bench.hive);
  deepStrictEqual([rows['tasks'], rows['audit']], [options.tasks, options.tasks]);
  await bench.close();
  return perSecond(options.tasks, took);
}
