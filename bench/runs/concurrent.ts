// Many runs at once: started together, five nodes each that sleep a little. The event log shows that all were open at the same time and that all completed.

import { openBenchHive } from '../core/bench-hive.ts';
import type { BenchHiveOptions } from '../core/bench-hive.ts';
import type { Hive } from '../../src/app/index.ts';
import { idSource, systemClock } from '../../src/kernel/index.ts';
import { chainGraph, napAgent } from './run-agents.ts';
import { startRun } from './start-run.ts';

export interface ConcurrentResult {
  runs: number;
  openAtOnce: number;
  completed: number;
  lastDoneMs: number;
}

const SLEEP_MS = 200;
const ids = idSource(systemClock);

export async function concurrent(
  options: BenchHiveOptions & { runs: number },
): Promise<ConcurrentResult> {
  const { runs } = options;
  const bench = await openBenchHive({ ...options, agents: [napAgent()] });
  const graph = chainGraph('bench:nap', { forMs: SLEEP_MS });
  const began = performance.now();
  await Promise.all(
    Array.from({ length: runs }, async () => {
      const id = ids.make('run');
      const end = bench.hive.orchestrator.whenEnded(id, { tenant: 1, isNew: true });
      await startRun(bench.hive, graph, { id });
      await end;
    }),
  );
  const lastDoneMs = Math.round(performance.now() - began);
  const { openAtOnce, completed } = await countOpen(bench.hive);
  await bench.close();
  return { runs, openAtOnce, completed, lastDoneMs };
}

/** Most runs that were open at the same time, in the order of the log. */
async function countOpen(hive: Hive): Promise<{ openAtOnce: number; completed: number }> {
  let [open, openAtOnce, completed] = [0, 0, 0];
  let cursor: string | null = null;
  for (;;) {
    const events = await hive.store.events.after({ cursor, limit: 1_000 });
    const last = events.at(-1);
    if (last === undefined) return { openAtOnce, completed };
    cursor = last.cursor;
    for (const { type } of events) {
      if (type === 'run.started') openAtOnce = Math.max(openAtOnce, ++open);
      if (type === 'run.completed') {
        open--;
        completed++;
      }
    }
  }
}
