// 10,000 runs that wait three days: what each of them costs in memory and on disk, and whether any agent code is kept alive meanwhile.
// A first batch is not counted: caches that are full after it do not grow with the number of waiting runs.

import { taskStates } from '../../src/contract/index.ts';
import type { Hive } from '../../src/app/index.ts';
import { CONCURRENCY, openBenchHive } from '../core/bench-hive.ts';
import type { BenchHiveOptions } from '../core/bench-hive.ts';
import { perSecond, round } from '../core/figures.ts';
import { closedLoop } from './closed-loop.ts';
import { napAgent, napGraph, waitGraph } from './run-agents.ts';
import { readNumber, startRun, waitForNumber } from './start-run.ts';

export interface WaitingResult {
  runs: number;
  /** Resident memory per waiting run, after a collection. */
  kbPerRun: number;
  heapKbPerRun: number;
  diskKbPerRun: number;
  /** Attempts whose closure still lives; null where the agent is the hive's own. */
  closures: number | null;
  startedPerS: number;
}

const FIRST = 10_000;
const KB = 1_024;

export async function waiting(
  options: BenchHiveOptions & { runs: number; on: 'node' | 'agent' },
): Promise<WaitingResult> {
  const { runs, on } = options;
  const alive: WeakRef<object>[] = [];
  const agents = [napAgent((value) => alive.push(new WeakRef(value)))];
  const bench = await openBenchHive({ ...options, agents });
  const { hive } = bench;
  const graph = on === 'node' ? waitGraph : napGraph;
  const start = async (count: number, total: number): Promise<number> => {
    const tookMs = await closedLoop({ count, inFlight: CONCURRENCY }, async () => {
      await startRun(hive, graph);
    });
    await waitForNumber(
      hive,
      `select count(*) as n from tasks where state = ${taskStates.waiting}`,
      total,
    );
    return tookMs;
  };
  await start(FIRST, FIRST);
  alive.length = 0;
  const before = await weigh(hive);
  const tookMs = await start(runs, FIRST + runs);
  const refs = alive.splice(0);
  const after = await weigh(hive);
  const kept = refs.filter((ref) => ref.deref() !== undefined).length;
  const refBytes = refs.length * 50; // what this measurement itself keeps: a WeakRef and its place in the list
  await bench.close();
  const perRun = (bytes: number): number => round(bytes / KB / runs, 2);
  return {
    runs,
    kbPerRun: perRun(after.rss - before.rss),
    heapKbPerRun: perRun(after.heap - before.heap - refBytes),
    diskKbPerRun: perRun(after.disk - before.disk),
    closures: on === 'node' ? null : kept,
    startedPerS: perSecond(runs, tookMs),
  };
}

async function weigh(hive: Hive): Promise<{ rss: number; heap: number; disk: number }> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50)); // finalisers and replies on their way
  }
  const { rss, heapUsed } = process.memoryUsage();
  const disk = await readNumber(
    hive,
    hive.store.dialect === 'sqlite'
      ? 'select page_count * page_size as n from pragma_page_count, pragma_page_size'
      : 'select pg_database_size(current_database()) as n',
  );
  return { rss, heap: heapUsed, disk };
}
