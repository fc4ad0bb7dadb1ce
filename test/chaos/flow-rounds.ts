// Crashes of hives that run workflows: at the crash points of effects, timers, answers, cancels and compensations; and many kills at any moment.

import type { CrashPoint } from '../../src/contract/crash-point.ts';
import type { ChaosStore } from './chaos-store.ts';
import type { RoundResult } from './crash-rounds.ts';
import type { FlowChildOptions } from './flow-child.ts';
import { flowPlan } from './flow-plan.ts';
import type { FlowKind } from './flow-plan.ts';
import { askOracle, HiveProcess } from './hive-process.ts';
import { killAgain } from './kill-loop.ts';
import type { KillLoopResult } from './kill-loop.ts';
import { Ledger } from './ledger.ts';

export interface FlowCrashCase {
  point: CrashPoint;
  what: string;
  kind: FlowKind;
  /** The passes at which it dies: one for each round, from the first on again. */
  passes: readonly number[];
}

const spread = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => first + i);

/** A timer and an answer pass their point twice: before and after their commit, so that both parities strike both sides. */
export const flowCrashCases: readonly FlowCrashCase[] = [
  {
    point: 'C5',
    what: 'intent of an effect durable, before the effect',
    kind: 'mixed',
    passes: spread(1, 25),
  },
  {
    point: 'C6',
    what: 'effect done, before its result is durable',
    kind: 'mixed',
    passes: spread(1, 25),
  },
  {
    point: 'C15',
    what: 'timer due, before and after its commit',
    kind: 'mixed',
    passes: spread(1, 12),
  },
  {
    point: 'C16',
    what: 'answer or event, before and after its commit',
    kind: 'mixed',
    passes: spread(1, 25),
  },
  { point: 'C17', what: 'cancel, before its commit', kind: 'cancel', passes: [1] },
  { point: 'C17', what: 'cancel, after its commit', kind: 'cancel', passes: [2] },
  { point: 'C17', what: 'between two compensations', kind: 'undo', passes: spread(1, 12) },
];

const JOBS = 6;

const childOf = (of: {
  seed: number;
  kind: FlowKind;
  jobs: number;
}): Omit<FlowChildOptions, 'directory' | 'ledger'> => ({
  ...of,
  workMs: 1,
  leaseMs: 15_000,
});

/** One round: it dies at the point, what it left is judged as it lies there, it goes on, and the end is judged. */
export async function flowCrashRound(
  store: ChaosStore,
  test: FlowCrashCase,
  round: number,
): Promise<RoundResult> {
  const { kind } = test;
  const seed = 1 + round;
  const ledger = await Ledger.open();
  const database = await store.create();
  try {
    const base: FlowChildOptions = {
      ...childOf({ seed, kind, jobs: JOBS }),
      ...database.child,
      ledger: ledger.socketPath,
    };
    const pass = test.passes[round % test.passes.length] ?? 1;
    const dying = await new HiveProcess({ ...base, faultAt: `${test.point}:${pass}` }).exited;
    if (dying.signal !== 'SIGKILL')
      return failed(
        `${test.point}:${pass} was never reached: ended with ${dying.code ?? dying.signal} ${dying.stderr}`,
      );
    const ask = async (isUnfinished: boolean): Promise<RoundResult> => {
      const input = {
        ...database.oracle,
        ledger: await ledger.save(),
        jobs: JOBS,
        flows: { seed, kind },
        isUnfinished,
      };
      const report = await askOracle(input);
      return { problems: report.problems, report };
    };
    const left = await ask(true);
    if (left.problems.length > 0) return left;
    const again = await new HiveProcess(base).exited;
    if (again.code !== 0)
      return failed(`the second life ended with ${again.code ?? again.signal}: ${again.stderr}`);
    return await ask(false);
  } finally {
    await database.remove();
    await ledger.close();
  }
}

function failed(problem: string): RoundResult {
  return { problems: [problem], report: null };
}

/** Every case once, in one story, as crashChain does: each life gets more jobs and dies at the next point; the last one finishes. */
export async function flowCrashChain(store: ChaosStore): Promise<RoundResult> {
  const ledger = await Ledger.open();
  const database = await store.create();
  try {
    const problems: string[] = [];
    const flows = { seed: 4, kind: 'mixed' } as const;
    const base: FlowChildOptions = {
      ...childOf({ ...flows, jobs: 0 }),
      ...database.child,
      ledger: ledger.socketPath,
    };
    for (const [at, each] of flowCrashCases.entries()) {
      const jobs = (at + 1) * JOBS_PER_LIFE;
      const pass = each.passes[Math.min(2, each.passes.length - 1)] ?? 1;
      const exit = await new HiveProcess({ ...base, jobs, faultAt: `${each.point}:${pass}` })
        .exited;
      if (exit.signal !== 'SIGKILL')
        return failed(
          `${each.point}:${pass} (${each.what}) was never reached: ended with ${exit.code ?? exit.signal} ${exit.stderr}`,
        );
    }
    const jobs = (flowCrashCases.length + 1) * JOBS_PER_LIFE;
    const last = await new HiveProcess({ ...base, jobs }).exited;
    if (last.code !== 0)
      return failed(`the last life ended with ${last.code ?? last.signal}: ${last.stderr}`);
    const report = await askOracle({
      ...database.oracle,
      ledger: await ledger.save(),
      jobs,
      flows,
    });
    return { problems: [...problems, ...report.problems], report };
  } finally {
    await database.remove();
    await ledger.close();
  }
}

/** Each has one of every end. */
const JOBS_PER_LIFE = 4;

/** Kills at any moment over many workflows. */
export function flowKillLoop(
  store: ChaosStore,
  of: { jobs: number; kills: number; seed: number; kind?: FlowKind },
): Promise<KillLoopResult> {
  const { jobs, kills, seed, kind = 'mixed' } = of;
  const records = Array.from({ length: jobs }, (_, job) => flowPlan({ seed, job, kind }).records);
  return killAgain(store, {
    kills,
    seed,
    records: records.reduce((sum, each) => sum + each, 0),
    child: childOf({ seed, kind, jobs }),
    oracle: { jobs, flows: { seed, kind } },
  });
}

/** One long workflow whose process is killed twenty times, and its result and ledger are exact. */
export function oftenKilled(store: ChaosStore, seed: number): Promise<KillLoopResult> {
  return flowKillLoop(store, { jobs: 1, kills: 20, seed, kind: 'long' });
}
