// npm run bench -- runs [--store sqlite|postgres] [--json] [--only w3a,w3b,map,waiting,advance,concurrent] [--rounds 3] [--workflows 1000] [--many 20000]

import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { benchServer } from '../core/bench-server.ts';
import type { BenchHiveOptions } from '../core/bench-hive.ts';
import { median, round } from '../core/figures.ts';
import { w1 } from '../core/w1.ts';
import { advanceCost } from './advance.ts';
import { concurrent } from './concurrent.ts';
import { mapRun } from './map.ts';
import { w3 } from './w3.ts';
import type { W3Kind, W3Result } from './w3.ts';
import { waiting } from './waiting.ts';

const parts = ['w3a', 'w3b', 'map', 'waiting', 'advance', 'concurrent'];

interface RunsBenchOptions {
  base: BenchHiveOptions;
  only: ReadonlySet<string>;
  rounds: number;
  workflows: number;
  /** Workflows of the long run; 0 leaves it out. */
  many: number;
  items: number;
  waiting: number;
  concurrent: number;
}

export async function runRunsBench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      store: { type: 'string', default: 'sqlite' },
      json: { type: 'boolean', default: false },
      only: { type: 'string', default: parts.join(',') },
      rounds: { type: 'string', default: '3' },
      workflows: { type: 'string', default: '1000' },
      many: { type: 'string', default: '20000' },
      items: { type: 'string', default: '10000' },
      waiting: { type: 'string', default: '10000' },
      concurrent: { type: 'string' },
      postgres: { type: 'string' },
    },
  });
  const store = values.store === 'postgres' ? 'postgres' : 'sqlite';
  const server = store === 'postgres' ? await benchServer(values.postgres) : undefined;
  const base: BenchHiveOptions =
    server === undefined ? { store } : { store, database: () => server.createDatabase() };
  let document: Record<string, unknown>;
  try {
    document = {
      suite: 'runs',
      store,
      node: process.version,
      cpus: cpus().length,
      ...(await measure({
        base,
        only: new Set(values.only.split(',')),
        rounds: Number(values.rounds),
        workflows: Number(values.workflows),
        many: Number(values.many),
        items: Number(values.items),
        waiting: Number(values.waiting),
        concurrent: Number(values.concurrent ?? (store === 'postgres' ? 1_000 : 100)),
      })),
    };
  } finally {
    await server?.stop();
  }
  console.log(values.json ? JSON.stringify(document) : JSON.stringify(document, null, 2));
}

async function measure(options: RunsBenchOptions): Promise<Record<string, unknown>> {
  const { base, only, items } = options;
  const document: Record<string, unknown> = {};
  if (only.has('w3a')) document['w3a'] = await w3Part(options, 'steps');
  if (only.has('w3b')) document['w3b'] = await w3Part(options, 'nodes');
  if (only.has('map')) document['map10k'] = await mapPart(base, items);
  if (only.has('waiting')) {
    const runs = options.waiting;
    const onAgent = await waiting({ ...base, runs, on: 'agent' });
    document['waiting'] = { ...(await waiting({ ...base, runs, on: 'node' })), onAgent };
  }
  if (only.has('advance')) {
    const advance = advanceCost();
    document['advanceUs'] = Math.max(...Object.values(advance));
    document['advance'] = advance;
  }
  if (only.has('concurrent'))
    document['concurrent'] = await concurrent({ ...base, runs: options.concurrent });
  return document;
}

async function w3Part(
  { base, rounds, workflows, many }: RunsBenchOptions,
  kind: W3Kind,
): Promise<Record<string, unknown>> {
  const results: W3Result[] = [];
  for (let i = 0; i < rounds; i++) results.push(await w3({ ...base, kind, workflows }));
  const long = many > 0 ? await w3({ ...base, kind, workflows: many }) : undefined;
  return {
    workflowsPerS: median(results.map((each) => each.workflowsPerS)),
    perStepMs: median(results.map((each) => each.perStepMs)),
    singleMs: {
      p50: median(results.map((each) => each.singleMs.p50)),
      p95: median(results.map((each) => each.singleMs.p95)),
      p99: median(results.map((each) => each.singleMs.p99)),
    },
    cpuSeconds: median(results.map((each) => each.cpuSeconds)),
    ...(long === undefined ? {} : { many: { workflows: many, ...long } }),
  };
}

async function mapPart(base: BenchHiveOptions, items: number): Promise<Record<string, unknown>> {
  await w1({ ...base, tasks: items }); // warm-up, not counted
  const tasks = await w1({ ...base, tasks: items });
  const fromAgent = await mapRun({ ...base, items, from: 'agent' });
  const fromInput = await mapRun({ ...base, items, from: 'input' });
  return {
    perS: fromAgent.perS,
    fromInputPerS: fromInput.perS,
    w1PerS: tasks.e2ePerS,
    ratio: round(fromAgent.perS / tasks.e2ePerS),
    peakRssMb: fromInput.peakRssMb,
  };
}
