// The kill loop: a hive is killed over and over while it works through its jobs, at times spread over all of its work and also while it starts.
// The moment of a kill is a number of ledger records, so every life gets something done and a slow machine does not change the story.

import { seededRandom } from '../../src/kernel/index.ts';
import type { ChaosStore } from './chaos-store.ts';
import { askOracle, HiveProcess } from './hive-process.ts';
import type { FlowChildOptions } from './flow-child.ts';
import type { ChildOptions } from './hive-child.ts';
import { Ledger } from './ledger.ts';
import type { OracleInput, OracleReport } from './oracle-judges.ts';
import { tasksOf } from './workload.ts';

export interface KillLoopOptions {
  jobs: number;
  kills: number;
  seed: number;
  workMs: number;
}

export interface KillLoopResult {
  problems: string[];
  report: OracleReport | null;
  kills: number;
  /** Kills that struck before the hive had said that it was up. */
  killsAtStart: number;
  /** Milliseconds from the start of a process to a hive that works: the middle one and the slowest. */
  startMs: { p50: number; max: number };
}

/** Records that a task leaves in the ledger: begin, step, and its share of a page. */
const RECORDS_PER_TASK = 2.4;
/** Share of kills that are aimed at the start instead of at the work. */
const EARLY_SHARE = 0.25;
const EARLY_MS = 500;

export async function killLoop(
  store: ChaosStore,
  options: KillLoopOptions,
): Promise<KillLoopResult> {
  const { jobs, workMs } = options;
  const records = Array.from(
    { length: jobs },
    (_, job) => 1 + tasksOf(job) * RECORDS_PER_TASK,
  ).reduce((sum, each) => sum + each, 0);
  return killAgain(store, {
    ...options,
    records,
    child: { from: 0, to: jobs, stride: 1, workMs, leaseMs: 15_000, reader: 'r' },
    oracle: { jobs },
  });
}

export interface KillPlan {
  kills: number;
  seed: number;
  /** Ledger records that the work leaves when nothing goes wrong, about. */
  records: number;
  child:
    | Omit<ChildOptions, 'directory' | 'ledger'>
    | Omit<FlowChildOptions, 'directory' | 'ledger'>;
  oracle: Omit<OracleInput, 'ledger'>;
}

/** Starts hives on one database until the work is done; each but the last is killed at a moment of its own. */
export async function killAgain(store: ChaosStore, plan: KillPlan): Promise<KillLoopResult> {
  const ledger = await Ledger.open();
  const database = await store.create();
  const base = { ...plan.child, ...database.child, ledger: ledger.socketPath };
  const result: KillLoopResult = {
    problems: [],
    report: null,
    kills: 0,
    killsAtStart: 0,
    startMs: { p50: 0, max: 0 },
  };
  try {
    const starts = await killMany(plan, { ledger, base, result });
    const last = await new HiveProcess(base).exited;
    if (last.code !== 0)
      result.problems.push(`the last life ended with ${last.code ?? last.signal}: ${last.stderr}`);
    const oracle = { ...plan.oracle, ...database.oracle, ledger: await ledger.save() };
    result.report = await askOracle(oracle);
    result.problems.push(...result.report.problems);
    if (result.kills < plan.kills * 0.9)
      result.problems.push(
        `I10: only ${result.kills} of ${plan.kills} kills struck before the work was done`,
      );
    starts.sort((a, b) => a - b);
    result.startMs = {
      p50: Math.round(starts[starts.length >> 1] ?? 0),
      max: Math.round(starts.at(-1) ?? 0),
    };
  } finally {
    await database.remove();
    await ledger.close();
  }
  return result;
}

async function killMany(
  plan: KillPlan,
  of: { ledger: Ledger; base: ChildOptions | FlowChildOptions; result: KillLoopResult },
): Promise<number[]> {
  const { ledger, base, result } = of;
  const random = seededRandom(plan.seed);
  const starts: number[] = [];
  while (result.kills < plan.kills) {
    const left = Math.max(plan.records - ledger.records.length, 10);
    const share = (left * 1.4 * random()) / (plan.kills - result.kills + 1);
    const life = await liveUntilKilled({
      ledger,
      base,
      records: Math.ceil(share),
      earlyMs: random() < EARLY_SHARE ? EARLY_MS * random() : null,
    });
    if (life.startMs !== null) starts.push(life.startMs);
    if (!life.isKilled) {
      if (life.problem !== null) result.problems.push(life.problem);
      break;
    }
    result.kills++;
    if (life.startMs === null) result.killsAtStart++;
  }
  return starts;
}

interface Life {
  isKilled: boolean;
  startMs: number | null;
  problem: string | null;
}

async function liveUntilKilled(of: {
  ledger: Ledger;
  base: ChildOptions | FlowChildOptions;
  records: number;
  earlyMs: number | null;
}): Promise<Life> {
  const { ledger, base, records, earlyMs } = of;
  const startedAt = performance.now();
  const hive = new HiveProcess(base);
  let startMs: number | null = null;
  const before = ledger.records.length;
  const isUp = (): boolean =>
    ledger.records
      .slice(before)
      .some((record) => record.kind === 'note' && record.pid === hive.pid && record.text === 'up');
  const up = ledger
    .when('the hive is up', isUp)
    .then(() => (startMs = performance.now() - startedAt));
  up.catch(() => undefined); // killed before
  const struck =
    earlyMs === null
      ? ledger.when(
          `${records} more records`,
          () => isUp() && ledger.records.length >= before + 1 + records,
        )
      : new Promise<void>((resolve) => setTimeout(resolve, earlyMs)); // the fault's own moment, not a wait for something
  const first = await Promise.race([struck, hive.exited]);
  const exit = first === undefined ? await hive.kill() : first;
  if (exit.signal === 'SIGKILL') return { isKilled: true, startMs, problem: null };
  return {
    isKilled: false,
    startMs,
    problem:
      exit.code === 0 ? null : `a life ended with ${exit.code ?? exit.signal}: ${exit.stderr}`,
  };
}
