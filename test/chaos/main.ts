// npm run chaos [-- [soak] --suite crash|flows|flow-hosts|kill|flow-kill|pg|all] [--rounds 25] [--store sqlite|postgres|both] [--kills 200] [--jobs 400]
//   [--runs 1000] [--restarts 12] [--seed 1] [--point C17]
// npm run chaos -- soak [--minutes 10] [--rate 50]
// The fault suites at full size. Prints a table while it runs and a JSON summary at the end; ends with 1 when anything was found.

import { parseArgs } from 'node:util';
import { missingPostgres, startPostgres } from '../harness/postgres.ts';
import type { PostgresServer } from '../harness/postgres.ts';
import { postgresChaos, sqliteChaos } from './chaos-store.ts';
import type { ChaosStore } from './chaos-store.ts';
import { crashCases, crashRound } from './crash-rounds.ts';
import { flowHosts } from './flow-hosts.ts';
import { flowCrashCases, flowCrashRound, flowKillLoop, oftenKilled } from './flow-rounds.ts';
import { killLoop } from './kill-loop.ts';
import type { KillLoopResult } from './kill-loop.ts';
import { restarts, takeover, zombie } from './postgres-suites.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    suite: { type: 'string', default: 'all' },
    rounds: { type: 'string', default: '25' },
    store: { type: 'string', default: 'both' },
    kills: { type: 'string', default: '200' },
    jobs: { type: 'string', default: '400' },
    runs: { type: 'string', default: '1000' },
    restarts: { type: 'string', default: '12' },
    seed: { type: 'string', default: '1' },
    point: { type: 'string' },
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '50' },
  },
});

interface Line {
  suite: string;
  store: string;
  rounds: number;
  failed: number;
  figures: Record<string, unknown>;
  problems: string[];
}
const lines: Line[] = [];

function report(line: Line): void {
  lines.push(line);
  const figures = Object.entries(line.figures).map(([name, value]) => `${name} ${String(value)}`);
  console.log(
    `${line.failed === 0 ? 'ok    ' : 'FAILED'} ${line.suite.padEnd(50)} ${line.store.padEnd(9)} ${`${line.rounds - line.failed}/${line.rounds}`.padStart(7)}  ${figures.join(', ')}`,
  );
  for (const problem of line.problems.slice(0, 10)) console.log(`       ${problem}`);
}

const wants = (suite: string): boolean => values.suite === 'all' || values.suite === suite;

async function crashSuite(store: ChaosStore): Promise<void> {
  const rounds = Number(values.rounds);
  for (const each of crashCases) {
    if (values.point !== undefined && values.point !== each.point) continue;
    const problems: string[] = [];
    let failed = 0;
    const startedAt = performance.now();
    for (let round = 0; round < rounds; round++) {
      const result = await crashRound(store, each, round);
      if (result.problems.length === 0) continue;
      failed++;
      problems.push(...result.problems.map((problem) => `round ${round}: ${problem}`));
    }
    report({
      suite: `${each.point} ${each.what}`,
      store: store.name,
      rounds,
      failed,
      figures: { seconds: ((performance.now() - startedAt) / 1_000).toFixed(1) },
      problems,
    });
  }
}

async function flowCrashSuite(store: ChaosStore): Promise<void> {
  const rounds = Number(values.rounds);
  for (const each of flowCrashCases) {
    if (values.point !== undefined && values.point !== each.point) continue;
    const problems: string[] = [];
    let failed = 0;
    const startedAt = performance.now();
    for (let round = 0; round < rounds; round++) {
      const result = await flowCrashRound(store, each, round);
      if (result.problems.length === 0) continue;
      failed++;
      problems.push(...result.problems.map((problem) => `round ${round}: ${problem}`));
    }
    report({
      suite: `${each.point} ${each.what}`,
      store: store.name,
      rounds,
      failed,
      figures: { seconds: ((performance.now() - startedAt) / 1_000).toFixed(1) },
      problems,
    });
  }
}

async function flowKillSuite(store: ChaosStore): Promise<void> {
  const seed = Number(values.seed);
  const [jobs, kills] = [Number(values.runs), Number(values.kills)];
  await reportKills(store, `kill loop, ${kills} kills, workflows of ${jobs} runs`, () =>
    flowKillLoop(store, { jobs, kills, seed }),
  );
  await reportKills(store, 'one workflow, 20 kills', () => oftenKilled(store, seed));
}

async function flowHostsSuite(store: ChaosStore): Promise<void> {
  const [jobs, kills, seed] = [200, 20, Number(values.seed)];
  await reportKills(store, `three hosts, ${kills} kills, workflows of ${jobs} runs`, () =>
    flowHosts(store, { jobs, kills, seed }),
  );
}

async function killSuite(store: ChaosStore): Promise<void> {
  const [jobs, kills, seed] = [Number(values.jobs), Number(values.kills), Number(values.seed)];
  await reportKills(store, `kill loop, ${kills} kills`, () =>
    killLoop(store, { jobs, kills, seed, workMs: 5 }),
  );
}

async function reportKills(
  store: ChaosStore,
  suite: string,
  run: () => Promise<KillLoopResult>,
): Promise<void> {
  const startedAt = performance.now();
  const { kills, killsAtStart, startMs, report: found, problems } = await run();
  report({
    suite,
    store: store.name,
    rounds: 1,
    failed: problems.length === 0 ? 0 : 1,
    figures: {
      kills,
      killsAtStart,
      startP50Ms: startMs.p50,
      startMaxMs: startMs.max,
      seconds: ((performance.now() - startedAt) / 1_000).toFixed(1),
      ...found?.counts,
      ...found?.unsuccessful,
    },
    problems,
  });
}

async function postgresSuites(server: PostgresServer): Promise<void> {
  const suites = [
    [
      'kill -9 of one of three: takeover by host lock',
      () => takeover(server, { jobs: 60, leaseMs: 15_000 }),
    ],
    [
      'SIGSTOP for two leases, SIGCONT: out-fenced',
      () => zombie(server, { jobs: 60, leaseMs: 3_000 }),
    ],
    [
      'PostgreSQL crashes every 5 to 20 s under load',
      () =>
        restarts(server, {
          // 24 slots and 1,070 tasks per restart: work for some 16 s, longer than a restart takes to come.
          jobs: Number(values.restarts) * 400,
          workMs: 350,
          restarts: Number(values.restarts),
          everyMs: [5_000, 20_000],
          downMs: [0, 5_000],
          seed: Number(values.seed),
        }),
    ],
  ] as const;
  for (const [suite, run] of suites) {
    const { problems, figures, report: found } = await run();
    report({
      suite,
      store: 'postgres',
      rounds: 1,
      failed: problems.length === 0 ? 0 : 1,
      figures: { ...figures, ...found?.counts, ...found?.unsuccessful },
      problems,
    });
  }
}

async function runOn(store: ChaosStore): Promise<void> {
  if (wants('crash')) await crashSuite(store);
  if (wants('flows')) await flowCrashSuite(store);
  if (wants('flow-hosts') && store.name === 'postgres') await flowHostsSuite(store);
  if (wants('kill')) await killSuite(store);
  if (wants('flow-kill')) await flowKillSuite(store);
}

async function soakSuite(): Promise<void> {
  const { soak } = await import('./soak.ts');
  const options = { minutes: Number(values.minutes), rate: Number(values.rate) };
  const { minutes, problems } = await soak(options, (minute) =>
    console.log(JSON.stringify(minute)),
  );
  const { minute, ...figures } = minutes.at(-1) ?? { minute: 0 };
  const suite = `soak of ${minute} minutes, ${options.rate} runs/s`;
  const failed = problems.length === 0 ? 0 : 1;
  report({ suite, store: 'sqlite', rounds: 1, failed, figures, problems });
}

if (positionals.includes('soak')) await soakSuite();
else if (values.store !== 'postgres') await runOn(sqliteChaos);
if (values.store !== 'sqlite' && !positionals.includes('soak')) {
  const missing = await missingPostgres();
  if (missing !== null) console.log(`skipped: everything on postgres: ${missing}`);
  else {
    await using server = await startPostgres();
    await runOn(postgresChaos(server));
    if (wants('pg')) await postgresSuites(server);
  }
}
console.log(JSON.stringify({ suites: lines }));
process.exitCode = lines.some((line) => line.failed > 0) ? 1 : 0;
