// One round of the crash matrix: a hive dies by SIGKILL at a named point, is started again, finishes, and the oracle looks at what is there.

import type { CrashPoint } from '../../src/contract/crash-point.ts';
import { askOracle, HiveProcess } from './hive-process.ts';
import type { ChildOptions } from './hive-child.ts';
import { Ledger } from './ledger.ts';
import type { OracleReport } from './oracle-judges.ts';
import type { ChaosStore } from './chaos-store.ts';

export interface CrashCase {
  point: CrashPoint;
  what: string;
  /** The pass at which it dies; rounds after the first add to it. */
  pass: number;
  over?: Partial<ChildOptions>;
  /** Died in a first life that needs a database that is already migrated. */
  needsMigrated?: boolean;
  /** How far later rounds may move the pass. */
  spread?: number;
}

const JOBS = 18;
/** Renewed each 60 ms, so that work of 150 ms is renewed; long enough that a busy machine does not lose leases all the time. */
const SHORT_LEASE_MS = 600;

export const crashCases: readonly CrashCase[] = [
  { point: 'C1', what: 'request read, before the insert', pass: 3, spread: 8 },
  { point: 'C2', what: 'inserted, before commit', pass: 3, spread: 12 },
  { point: 'C3', what: 'committed, before the answer', pass: 4, spread: 12 },
  { point: 'C4', what: 'leased, before work', pass: 2, spread: 4 },
  { point: 'C7', what: 'inside the result commit', pass: 5, spread: 20 },
  { point: 'C8', what: 'result committed, before the next step', pass: 4, spread: 20 },
  { point: 'C9', what: 'flush committed, before the wake-up', pass: 6, spread: 20 },
  { point: 'C10', what: 'woken, before dispatch', pass: 4, spread: 20 },
  {
    point: 'C18',
    what: 'lease renewal',
    pass: 1,
    spread: 2,
    over: { workMs: 500, leaseMs: SHORT_LEASE_MS },
  },
  { point: 'C20', what: 'between the statements of a migration', pass: 4, spread: 20 },
  {
    point: 'C20',
    what: 'graceful shutdown',
    pass: 1,
    spread: 1, // passed once in each thread; the main thread's comes first
    needsMigrated: true,
    over: { stopEarly: true },
  },
];

export interface RoundResult {
  problems: string[];
  report: OracleReport | null;
}

export async function crashRound(
  store: ChaosStore,
  test: CrashCase,
  round: number,
): Promise<RoundResult> {
  const ledger = await Ledger.open();
  const database = await store.create();
  try {
    const base: ChildOptions = {
      ...database.child,
      ledger: ledger.socketPath,
      from: 0,
      to: JOBS,
      stride: 1,
      workMs: 3,
      leaseMs: 15_000,
      reader: 'r',
    };
    if (test.needsMigrated === true) {
      const first = await new HiveProcess({ ...base, to: 0 }).exited;
      if (first.code !== 0)
        return failed(`the life before ended with ${first.code ?? first.signal}: ${first.stderr}`);
    }
    const pass =
      test.pass + (round === 0 ? 0 : Math.floor(((round * 7) % 25) * ((test.spread ?? 1) / 25)));
    const dying = await new HiveProcess({ ...base, ...test.over, faultAt: `${test.point}:${pass}` })
      .exited;
    if (dying.signal !== 'SIGKILL')
      return failed(
        `${test.point}:${pass} was never reached: ended with ${dying.code ?? dying.signal} ${dying.stderr}`,
      );
    const again = await new HiveProcess({ ...base }).exited;
    if (again.code !== 0)
      return failed(`the second life ended with ${again.code ?? again.signal}: ${again.stderr}`);
    const report = await askOracle({ ...database.oracle, ledger: await ledger.save(), jobs: JOBS });
    return { problems: report.problems, report };
  } finally {
    await database.remove();
    await ledger.close();
  }
}

function failed(problem: string): RoundResult {
  return { problems: [problem], report: null };
}

/** New jobs per life of a chain: enough for each life to reach its point. */
const JOBS_PER_LIFE = 6;

/**
 * Every crash point once, in one story: each life of the same hive takes new jobs and dies at the next point, the last one finishes. Cheaper than
 * a round for each point, and harder: the recovery from one crash is what the next one strikes.
 */
export async function crashChain(store: ChaosStore): Promise<RoundResult> {
  const ledger = await Ledger.open();
  const database = await store.create();
  try {
    const base: ChildOptions = {
      ...database.child,
      ledger: ledger.socketPath,
      from: 0,
      to: 0,
      stride: 1,
      workMs: 3,
      leaseMs: 15_000,
      reader: 'r',
    };
    const migration = crashCases.filter((each) => each.what.includes('migration'));
    const chain = [...migration, ...crashCases.filter((each) => !migration.includes(each))];
    for (const [at, each] of chain.entries()) {
      const hive = new HiveProcess({
        ...base,
        to: (at + 1) * JOBS_PER_LIFE,
        ...each.over,
        faultAt: `${each.point}:${each.pass}`,
      });
      const exit = await hive.exited;
      if (exit.signal !== 'SIGKILL')
        return failed(
          `${each.point}:${each.pass} (${each.what}) was never reached: ended with ${exit.code ?? exit.signal} ${exit.stderr}`,
        );
    }
    const jobs = chain.length * JOBS_PER_LIFE;
    const last = await new HiveProcess({ ...base, to: jobs }).exited;
    if (last.code !== 0)
      return failed(`the last life ended with ${last.code ?? last.signal}: ${last.stderr}`);
    const report = await askOracle({ ...database.oracle, ledger: await ledger.save(), jobs });
    return { problems: report.problems, report };
  } finally {
    await database.remove();
    await ledger.close();
  }
}
