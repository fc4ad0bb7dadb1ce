// What one claim costs, by how many tasks are queued and over how many tenants: it must be the same. The first claims are made while little is queued,
// so that a plan that the server keeps is the one it made for a small table.

import { idSource, systemClock } from '../../src/kernel/index.ts';
import { openBenchHive, payload } from './bench-hive.ts';
import type { BenchHiveOptions } from './bench-hive.ts';
import { quantiles } from './figures.ts';

export interface ClaimCost {
  queued: number;
  tenants: number;
  /** Milliseconds of one claim of 20 tasks. */
  claimMs: { p50: number; p95: number };
}

const CLAIM = 20;
const CLAIMS = 40;
const EARLY = 10;
const BULK = 2_000;

export async function claimCost(
  options: BenchHiveOptions & { queued: number; tenants: number },
): Promise<ClaimCost> {
  const bench = await openBenchHive({ ...options, isWorker: false });
  const { store } = bench.hive;
  const ids = idSource(systemClock);
  const input = JSON.stringify(payload(0));
  const dollar = store.dialect === 'postgres';
  const [route = 0] = await store.routes([['noop']]);
  for (let tenant = 2; tenant <= options.tenants; tenant++) {
    const id = new Uint8Array(16).fill(tenant % 251);
    id[0] = tenant >> 8;
    id[1] = tenant & 255;
    await store.write([
      {
        sql: `insert into tenants (key, id, name, created_ms) values (${tenant}, ${dollar ? '$1' : '?'}, 'tenant ${tenant}', 0)`,
        parameters: [id],
      },
      {
        sql: `insert into projects (key, id, tenant, name, created_ms) values (${tenant}, ${dollar ? '$1' : '?'}, ${tenant}, 'main', 0)`,
        parameters: [id],
      },
    ]);
  }
  const queue = (count: number, from: number): Promise<unknown> =>
    store.core.enqueue([
      {
        tasks: Array.from({ length: count }, (_, i) => {
          const tenant = ((from + i) % options.tenants) + 1;
          return {
            id: ids.make('task'),
            tenant,
            project: tenant,
            name: 'noop',
            type: 'noop',
            priority: i % 3,
            route,
            input,
            state: 'ready' as const,
            reason: 'none' as const,
            timeoutMs: 600_000,
            retry: 'default' as const,
            createdMs: Date.now(),
          };
        }),
      },
    ]);
  const claim = async (): Promise<number> => {
    const began = performance.now();
    const nowMs = Date.now();
    await store.core.claim({
      host: bench.hive.orchestrator.host,
      nowMs,
      untilMs: nowMs + 60_000,
      groups: [{ routes: [route], slots: CLAIM, agent: 'noop', assignment: 'bench' }],
    });
    return performance.now() - began;
  };
  await queue(CLAIM * EARLY, 0);
  for (let i = 0; i < EARLY; i++) await claim();
  for (let at = 0; at < options.queued; at += BULK)
    await queue(Math.min(BULK, options.queued - at), at);
  const took: number[] = [];
  for (let i = 0; i < CLAIMS; i++) took.push(await claim());
  await bench.close();
  const { p50, p95 } = quantiles(took.slice(5));
  return { queued: options.queued, tenants: options.tenants, claimMs: { p50, p95 } };
}
