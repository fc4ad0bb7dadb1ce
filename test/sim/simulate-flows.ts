// One seeded simulation of workflows: three hosts finish branches of the same runs at once, while people signal, pause, resume and cancel them and a
// saboteur does what it does to hosts; then peace, and the books are checked. Same seed, same story.
// Watched after every settle: the window of the map and of the run, one compensation at a time, no answer ever changed.

import { createHash } from 'node:crypto';
import { eventTypes, isHiveError, runStateName, taskStateName } from '../../src/contract/index.ts';
import type { Graph, RunId } from '../../src/contract/index.ts';
import { formatId } from '../../src/contract/index.ts';
import { checkGraph } from '../../src/orchestrator/graph-check.ts';
import { newRun } from '../../src/orchestrator/new-run.ts';
import type { HoldEvent } from '../../src/orchestrator/run-change.ts';
import type { RunEvent } from '../../src/orchestrator/advance.ts';
import { applyAgain, FlowWork, keeperOn } from './flow-work.ts';
import type { FlowRoutes } from './flow-work.ts';
import { keep, SimHost } from './sim-host.ts';
import { PEACE_MS, SimWorld, START_MS, TROUBLE_MS } from './sim-world.ts';
import { SimProcess } from './virtual-time.ts';

const HOSTS = 3;
const RUNS = 3;
const WINDOW = 2;
const RUN_WINDOW = 4;
/** Shares of runs that are cancelled and that are paused for a while. */
const CANCELLED = 0.25;
const PAUSED = 0.5;

const work = (id: string, after: string[] = []) =>
  ({ kind: 'agent', id, after, capabilities: ['sim'] }) as const;
const undo = (id: string) =>
  ({ kind: 'compensate', id: `undo-${id}`, undoes: id, capabilities: ['sim'] }) as const;

/** Three branches that meet twice, with a windowed map, a decision, an event, a timer, and compensation of five nodes. */
export const simFlow: Graph = checkGraph({
  name: 'sim-flow',
  concurrency: RUN_WINDOW,
  nodes: [
    work('a'),
    work('b'),
    work('c'),
    { kind: 'map', id: 'm', over: 'a', concurrency: WINDOW, capabilities: ['sim'] },
    { kind: 'wait', id: 'go', event: 'go', after: ['b'] },
    { kind: 'wait', id: 'nap', forMs: 1_000, after: ['c'] },
    {
      kind: 'decision',
      id: 'way',
      after: ['b', 'c'],
      choices: [{ when: 'true', to: ['left'] }],
      otherwise: ['right'],
    },
    work('left', ['way']),
    work('right', ['way']),
    { kind: 'join', id: 'meet', after: ['left', 'right'] },
    { kind: 'join', id: 'all', after: ['m', 'go', 'nap', 'meet'] },
    work('z', ['all']),
    undo('a'),
    undo('b'),
    undo('c'),
    undo('left'),
    undo('z'),
  ],
});

export interface FlowSimResult {
  seed: number;
  problems: string[];
  hash: string;
  counts: SimWorld['counts'] &
    Record<
      'completed' | 'failed' | 'cancelled' | 'undone' | 'stale' | 'lostAnswers' | 'tasks',
      number
    >;
}

class FlowWorld extends SimWorld {
  readonly routes: FlowRoutes = { work: 0, control: 0 };
  readonly runs: { id: RunId; key: number }[] = [];
  readonly #answers = new Map<string, string>();
  #isQuiet = 0;

  constructor(seed: number) {
    super(seed, (process) => {
      const { store, make } = this;
      new SimHost({ process, store, make, work: new FlowWork(this, process, this.routes) }).start();
    });
  }

  async start(): Promise<void> {
    const client = new SimProcess(this.time, 'client');
    const found = await this.settleNow(
      this.store.insist(client, 'routes', () => [['sim'], ['hive:flow']]),
    );
    this.routes.work = found[0] ?? 0;
    this.routes.control = found[1] ?? 0;
    this.store.faults = { lostRequest: 0.05, lostAnswer: 0.05 };
    this.store.watch = () => this.#watch();
    for (let i = 0; i < HOSTS; i++) this.startHost(i);
    const keeper = new SimProcess(this.time, 'keeper');
    void keep({
      process: keeper,
      store: this.store,
      make: this.make,
      work: new FlowWork(this, keeper, this.routes),
    });
    for (let i = 0; i < RUNS; i++) void this.#person(new SimProcess(this.time, `person-${i}`));
    void this.sabotage(new SimProcess(this.time, 'saboteur'));
  }

  isFinished(): boolean {
    return this.#isQuiet === RUNS && this.isIdle();
  }

  /** Starts a run, and does to it what people do. */
  async #person(person: SimProcess): Promise<void> {
    const { time, store, make, routes } = this;
    await person.sleep(time.between(0, 20_000));
    const { unit } = newRun(
      {
        id: make.ids.make('run'),
        tenant: 1,
        project: 1,
        graph: simFlow,
        routes: new Map(
          simFlow.nodes.map((node) => [
            node.id,
            'capabilities' in node ? routes.work : routes.control,
          ]),
        ),
        title: 'sim',
        inputJson: 'null',
        idempotencyKey: person.name,
        bodyHash: 'h',
      },
      { ids: make.ids, token: make.token(), nowMs: time.nowMs, reserve: () => undefined },
    );
    const verdict = await store.insist(person, 'enqueue', () => unit);
    const [row] = store.all<{ key: number; id: Uint8Array }>(
      'select key, id from runs where idem = ?',
      person.name,
    );
    if (row === undefined) {
      store.problems.push(
        `I1: the run of ${person.name} was answered ${verdict.status} and is not there`,
      );
      return;
    }
    const run = { key: row.key, id: formatId('run', row.id) };
    this.runs.push(run);
    await Promise.all([this.#signal(person, run), this.#holds(person, run.key)]);
    this.#isQuiet++;
  }

  async #signal(person: SimProcess, run: { id: RunId; key: number }): Promise<void> {
    const { time, store } = this;
    await person.sleep(time.between(0, 30_000));
    const deliver = {
      tenant: 1,
      run: run.id,
      runKey: run.key,
      taskKey: null,
      name: 'go',
      data: '1',
      by: person.name,
      atMs: time.nowMs,
      idempotencyKey: 'once',
    };
    for (let i = 0; i < 2; i++)
      await store.insist(person, 'settle', () => ({ flushLane: run.key, deliver, events: [] }));
  }

  async #holds(person: SimProcess, key: number): Promise<void> {
    const { time } = this;
    const keeper = keeperOn(this, person, this.routes);
    const change = async (event: RunEvent | HoldEvent): Promise<void> => {
      try {
        await applyAgain(person, keeper, () => ({ run: key, event }));
      } catch (error) {
        // It has ended, or the change of an answer that was lost was made.
        if (!isHiveError(error) || error.code !== 'ILLEGAL_TRANSITION') throw error;
      }
    };
    await person.sleep(time.between(0, 15_000));
    if (time.chance(PAUSED)) {
      await change({ type: 'pause', by: person.name });
      await person.sleep(time.between(0, 10_000));
      await change({ type: 'resume', by: person.name });
    }
    await person.sleep(time.between(0, 15_000));
    if (time.chance(CANCELLED)) await change({ type: 'cancel', reason: 'test' });
  }

  #watch(): void {
    const say = (text: string): unknown => this.store.problems.push(text);
    const open = this.store.all<{ run: number; maps: number; undos: number; n: number }>(
      `select run, count(*) as n, sum(node = 'm') as maps, sum(node like 'undo-%') as undos from tasks where state < 6 group by run`,
    );
    for (const { run, n, maps, undos } of open) {
      if (maps > WINDOW) say(`${maps} items of run ${run} are open at once`);
      if (n > RUN_WINDOW) say(`${n} tasks of run ${run} are open at once`);
      if (undos > 0 && n > 1) say(`run ${run} is undone while ${n - 1} more tasks are open`);
    }
    for (const row of this.store.all<{ task: number; name: string; result: string }>(
      'select task, name, result from journal where result is not null',
    )) {
      const name = `${row.task}/${row.name}`;
      const before = this.#answers.get(name);
      if (before !== undefined && before !== row.result)
        say(`I2: the result of ${name} changed from ${before} to ${row.result}`);
      this.#answers.set(name, row.result);
    }
  }

  audit(): void {
    const { store } = this;
    const say = (text: string): unknown => store.problems.push(text);
    if (!this.isFinished()) {
      const open = store.all<{
        key: number;
        run: number;
        node: string;
        state: number;
        reason: string;
      }>('select key, run, node, state, reason from tasks where state < 6');
      const runs = store.all<{ key: number; state: number; progress: string }>(
        'select key, state, progress from runs where state < 3',
      );
      say(
        `I6: not finished in peace: ${open.map((task) => `${task.key} ${task.node} of ${task.run} ${taskStateName(task.state)} (${task.reason})`).join(', ')}; ${JSON.stringify(runs)}`,
      );
    }
    for (const run of this.runs) this.#auditRun(run.key, say);
  }

  #auditRun(key: number, say: (text: string) => unknown): void {
    const { store } = this;
    const [run] = store.all<{ seq: number; state: number }>(
      'select seq, state from runs where key = ?',
      key,
    );
    if (run === undefined) return void say(`I1: run ${key} is gone`);
    const events = store.all<{
      seq: number;
      type: number;
      node: string | null;
      item: number | null;
    }>(
      'select e.seq, e.type, t.node, t.item from events e join runs r on r.id = e.run left join tasks t on t.id = e.task where r.key = ? and e.seq is not null order by e.seq',
      key,
    );
    if (events.length !== run.seq || events.some((row, i) => row.seq !== i + 1))
      say(`I5: run ${key} has seqs ${events.map((row) => row.seq).join()} of ${run.seq}`);
    const tasks = store.all<{
      node: string;
      item: number | null;
      state: number;
      result: string | null;
    }>('select node, item, state, result from tasks where run = ? order by key', key);
    const names = tasks.map((task) => `${task.node}#${task.item ?? ''}`);
    if (new Set(names).size !== names.length) say(`run ${key} has a task twice: ${names.join()}`);
    const done = events
      .filter((row) => row.type === eventTypes['task.completed'])
      .map((row) => row.node ?? '');
    const undone = tasks.filter((task) => task.node.startsWith('undo-')).map((task) => task.node);
    const undoable = new Set(
      simFlow.nodes.flatMap((node) => (node.kind === 'compensate' ? [node.undoes] : [])),
    );
    const expected = done
      .filter((node) => undoable.has(node))
      .map((node) => `undo-${node}`)
      .toReversed();
    const isCompleted = runStateName(run.state) === 'completed';
    if (undone.join() !== (isCompleted ? '' : expected.join()))
      say(`run ${key} was undone as ${undone.join()} instead of ${expected.join()}`);
    if (!isCompleted) return;
    const [first] = tasks.filter((task) => task.node === 'a');
    const items = (JSON.parse(first?.result ?? '{}') as { items?: number[] }).items ?? [];
    const taken =
      (
        JSON.parse(tasks.find((task) => task.node === 'way')?.result ?? '{}') as {
          taken?: string[];
        }
      ).taken ?? [];
    const nodes = ['a', 'b', 'c', 'go', 'nap', 'way', 'z', ...taken, ...items.map(() => 'm')];
    if (done.toSorted(byText).join() !== nodes.toSorted(byText).join())
      say(`run ${key} is complete with ${done.join()} instead of ${nodes.join()}`);
  }
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

export async function simulateFlows(seed: number): Promise<FlowSimResult> {
  const world = new FlowWorld(seed);
  await world.start();
  await world.time.run(() => world.isFinished(), START_MS + TROUBLE_MS + PEACE_MS);
  world.audit();
  const hash = createHash('sha256');
  for (const table of ['runs', 'tasks', 'attempts', 'events', 'journal', 'inbox'])
    hash.update(JSON.stringify(world.store.all(`select * from ${table} order by 1, 2, 3`)));
  hash.update(`${world.time.happened} ${world.time.nowMs} ${world.time.random()}`);
  const ended = (state: string): number =>
    world.store
      .all<{ state: number }>('select state from runs')
      .filter((run) => runStateName(run.state) === state).length;
  const count = (where: string): number =>
    world.store.all<{ n: number }>(`select count(*) as n from tasks where ${where}`)[0]?.n ?? 0;
  const result: FlowSimResult = {
    seed,
    problems: world.store.problems,
    hash: hash.digest('hex'),
    counts: {
      ...world.counts,
      stale: world.store.counts.stale,
      lostAnswers: world.store.counts.lostAnswers,
      completed: ended('completed'),
      failed: ended('failed'),
      cancelled: ended('cancelled'),
      undone: count("node like 'undo-%'"),
      tasks: count('true'),
    },
  };
  world.store.close();
  return result;
}
