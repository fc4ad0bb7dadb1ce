// W2: latency at a steady rate: milliseconds from enqueue to acknowledged, to handler start, to durable completion, in one process.

import { idSource, systemClock } from '../../src/kernel/index.ts';
import { openBenchHive, waitUntilSettled, watchSettled } from './bench-hive.ts';
import type { BenchHiveOptions } from './bench-hive.ts';
import { quantiles } from './figures.ts';
import type { Quantiles } from './figures.ts';

export interface W2Result {
  rate: number;
  seconds: number;
  ackMs: Quantiles;
  startMs: Quantiles;
  doneMs: Quantiles;
}

const WARM_UP = 200;

export async function w2(
  options: BenchHiveOptions & { rate: number; seconds: number },
): Promise<W2Result> {
  const { rate, seconds } = options;
  const bench = await openBenchHive(options);
  const { hive } = bench;
  for (let i = 0; i < WARM_UP; i++) await hive.orchestrator.enqueue(bench.request(-1));
  await waitUntilSettled(hive);
  const total = rate * seconds;
  const enqueuedAt = new Float64Array(total);
  const ack: number[] = [];
  const start: number[] = [];
  const done: number[] = [];
  const index = new Map<string, number>();
  const ids = idSource(systemClock);
  bench.onStart = (i) => {
    if (i >= 0) start.push(performance.now() - (enqueuedAt[i] ?? 0));
  };
  const ended = Promise.withResolvers<null>();
  const stopWatching = watchSettled(hive, (taskId) => {
    const i = index.get(taskId);
    if (i === undefined) return;
    done.push(performance.now() - (enqueuedAt[i] ?? 0));
    if (done.length === total) ended.resolve(null);
  });
  const began = performance.now() + 50;
  for (let i = 0; i < total; i++) {
    const wait = began + (i * 1_000) / rate - performance.now();
    if (wait > 0.5) await new Promise((resolve) => setTimeout(resolve, wait));
    const request = { ...bench.request(i), id: ids.make('task') };
    index.set(request.id, i);
    enqueuedAt[i] = performance.now();
    void hive.orchestrator
      .enqueue(request)
      .then(() => ack.push(performance.now() - (enqueuedAt[i] ?? 0)));
  }
  await ended.promise;
  await stopWatching();
  await bench.close();
  return {
    rate,
    seconds,
    ackMs: quantiles(ack),
    startMs: quantiles(start),
    doneMs: quantiles(done),
  };
}
