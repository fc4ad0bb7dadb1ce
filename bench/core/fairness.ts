// A noisy tenant: nine tenants send at a quiet rate, a tenth at a hundred times that rate, more than the slots can do. What does it cost the nine?

import { setTimeout as delay } from 'node:timers/promises';
import { openBenchHive } from './bench-hive.ts';
import type { BenchHiveOptions } from './bench-hive.ts';
import { quantiles, round } from './figures.ts';
import type { Quantiles } from './figures.ts';

export interface FairnessResult {
  alone: Quantiles;
  withNoise: Quantiles;
  /** p95 of enqueue to end, with noise over alone. */
  p95Ratio: number;
}

const QUIET_TENANTS = 9;
const QUIET_PER_S = 5;
const NOISE_PER_S = QUIET_PER_S * 100;
const WORK_MS = 20;
const SLOTS = 5; // 250 tasks/s: half of what the noisy tenant sends

export async function fairness(
  options: BenchHiveOptions & { seconds: number },
): Promise<FairnessResult> {
  const alone = await load(options, 0);
  const withNoise = await load(options, NOISE_PER_S);
  return { alone, withNoise, p95Ratio: round(withNoise.p95 / alone.p95) };
}

async function load(
  options: BenchHiveOptions & { seconds: number },
  noisePerS: number,
): Promise<Quantiles> {
  const bench = await openBenchHive({ ...options, workMs: WORK_MS, concurrency: SLOTS });
  const { hive } = bench;
  const dollar = hive.store.dialect === 'postgres';
  await hive.store.write(
    Array.from({ length: QUIET_TENANTS + 1 }, (_, at) => at + 2).flatMap((tenant) => [
      {
        sql: `insert into tenants (key, id, name, created_ms) values (${tenant}, ${dollar ? '$1' : '?'}, 'tenant ${tenant}', 0)`,
        parameters: [new Uint8Array(16).fill(tenant)],
      },
      {
        sql: `insert into projects (key, id, tenant, name, created_ms) values (${tenant}, ${dollar ? '$1' : '?'}, ${tenant}, 'main', 0)`,
        parameters: [new Uint8Array(16).fill(tenant)],
      },
    ]),
  );
  const took: number[] = [];
  const began = new Map<number, number>();
  bench.onEnd = (i) => {
    const at = began.get(i);
    if (at !== undefined) took.push(performance.now() - at);
  };
  const isOver = Date.now() + options.seconds * 1_000;
  const NOISE = -1;
  const send = async (
    tenant: number,
    perS: number,
    index: (n: number) => number,
  ): Promise<void> => {
    const start = performance.now();
    for (let n = 0; Date.now() < isOver; n++) {
      const wait = start + (n * 1_000) / perS - performance.now();
      if (wait > 1) await delay(wait);
      const i = index(n);
      if (i !== NOISE) began.set(i, performance.now());
      void hive.orchestrator.enqueue(bench.request(i, { tenant, project: tenant }));
    }
  };
  await Promise.all([
    ...Array.from({ length: QUIET_TENANTS }, (_, t) =>
      send(t + 2, QUIET_PER_S, (n) => t * 1_000_000 + n),
    ),
    ...(noisePerS === 0 ? [] : [send(QUIET_TENANTS + 2, noisePerS, () => NOISE)]),
  ]);
  await delay(1_000);
  await bench.close();
  return quantiles(took);
}
