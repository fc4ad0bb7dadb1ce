// W3: workflows of five pieces of work in a row, every result durable, 100 in flight. a: one task with five steps. b: a run of five agent nodes.
// Also how long one takes alone.

import { deepStrictEqual } from 'node:assert';
import type { RunId } from '../../src/contract/index.ts';
import { idSource, systemClock } from '../../src/kernel/index.ts';
import { CONCURRENCY, openBenchHive, rowCounts } from '../core/bench-hive.ts';
import type { BenchHive, BenchHiveOptions } from '../core/bench-hive.ts';
import { cpuMeter, perSecond, quantiles, round } from '../core/figures.ts';
import type { Quantiles } from '../core/figures.ts';
import { closedLoop, oneByOne } from './closed-loop.ts';
import { chainGraph, NODES, STEPS, stepsAgent } from './run-agents.ts';
import { startRun } from './start-run.ts';

export interface W3Result {
  workflowsPerS: number;
  perStepMs: number;
  singleMs: Quantiles;
  cpuSeconds: number;
}

export type W3Kind = 'steps' | 'nodes';

/** An end counts when its commit has been acknowledged. */
const NEW = { tenant: 1, isNew: true };
const SINGLE = 50;
const WARM_UP = 200;
const ids = idSource(systemClock);

export async function w3(
  options: BenchHiveOptions & { kind: W3Kind; workflows: number },
): Promise<W3Result> {
  const { kind, workflows } = options;
  const bench = await openBenchHive({ ...options, agents: [stepsAgent] });
  const one = kind === 'steps' ? stepsWorkflow(bench) : nodesWorkflow(bench);
  await closedLoop({ count: WARM_UP, inFlight: CONCURRENCY }, one);
  const single = await oneByOne(SINGLE, one);
  const cpu = cpuMeter();
  const tookMs = await closedLoop({ count: workflows, inFlight: CONCURRENCY }, one);
  const cpuSeconds = cpu();
  await expectAllWritten(bench, { kind, workflows: workflows + SINGLE + WARM_UP });
  await bench.close();
  return {
    workflowsPerS: perSecond(workflows, tookMs),
    perStepMs: round(tookMs / workflows / STEPS, 4),
    singleMs: quantiles(single),
    cpuSeconds,
  };
}

/** A task that is started and awaited. */
function stepsWorkflow(bench: BenchHive): () => Promise<void> {
  return async () => {
    const id = ids.make('task');
    const end = bench.hive.orchestrator.whenEnded(id.replace('tsk_', 'run_') as RunId, NEW);
    await bench.hive.orchestrator.enqueue(bench.request(0, { id, capabilities: ['bench:steps'] }));
    await end;
  };
}

/** A run that is started and awaited. */
function nodesWorkflow({ hive }: BenchHive): () => Promise<void> {
  const graph = chainGraph('noop');
  return async () => {
    const id = ids.make('run');
    const end = hive.orchestrator.whenEnded(id, NEW);
    await startRun(hive, graph, { id });
    await end;
  };
}

/** Everything is on: a row per step, task, end and audited call. */
async function expectAllWritten(
  bench: BenchHive,
  of: { kind: W3Kind; workflows: number },
): Promise<void> {
  const { tasks, journal, audit, events = 0 } = await rowCounts(bench.hive);
  const { workflows } = of;
  deepStrictEqual(
    { tasks, journal, audit },
    of.kind === 'steps'
      ? { tasks: workflows, journal: workflows * STEPS, audit: workflows }
      : { tasks: workflows * NODES, journal: 0, audit: workflows },
  );
  const expected = of.kind === 'steps' ? workflows : workflows * (NODES + 2); // the run's start and end too
  deepStrictEqual(events >= expected, true, `${events} events, at least ${expected} expected`);
}
