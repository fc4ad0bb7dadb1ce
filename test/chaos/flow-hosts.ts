// Three hives on one PostgreSQL that run the same workflows, each with an operator of its own: one after the other is killed and started again, so
// that branches of one run are finished by several hosts and taken over from dead ones.

import type { ChaosStore } from './chaos-store.ts';
import type { FlowChildOptions } from './flow-child.ts';
import { flowPlan } from './flow-plan.ts';
import { askOracle, HiveProcess } from './hive-process.ts';
import type { KillLoopResult } from './kill-loop.ts';
import { Ledger } from './ledger.ts';

const HOSTS = 3;

export async function flowHosts(
  store: ChaosStore,
  of: { jobs: number; kills: number; seed: number },
): Promise<KillLoopResult> {
  const { jobs, kills, seed } = of;
  const flows = { seed, kind: 'mixed' } as const;
  const ledger = await Ledger.open();
  const database = await store.create();
  const options: FlowChildOptions = {
    ...database.child,
    ...flows,
    jobs,
    ledger: ledger.socketPath,
    workMs: 2,
    leaseMs: 15_000,
  };
  const result: KillLoopResult = {
    problems: [],
    report: null,
    kills: 0,
    killsAtStart: 0,
    startMs: { p50: 0, max: 0 },
  };
  const hosts = Array.from({ length: HOSTS }, () => new HiveProcess(options));
  const expected = Array.from({ length: jobs }, (_, job) => flowPlan({ ...flows, job }).records);
  const all = expected.reduce((sum, each) => sum + each, 0);
  try {
    for (let kill = 0; kill < kills; kill++) {
      const due = Math.floor((all * 0.8 * (kill + 1)) / (kills + 1));
      await ledger.when(`${due} records`, () => ledger.records.length >= due);
      const victim = kill % HOSTS;
      const exit = await hosts[victim]?.kill();
      if (exit?.signal === 'SIGKILL') result.kills++;
      else result.problems.push(`a hive ended with ${exit?.code} before its kill: ${exit?.stderr}`);
      hosts[victim] = new HiveProcess(options);
    }
    for (const exit of await Promise.all(hosts.map((host) => host.exited)))
      if (exit.code !== 0)
        result.problems.push(`a hive ended with ${exit.code ?? exit.signal}: ${exit.stderr}`);
    const input = { ...database.oracle, ledger: await ledger.save(), jobs, flows };
    result.report = await askOracle(input);
    result.problems.push(...result.report.problems);
    if (result.kills < kills)
      result.problems.push(`I10: only ${result.kills} of ${kills} kills struck a living hive`);
  } finally {
    await Promise.all(hosts.map((host) => host.kill()));
    await database.remove();
    await ledger.close();
  }
  return result;
}
