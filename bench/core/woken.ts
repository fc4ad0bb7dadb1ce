// W2, woken from another process: one hive works, another process on the same PostgreSQL only takes tasks in. Milliseconds from the other process's
// enqueue to the start of the handler here. Both processes read one machine's clock.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openBenchHive } from './bench-hive.ts';
import { quantiles } from './figures.ts';
import type { Quantiles } from './figures.ts';

const wallMs = (): number => performance.timeOrigin + performance.now();

export interface WokenOptions {
  database: () => Promise<string>;
  rate: number;
  seconds: number;
}

export async function woken(options: WokenOptions): Promise<Quantiles> {
  const url = await options.database();
  const bench = await openBenchHive({ store: 'postgres', database: () => Promise.resolve(url) });
  const startedAt: number[] = [];
  bench.onStart = (i) => {
    if (i >= 0) startedAt[i] = wallMs();
  };
  const child = fork(
    fileURLToPath(import.meta.url),
    [url, String(options.rate), String(options.seconds)],
    { execArgv: ['--disable-warning=ExperimentalWarning'] },
  );
  const [enqueuedAt] = (await once(child, 'message')) as [number[]];
  await once(child, 'exit');
  for (let missing = enqueuedAt.length; missing > 0;) {
    missing = enqueuedAt.filter((_, i) => startedAt[i] === undefined).length;
    if (missing > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await bench.close();
  return quantiles(enqueuedAt.map((at, i) => (startedAt[i] ?? Number.NaN) - at));
}

/** The other process: a host without the worker role. */
async function send(url: string, rate: number, seconds: number): Promise<number[]> {
  const bench = await openBenchHive({
    store: 'postgres',
    database: () => Promise.resolve(url),
    isWorker: false,
  });
  for (let i = 0; i < 50; i++) await bench.hive.orchestrator.enqueue(bench.request(-1));
  const enqueuedAt: number[] = [];
  const began = performance.now() + 200;
  const sent: Promise<unknown>[] = [];
  for (let i = 0; i < rate * seconds; i++) {
    const wait = began + (i * 1_000) / rate - performance.now();
    if (wait > 0.5) await new Promise((resolve) => setTimeout(resolve, wait));
    enqueuedAt.push(wallMs());
    sent.push(bench.hive.orchestrator.enqueue(bench.request(i)));
  }
  await Promise.all(sent);
  await bench.close();
  return enqueuedAt;
}

const [, entry, url, rate, seconds] = process.argv;
if (entry === fileURLToPath(import.meta.url) && url !== undefined) {
  process.send?.(await send(url, Number(rate), Number(seconds)));
  process.disconnect();
}
