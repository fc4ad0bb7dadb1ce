// One seeded simulation: hosts, a client, a keeper and a saboteur over one store; then peace, and the books are checked.
// Same seed, same story: the result carries a hash over every row and every number drawn, and the test runs each seed twice.

import { createHash } from 'node:crypto';
import { eventTypes, isTerminal, taskStateName } from '../../src/contract/index.ts';
import type { NewTask } from '../../src/contract/index.ts';
import { newDiamond, newTask, runBytes } from './diamond.ts';
import { keep, SimHost } from './sim-host.ts';
import type { SimStore } from './sim-store.ts';
import { PEACE_MS, SimWorld, START_MS, TROUBLE_MS } from './sim-world.ts';
import { SimProcess } from './virtual-time.ts';

const HOSTS = 3;
const DIAMONDS = 3;
const SINGLES = 6;

export interface SimResult {
  seed: number;
  problems: string[];
  hash: string;
  counts: SimStore['counts'] & {
    crashes: number;
    pauses: number;
    jumps: number;
    boots: number;
    virtualMs: number;
    tasks: number;
    succeeded: number;
  };
}

class World extends SimWorld {
  readonly acknowledged: { runs: Uint8Array[]; tasks: NewTask[] } = { runs: [], tasks: [] };
  isEverythingSent = false;

  constructor(seed: number) {
    super(seed, (process) => {
      new SimHost({ process, store: this.store, make: this.make }).start();
    });
  }

  async start(): Promise<void> {
    const client = new SimProcess(this.time, 'client');
    const [route] = await this.settleNow(this.store.insist(client, 'routes', () => [['sim']]));
    this.make.route = route ?? 0;
    this.store.faults = { lostRequest: 0.05, lostAnswer: 0.05 };
    for (let i = 0; i < HOSTS; i++) this.startHost(i);
    void keep({ process: new SimProcess(this.time, 'keeper'), store: this.store, make: this.make });
    void this.#send(client);
    void this.sabotage(new SimProcess(this.time, 'saboteur'));
  }

  async #send(client: SimProcess): Promise<void> {
    for (let i = 0; i < DIAMONDS + SINGLES; i++) {
      await client.sleep(this.time.between(0, 4_000));
      if (i < DIAMONDS) {
        const unit = newDiamond(this.make);
        const verdict = await this.store.insist(client, 'enqueue', () => unit);
        if (verdict.status === 'ok') this.acknowledged.runs.push(runBytes(unit.run.id));
        else this.store.problems.push(`I1: enqueue of a run answered ${verdict.status}`);
        continue;
      }
      const isDelayed = this.time.chance(0.3);
      const task = newTask(this.make, {
        priority: this.time.between(-2, 2),
        ...(isDelayed
          ? {
              state: 'waiting',
              reason: 'delay',
              dueMs: this.time.nowMs + this.time.between(0, 5_000),
            }
          : {}),
        ...(this.time.chance(0.5) ? { idempotencyKey: `key-${i}`, bodyHash: 'h' } : {}),
      });
      const verdict = await this.store.insist(client, 'enqueue', () => ({ tasks: [task] }));
      if (verdict.status === 'ok' || verdict.status === 'duplicate')
        this.acknowledged.tasks.push(task);
      else this.store.problems.push(`I1: enqueue of a task answered ${verdict.status}`);
    }
    this.isEverythingSent = true;
  }

  isFinished(): boolean {
    return this.isEverythingSent && this.isIdle();
  }

  /** The oracles I1, I2 (end states), I5, I6 and lost joins, on the rows alone. */
  audit(): void {
    const { store } = this;
    const problem = (text: string): unknown => store.problems.push(text);
    const byId = (table: string, id: Uint8Array): number =>
      store.all(`select 1 from ${table} where id = ?`, id).length;
    for (const id of this.acknowledged.runs)
      if (byId('runs', id) !== 1) problem('I1: an acknowledged run is not there once');
    if (!this.isFinished()) {
      const open = store.all<{ key: number; state: number; reason: string }>(
        'select key, state, reason from tasks where state < 6',
      );
      problem(
        `I6: not finished after ${PEACE_MS} ms of peace: ${open.map((task) => `${task.key} ${taskStateName(task.state)} (${task.reason})`).join(', ')}; all sent: ${this.isEverythingSent}`,
      );
    }
    const tasks = store.all<{
      run: number | null;
      node: string | null;
      state: number;
      key: number;
    }>('select key, run, node, state from tasks');
    if (tasks.filter((task) => task.run === null).length !== SINGLES)
      problem(`I1: ${SINGLES} single tasks were sent`);
    for (const run of store.all<{ key: number; state: number; seq: number; version: number }>(
      'select key, state, seq, version from runs',
    )) {
      const own = tasks.filter((task) => task.run === run.key);
      const nodes = own
        .map((task) => task.node ?? '')
        .toSorted((a, b) => (a < b ? -1 : 1))
        .join('');
      const isComplete = run.state === 3;
      if (isComplete && nodes !== 'abc') problem(`run ${run.key} is complete with nodes ${nodes}`);
      if (isComplete && own.some((task) => taskStateName(task.state) !== 'succeeded'))
        problem(`run ${run.key} is complete with an unfinished task`);
      if (new Set(nodes).size !== nodes.length)
        problem(`run ${run.key} has a node twice: ${nodes}`);
      if (own.some((task) => !isTerminal(taskStateName(task.state))) && run.state >= 3)
        problem(`run ${run.key} ended with a live task`);
      const seqs = store.all<{ seq: number }>(
        'select e.seq from events e join runs r on r.id = e.run where r.key = ? and e.seq is not null order by e.seq',
        run.key,
      );
      if (seqs.length !== run.seq || seqs.some((row, i) => row.seq !== i + 1))
        problem(`I5: run ${run.key} has seqs ${seqs.map((row) => row.seq).join()} of ${run.seq}`);
    }
    const singleEnds = store.all<{ n: number }>(
      'select count(*) as n from events where run is null and task is not null',
    );
    if (singleEnds[0]?.n !== SINGLES)
      problem(`I2: ${singleEnds[0]?.n} ends of ${SINGLES} single tasks`);
    const ends = store.all<{ n: number }>(
      'select count(*) as n from events where type in (?, ?)',
      eventTypes['run.completed'],
      eventTypes['run.failed'],
    );
    if (ends[0]?.n !== DIAMONDS) problem(`I5: ${ends[0]?.n} ends of ${DIAMONDS} runs`);
  }
}

export async function simulate(seed: number): Promise<SimResult> {
  const world = new World(seed);
  await world.start();
  await world.time.run(
    () => world.time.nowMs > START_MS + TROUBLE_MS && world.isFinished(),
    START_MS + TROUBLE_MS + PEACE_MS,
  );
  world.audit();
  const hash = createHash('sha256');
  for (const table of ['runs', 'tasks', 'attempts', 'events', 'journal'])
    hash.update(JSON.stringify(world.store.all(`select * from ${table} order by 1, 2, 3`)));
  const tasks = world.store.all<{ state: number }>('select state from tasks');
  hash.update(`${world.time.happened} ${world.time.nowMs} ${world.time.random()}`);
  const result: SimResult = {
    seed,
    problems: world.store.problems,
    hash: hash.digest('hex'),
    counts: {
      ...world.store.counts,
      ...world.counts,
      virtualMs: world.time.nowMs - START_MS,
      tasks: tasks.length,
      succeeded: tasks.filter((task) => taskStateName(task.state) === 'succeeded').length,
    },
  };
  world.store.close();
  return result;
}
