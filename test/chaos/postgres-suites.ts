// Several hives on one PostgreSQL: one is killed, one is stopped and comes back as a zombie, and the server itself goes away and returns.

import pg from 'pg';
import { seededRandom } from '../../src/kernel/index.ts';
import type { PostgresServer } from '../harness/postgres.ts';
import { postgresChaos } from './chaos-store.ts';
import type { ChaosDatabase } from './chaos-store.ts';
import { askOracle, HiveProcess } from './hive-process.ts';
import type { ChildOptions } from './hive-child.ts';
import { Ledger } from './ledger.ts';
import type { OracleInput, OracleReport } from './oracle-judges.ts';

export interface SuiteResult {
  problems: string[];
  report: OracleReport | null;
  figures: Record<string, number>;
}

interface Stage {
  ledger: Ledger;
  database: ChaosDatabase;
  start(over: Partial<ChildOptions>): HiveProcess;
  finish(hives: readonly HiveProcess[], over?: Partial<OracleInput>): Promise<OracleReport>;
}

const HIVES = 3;

async function onStage(
  server: PostgresServer,
  jobs: number,
  play: (stage: Stage, result: SuiteResult) => Promise<void>,
): Promise<SuiteResult> {
  const ledger = await Ledger.open();
  const database = await postgresChaos(server).create();
  const result: SuiteResult = { problems: [], report: null, figures: {} };
  const started: HiveProcess[] = [];
  const stage: Stage = {
    ledger,
    database,
    start: (over) => {
      const hive = new HiveProcess({
        ...database.child,
        ledger: ledger.socketPath,
        from: 0,
        to: jobs,
        stride: HIVES,
        workMs: 20,
        leaseMs: 15_000,
        reader: null,
        ...over,
      });
      started.push(hive);
      return hive;
    },
    finish: async (hives, over = {}) => {
      for (const exit of await Promise.all(hives.map((hive) => hive.exited))) {
        if (exit.code !== 0)
          result.problems.push(`a hive ended with ${exit.code ?? exit.signal}: ${exit.stderr}`);
      }
      return await askOracle({ ...database.oracle, ledger: await ledger.save(), jobs, ...over });
    },
  };
  try {
    await play(stage, result);
    result.problems.push(...(result.report?.problems ?? ['the oracle was not asked']));
  } finally {
    await Promise.all(started.map((hive) => hive.kill()));
    await database.remove();
    await ledger.close();
  }
  return result;
}

/** Resolves when the hive says that it works. */
const isUp = (ledger: Ledger, hive: HiveProcess): Promise<void> =>
  ledger.when('a hive is up', () =>
    ledger.records.some(
      (record) => record.kind === 'note' && record.pid === hive.pid && record.text === 'up',
    ),
  );

/** Tasks that this process began and that no reader has seen the end of. */
function heldBy(ledger: Ledger, pid: number): string[] {
  const ended = ledger.ended();
  return [
    ...new Set(
      ledger.records.flatMap((record) =>
        record.kind === 'begin' && record.pid === pid && !ended.has(record.task)
          ? [record.task]
          : [],
      ),
    ),
  ];
}

const beganElsewhere = (
  ledger: Ledger,
  of: { task: string; pid: number; after: number },
): boolean =>
  ledger.records
    .slice(of.after)
    .some((record) => record.kind === 'begin' && record.task === of.task && record.pid !== of.pid);

/** kill -9 of one of three: its tasks are taken over at once, because its lock is free, long before its leases run out. */
export function takeover(
  server: PostgresServer,
  options: { jobs: number; leaseMs: number },
): Promise<SuiteResult> {
  return onStage(server, options.jobs, async (stage, result) => {
    const { ledger } = stage;
    // The victim sends nothing, so everything that it holds was claimed from others.
    const victim = stage.start({
      to: 0,
      workMs: 60_000,
      leaseMs: options.leaseMs,
      untilSignal: true,
    });
    await isUp(ledger, victim);
    const hives = [0, 1].map((from) =>
      stage.start({
        from,
        stride: 2,
        workMs: 150,
        leaseMs: options.leaseMs,
        reader: from === 0 ? 'r' : null,
      }),
    );
    await ledger.when('the victim holds tasks', () => heldBy(ledger, victim.pid).length >= 4);
    const held = heldBy(ledger, victim.pid);
    const after = ledger.records.length;
    await victim.kill();
    const killedAt = performance.now();
    const isTaken = (task: string): boolean =>
      beganElsewhere(ledger, { task, pid: victim.pid, after });
    // What the victim had settled just before ends without a second beginning.
    await ledger.when('its tasks are taken over', () =>
      held.every((task) => isTaken(task) || ledger.ended().has(task)),
    );
    result.figures['takeoverMs'] = Math.round(performance.now() - killedAt);
    result.figures['tasksTakenOver'] = held.filter(isTaken).length;
    if (result.figures['tasksTakenOver'] === 0) {
      result.problems.push('I10: nothing was taken over, so nothing was proven');
    }
    if (performance.now() - killedAt > options.leaseMs / 2)
      result.problems.push(
        `takeover took ${result.figures['takeoverMs']} ms: the leases ran out before the lock was noticed`,
      );
    result.report = await stage.finish(hives);
  });
}

/** SIGSTOP for two lease times, then SIGCONT: the hive wakes as a zombie, and nothing that it writes is accepted. */
export function zombie(
  server: PostgresServer,
  options: { jobs: number; leaseMs: number },
): Promise<SuiteResult> {
  return onStage(server, options.jobs, async (stage, result) => {
    const { ledger } = stage;
    const sleeper = stage.start({
      to: 0,
      workMs: 300,
      leaseMs: options.leaseMs,
      untilSignal: true,
    });
    await isUp(ledger, sleeper);
    const hives = [0, 1].map((from) =>
      stage.start({
        from,
        stride: 2,
        workMs: 100,
        leaseMs: options.leaseMs,
        reader: from === 0 ? 'r' : null,
      }),
    );
    await ledger.when('the sleeper holds tasks', () => heldBy(ledger, sleeper.pid).length >= 2);
    sleeper.signal('SIGSTOP');
    const stoppedAt = performance.now();
    const held = heldBy(ledger, sleeper.pid);
    // What it had settled just before it was stopped ends without a second beginning.
    await ledger.when('its tasks are done by others', () =>
      held.every((task) => ledger.ended().has(task)),
    );
    result.figures['tasksHeld'] = held.length;
    result.figures['tookMs'] = Math.round(performance.now() - stoppedAt);
    await new Promise((resolve) =>
      setTimeout(resolve, Math.max(0, 2 * options.leaseMs - (performance.now() - stoppedAt))),
    ); // the fault: two lease times of silence
    const takenOver = held.filter((task) =>
      ledger.records.some(
        (record) => record.kind === 'begin' && record.task === task && record.pid !== sleeper.pid,
      ),
    );
    result.figures['takenOver'] = takenOver.length;
    const before = await resultsOf(stage.database, held);
    sleeper.signal('SIGCONT');
    sleeper.signal('SIGTERM');
    const exit = await sleeper.exited;
    if (exit.code !== 0)
      result.problems.push(`the zombie ended with ${exit.code ?? exit.signal}: ${exit.stderr}`);
    const after = await resultsOf(stage.database, held);
    if (JSON.stringify(after) !== JSON.stringify(before))
      result.problems.push('the zombie changed a settled task');
    if (takenOver.length === 0)
      result.problems.push('I10: nothing was taken over, so nothing was proven');
    result.report = await stage.finish(hives, { zombies: [sleeper.pid] });
  });
}

async function resultsOf(database: ChaosDatabase, tasks: readonly string[]): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: database.child.postgresUrl });
  await client.connect();
  try {
    const { idBytes } = await import('../../src/contract/index.ts');
    const ids = tasks.map((task) => Buffer.from(idBytes('task', task)));
    return (
      await client.query(
        'select id, state, result, fence, ended_ms from tasks where id = any($1) order by key',
        [ids],
      )
    ).rows;
  } finally {
    await client.end();
  }
}

/** PostgreSQL crashes every few seconds under load: hives and readers go on by themselves. */
export function restarts(
  server: PostgresServer,
  options: {
    jobs: number;
    restarts: number;
    workMs: number;
    everyMs: [number, number];
    downMs: [number, number];
    seed: number;
  },
): Promise<SuiteResult> {
  return onStage(server, options.jobs, async (stage, result) => {
    const { ledger } = stage;
    const random = seededRandom(options.seed);
    const between = ([low, high]: [number, number]): number => low + random() * (high - low);
    const hives = Array.from({ length: HIVES }, (_, from) =>
      stage.start({
        from,
        workMs: options.workMs,
        leaseMs: 3_000,
        reader: from === 0 ? 'r' : null,
      }),
    );
    await ledger.when('work has begun', () => ledger.count('begin') >= 5);
    let done = 0;
    const isOver = Promise.all(hives.map((hive) => hive.exited)).then(() => true);
    while (done < options.restarts) {
      const over = await Promise.race([
        isOver,
        new Promise<false>((resolve) => setTimeout(() => resolve(false), between(options.everyMs))),
      ]);
      if (over) break;
      await server.restart('immediate', between(options.downMs));
      done++;
    }
    result.figures['restarts'] = done;
    result.report = await stage.finish(hives, { isZombieProne: true });
    if (done < options.restarts)
      result.problems.push(
        `I10: only ${done} of ${options.restarts} restarts came before the work was done`,
      );
  });
}
