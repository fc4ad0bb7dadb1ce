// npm run bench -- core [--store sqlite|postgres] [--json] [--only w1,w2,w5,claims,fairness] [--rounds 3] [--tasks 10000]

import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { benchServer } from './bench-server.ts';
import { claimCost } from './claim-cost.ts';
import { fairness } from './fairness.ts';
import { median } from './figures.ts';
import type { BenchHiveOptions } from './bench-hive.ts';
import { w1 } from './w1.ts';
import type { W1Result } from './w1.ts';
import { w2 } from './w2.ts';
import { w5 } from './w5.ts';
import { woken } from './woken.ts';

export async function runCoreBench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      store: { type: 'string', default: 'sqlite' },
      json: { type: 'boolean', default: false },
      only: { type: 'string', default: 'w1,w2,w5' },
      rounds: { type: 'string', default: '3' },
      tasks: { type: 'string', default: '10000' },
      queued: { type: 'string', default: '1000000' },
      seconds: { type: 'string', default: '10' },
      postgres: { type: 'string' },
    },
  });
  const store = values.store === 'postgres' ? 'postgres' : 'sqlite';
  const server = store === 'postgres' ? await benchServer(values.postgres) : undefined;
  const only = new Set(values.only.split(','));
  const tasks = Number(values.tasks);
  const document: Record<string, unknown> = {
    suite: 'core',
    store,
    node: process.version,
    cpus: cpus().length,
  };
  const base: BenchHiveOptions =
    server === undefined ? { store } : { store, database: () => server.createDatabase() };
  try {
    if (only.has('w1')) {
      await w1({ ...base, tasks }); // warm-up, not counted
      const rounds: W1Result[] = [];
      for (let i = 0; i < Number(values.rounds); i++) rounds.push(await w1({ ...base, tasks }));
      document['w1'] = medians(rounds);
    }
    if (only.has('w2')) {
      const slow = await w2({ ...base, rate: 50, seconds: Number(values.seconds) });
      const fast = await w2({ ...base, rate: 1_000, seconds: Number(values.seconds) });
      const { database } = base;
      const wokenStartMs =
        database === undefined
          ? undefined
          : await woken({ database, rate: 50, seconds: Number(values.seconds) });
      document['w2'] = { ...slow, wokenStartMs, at1000: fast };
    }
    if (only.has('fairness'))
      document['fairness'] = await fairness({ ...base, seconds: Number(values.seconds) });
    if (only.has('claims')) {
      const sizes = [1_000, 10_000, 100_000, 1_000_000].filter(
        (size) => size <= Number(values.queued),
      );
      const costs = [];
      for (const queued of sizes) costs.push(await claimCost({ ...base, queued, tenants: 1 }));
      costs.push(
        await claimCost({
          ...base,
          queued: Math.min(100_000, Number(values.queued)),
          tenants: 1_000,
        }),
      );
      document['claims'] = costs;
    }
    if (only.has('w5')) document['w5'] = await w5({ ...base, tasks });
  } finally {
    await server?.stop();
  }
  console.log(values.json ? JSON.stringify(document) : JSON.stringify(document, null, 2));
}

function medians(rounds: readonly W1Result[]): Record<string, number> {
  const names = Object.keys(rounds[0] ?? {}) as (keyof W1Result)[];
  return Object.fromEntries(
    names.map((name) => [name, median(rounds.map((round) => round[name]))]),
  );
}
