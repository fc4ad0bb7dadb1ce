// What one claim costs, by how many tasks are queued and over how many tenants: it must be the same.

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
const BULK = 2_000;

export async function claimCost(
  options: BenchHiveOptions & { queued: number; tenants: number },
): Promise<ClaimCost> {
  const bench = await openBenchHive({ ...options, isWorker: false });
  const { store } = bench.hive;
  const ids = idSource(systemClock);
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
  const input = JSON.stringify(payload(0));
  for (let at = 0; at < options.queued; at += BULK) {
    await store.core.enqueue([
      {
        tasks: Array.from({ length: Math.min(BULK, options.queued - at) }, (_, i) => {
          const tenant = ((at + i) % options.tenants) + 1;
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
  }
  const host = bench.hive.orchestrator.host;
  const took: number[] = [];
  for (let i = 0; i < CLAIMS; i++) {
    const began = performance.now();
    const nowMs = Date.now();
    await store.core.claim({
      host,
      nowMs,
      untilMs: nowMs + 60_000,
      groups: [{ routes: [route], slots: CLAIM, agent: 'noop', assignment: 'bench' }],
    });
    took.push(performance.now() - began);
  }
  await bench.close();
  const { p50, p95 } = quantiles(took.slice(5));
  return { queued: options.queued, tenants: options.tenants, claimMs: { p50, p95 } };
}
