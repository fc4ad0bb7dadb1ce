// npm run chaos -- soak [--minutes 10] [--rate 50]: a hive on SQLite that runs workflows of every kind for minutes, with retention on.
// Passes when the heap after collection at the end is at most 2 MiB above that of minute 3, every run ended as planned, and files stop growing.
// In this process: a garbage collection is asked for each minute, and nothing else disturbs.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Worker } from 'node:worker_threads';
import type { Hive } from '../../src/app/index.ts';
import { runStates, taskStates } from '../../src/contract/index.ts';
import type { ApprovalId } from '../../src/contract/index.ts';
import { systemClock } from '../../src/kernel/index.ts';
import { openChildHive } from './child-hive.ts';
import { soakAgents, soakEnd, soakGraph, SOAK_KINDS } from './soak-workload.ts';

export interface SoakOptions {
  minutes: number;
  /** Runs per second. */
  rate: number;
}

export interface SoakMinute {
  minute: number;
  heapMiB: number;
  /** Heaps of the store's threads, as they are: nobody collects there on request. */
  threadsMiB: number;
  externalMiB: number;
  rssMiB: number;
  loopP99Ms: number;
  loopMaxMs: number;
  started: number;
  open: number;
  rows: number;
  diskMiB: number;
}

export interface SoakResult {
  minutes: SoakMinute[];
  problems: string[];
}

const MINUTE_MS = 60_000;
const TICK_MS = 100;
/** Ended runs are kept so long, and so many of them in any case. */
const KEPT_MS = 45_000;
const KEPT_RUNS = 200;
const PRUNED_AT_ONCE = 500;
/** Caches are full by then. */
const WARM_MINUTE = 3;
const MAX_GROWTH_MIB = 2;
const MAX_FILE_GROWTH = 1.5;
/** Runs that are open when the store keeps up: about two seconds of them. */
const MAX_OPEN_SECONDS = 2;
const MIB = 1_048_576;
const BY = { actor: 'soak', tenant: 1 };

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

export async function soak(
  options: SoakOptions,
  tell: (minute: SoakMinute) => void,
): Promise<SoakResult> {
  const directory = await mkdtemp(path.join(tmpdir(), 'hive-soak-'));
  const hive = await openChildHive({ directory, leaseMs: 15_000 }, soakAgents());
  const work = new SoakWork(hive, options.rate);
  const result: SoakResult = { minutes: [], problems: work.problems };
  const loop = monitorEventLoopDelay({ resolution: 10 });
  loop.enable();
  try {
    work.begin();
    for (let minute = 1; minute <= options.minutes; minute++) {
      await delay(MINUTE_MS);
      const figures = await measured(hive, { minute, loop, started: work.started });
      result.minutes.push(figures);
      tell(figures);
      loop.reset();
    }
    await work.end();
    judge(result, options);
  } finally {
    loop.disable();
    await hive.stop();
    await rm(directory, { recursive: true, force: true });
  }
  return result;
}

const threads = new Set<Worker>();
process.on('worker', (thread) => {
  threads.add(thread);
  thread.once('exit', () => threads.delete(thread));
});

async function threadHeaps(): Promise<number> {
  const heaps = await Promise.all([...threads].map((thread) => thread.getHeapStatistics()));
  return heaps.reduce((sum, heap) => sum + heap.used_heap_size, 0);
}

async function measured(
  hive: Hive,
  of: { minute: number; loop: ReturnType<typeof monitorEventLoopDelay>; started: number },
): Promise<SoakMinute> {
  const [row] = await hive.store.read<{ open: number; n: number }>('system', {
    sql: 'select (select count(*) from runs where state < 3) as open, (select count(*) from runs) + (select count(*) from tasks) + (select count(*) from events) + (select count(*) from journal) as n',
    parameters: [],
  });
  const { diskBytes } = await hive.store.size();
  const { loop, minute, started } = of;
  const [loopP99Ms, loopMaxMs] = [loop.percentile(99) / 1e6, loop.max / 1e6];
  collect();
  await delay(TICK_MS); // what finalisers and replies in flight still hold
  collect();
  const { heapUsed, rss, external } = process.memoryUsage();
  const round = (value: number): number => Math.round(value * 100) / 100;
  return {
    minute,
    heapMiB: round(heapUsed / MIB),
    threadsMiB: round((await threadHeaps()) / MIB),
    externalMiB: round(external / MIB),
    rssMiB: Math.round(rss / MIB),
    loopP99Ms: round(loopP99Ms),
    loopMaxMs: round(loopMaxMs),
    started,
    open: Number(row?.open ?? 0),
    rows: Number(row?.n ?? 0),
    diskMiB: round(diskBytes / MIB),
  };
}

function judge({ minutes, problems }: SoakResult, { rate }: SoakOptions): void {
  const warm = minutes[Math.min(WARM_MINUTE, minutes.length) - 1];
  const last = minutes.at(-1);
  if (warm === undefined || last === undefined) return;
  const growth = last.heapMiB - warm.heapMiB;
  if (growth > MAX_GROWTH_MIB)
    problems.push(
      `the heap grew by ${growth.toFixed(2)} MiB from minute ${warm.minute} to minute ${last.minute}`,
    );
  if (last.diskMiB > warm.diskMiB * MAX_FILE_GROWTH)
    problems.push(`the files grew from ${warm.diskMiB} to ${last.diskMiB} MiB with retention on`);
  if (last.open > rate * MAX_OPEN_SECONDS)
    problems.push(`${last.open} runs are open: the hive does not keep up with ${rate} per second`);
  if (last.started < rate * 60 * last.minute * 0.9)
    problems.push(`I10: only ${last.started} runs were started`);
}

/** Starts runs at its rate, answers approvals, checks ends, and prunes. */
class SoakWork {
  readonly problems: string[] = [];
  started = 0;
  readonly #hive: Hive;
  readonly #rate: number;
  readonly #loops: Promise<void>[] = [];
  #isOver = false;

  constructor(hive: Hive, rate: number) {
    this.#hive = hive;
    this.#rate = rate;
  }

  begin(): void {
    this.#loops.push(
      this.#every('start', () => this.#start()),
      this.#every('decide', () => this.#decide()),
      this.#every('prune', () => this.#prune()),
    );
  }

  /** Waits until what was started has ended. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
    for (let tries = 0; tries < 300; tries++) {
      const open = await this.#count(`state < ${runStates.completed}`);
      if (open === 0) return await this.#check();
      await this.#decide();
      await delay(TICK_MS);
    }
    this.problems.push('I6: runs are still open 30 s after the last was started');
  }

  async #every(name: string, work: () => Promise<void>): Promise<void> {
    while (!this.#isOver) {
      try {
        await work();
      } catch (error) {
        if (this.problems.length < 20) this.problems.push(`${name}: ${String(error)}`);
      }
      await delay(TICK_MS);
    }
  }

  readonly #beganMs = performance.now();

  /** As many as are due by now, all at once. */
  async #start(): Promise<void> {
    const due = Math.floor(((performance.now() - this.#beganMs) / 1_000) * this.#rate);
    const starts: Promise<unknown>[] = [];
    for (; this.started < due; this.started++) {
      const graph = soakGraph(this.started);
      const request = { tenant: 1, project: 1, graph, title: graph.name, inputJson: 'null' };
      starts.push(this.#hive.orchestrator.startRun(request));
    }
    await Promise.all(starts);
  }

  async #decide(): Promise<void> {
    const rows = await this.#hive.store.read<{ subject: string }>('system', {
      sql: `select j.subject from tasks t join journal j on j.task = t.key where t.state = ${taskStates.waiting} and t.reason = 'approval' and j.kind = 'approval' and j.result is null`,
      parameters: [],
    });
    const { verbs } = this.#hive.orchestrator;
    for (const { subject } of rows)
      await verbs.decideApproval(
        { approval: subject as ApprovalId, decision: 'approved', answer: null, comment: null },
        BY,
      );
  }

  /** Checks what is about to go, then lets it go. */
  async #prune(): Promise<void> {
    await this.#check();
    const beforeMs = systemClock.now() - KEPT_MS;
    const request = { tenant: 1, beforeMs, keep: KEPT_RUNS, limit: PRUNED_AT_ONCE };
    await this.#hive.store.prune(request);
  }

  async #check(): Promise<void> {
    for (const kind of SOAK_KINDS) {
      const end = runStates[soakEnd(kind)];
      const wrong = await this.#count(
        `workflow = 'soak-${kind}' and state >= ${runStates.completed} and state <> ${end}`,
      );
      if (wrong > 0 && this.problems.length < 20)
        this.problems.push(`${wrong} runs of ${kind} did not end as planned`);
    }
  }

  async #count(where: string): Promise<number> {
    const [row] = await this.#hive.store.read<{ n: number }>('system', {
      sql: `select count(*) as n from runs where ${where}`,
      parameters: [],
    });
    return Number(row?.n ?? 0);
  }
}
