// The invariants A1 to A7 of advance.ts on generated graphs: every interleaving, failures and cancels chosen at random.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Graph, GraphNode } from '../contract/index.ts';
import { advance } from './advance.ts';
import type { RunCommand, RunEvent, TaskEnd } from './advance.ts';
import { checkGraph } from './graph-check.ts';
import { encodeProgress, newProgress, nodeStatus, progressCounts } from './progress.ts';
import type { RunProgress } from './progress.ts';

const RUNS = 400;

interface Plan {
  graph: Graph;
  /** Items of each map node over an agent node. */
  items: Map<string, number>;
  /** How each task ends, by node and item; the same in every interleaving. */
  endOf(node: string, item: number | null): TaskEnd;
}

interface Draw {
  kind: 'agent' | 'map' | 'join';
  mode: 'all' | 'any';
  onFailure: 'stop' | 'continue';
  after: number[];
  items: number;
  ends: TaskEnd[];
}

const drawArb = (ends: fc.Arbitrary<TaskEnd>): fc.Arbitrary<Draw> =>
  fc.record({
    kind: fc.constantFrom('agent', 'agent', 'map', 'join'),
    mode: fc.constantFrom('all', 'any'),
    onFailure: fc.constantFrom('stop', 'continue'),
    after: fc.array(fc.nat({ max: 40 }), { maxLength: 4 }),
    items: fc.nat({ max: 4 }),
    ends: fc.array(ends, { minLength: 1, maxLength: 4 }),
  });

const always: fc.Arbitrary<TaskEnd> = fc.constant('succeeded');
const mixed: fc.Arbitrary<TaskEnd> = fc.oneof(
  { weight: 12, arbitrary: always },
  { weight: 1, arbitrary: fc.constantFrom<TaskEnd>('failed', 'dead', 'cancelled') },
);

/** Acyclic by construction (a node names earlier ones only), then listed in a random order. */
function planArb(ends: fc.Arbitrary<TaskEnd>): fc.Arbitrary<Plan> {
  return fc
    .tuple(
      fc.array(drawArb(ends), { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.nat({ max: 1_000 })),
    )
    .map(([draws, order]) => planOf(draws, order));
}

function planOf(draws: readonly Draw[], order: Iterator<number>): Plan {
  const nodes: Record<string, unknown>[] = [];
  const items = new Map<string, number>();
  const ends = new Map<string, TaskEnd[]>();
  for (const [i, draw] of draws.entries()) {
    const id = `n${i}`;
    const after = i === 0 ? [] : [...new Set(draw.after.map((each) => `n${each % i}`))];
    const over = after.find((each) => nodes[Number(each.slice(1))]?.['kind'] !== 'join');
    const common = { id, after, capabilities: ['c'], onFailure: draw.onFailure };
    ends.set(id, draw.ends);
    if (draw.kind === 'map' && over !== undefined) {
      nodes.push({ ...common, kind: 'map', over });
      items.set(id, draw.items);
    } else if (draw.kind === 'join' && after.length > 0)
      nodes.push({ id, after, kind: 'join', mode: draw.mode });
    else nodes.push({ ...common, kind: 'agent' });
  }
  const ranks = nodes.map((node) => ({ node, at: Number(order.next().value ?? 0) }));
  const graph = checkGraph({
    name: 'g',
    nodes: ranks.toSorted((a, b) => a.at - b.at).map(({ node }) => node),
  });
  const endOf = (node: string, item: number | null): TaskEnd => {
    const list = ends.get(node) ?? [];
    return list[(item ?? 0) % list.length] ?? 'succeeded';
  };
  return { graph, items, endOf };
}

interface OpenTask {
  node: string;
  item: number | null;
}

/** A host on paper: keeps the open tasks, ends them one by one as `pick` says, and checks what must hold at every step. */
class PaperHost {
  state: RunProgress;
  open: OpenTask[] = [];
  commands: RunCommand[] = [];
  tasks = 0;
  private readonly plan: Plan;
  private readonly created = new Set<string>();

  constructor(plan: Plan) {
    this.plan = plan;
    this.state = newProgress(plan.graph);
    this.apply({ type: 'start' });
  }

  get ended(): boolean {
    return this.state.phase !== 'open' && this.state.phase !== 'new';
  }

  apply(event: RunEvent): void {
    const wasEnded = this.ended;
    const { state, commands } = advance(this.plan.graph, this.state, event);
    if (wasEnded) {
      expect(commands).toEqual([]); // A3
      expect(state).toBe(this.state);
    }
    for (const command of commands) this.obey(command);
    this.state = state;
    expect(encodeProgress(state).length).toBeLessThan(60 + 30 * this.plan.graph.nodes.length); // A5
    const counts = progressCounts(state);
    expect(counts.tasks.open).toBe(this.open.length); // the counters agree with the tasks that exist
    expect(counts.tasks.created).toBe(this.tasks);
  }

  end(at: number): void {
    const [task] = this.open.splice(at % this.open.length, 1);
    if (task === undefined) return;
    const outcome = this.plan.endOf(task.node, task.item);
    const fed = this.plan.graph.nodes.filter(
      (node) => node.kind === 'map' && node.over === task.node,
    );
    const items = Object.fromEntries(fed.map(({ id }) => [id, this.plan.items.get(id) ?? 0]));
    this.apply({ type: 'taskEnded', ...task, outcome, items });
  }

  private obey(command: RunCommand): void {
    expect(this.commands.some(({ type }) => type.endsWith('Run'))).toBe(false); // A3: the end is the last command
    this.commands.push(command);
    if (command.type === 'cancelOpen') this.open = [];
    if (command.type !== 'createTasks') return;
    const { node: id, items } = command;
    expect(this.created.has(id)).toBe(false); // A2: once
    const node = this.node(id);
    expect((node?.after ?? []).every((before) => this.isOver(before))).toBe(true); // A2: after the nodes before it
    this.created.add(id);
    for (let item = 0; item < (items ?? 1); item++)
      this.open.push({ node: id, item: items === null ? null : item });
    this.tasks += items ?? 1;
  }

  private node(id: string): GraphNode | undefined {
    return this.plan.graph.nodes.find((node) => node.id === id);
  }

  /** Judged by the tasks that exist, not by the progress under test. */
  private isOver(id: string): boolean {
    const node = this.node(id);
    if (node?.kind === 'join') {
      const over = node.after.map((before) => this.isOver(before));
      return node.mode === 'any' ? over.includes(true) : !over.includes(false);
    }
    if (this.open.some((task) => task.node === id)) return false;
    const neverHasTasks = node?.kind === 'map' && node.after.every((before) => this.isOver(before));
    return this.created.has(id) || neverHasTasks;
  }
}

function finish(plan: Plan, picks: Iterator<number>): PaperHost {
  const host = new PaperHost(plan);
  while (host.open.length > 0) host.end(Number(picks.next().value ?? 0));
  return host;
}

const picksArb = fc.infiniteStream(fc.nat({ max: 1_000 }));

test('A1, A2, A3, A5: any graph, any order, any failures: the run ends when its tasks have ended, and obeys the rules', () => {
  fc.assert(
    fc.property(planArb(mixed), picksArb, (plan, picks) => {
      const host = finish(plan, picks);
      expect(host.ended).toBe(true);
      expect(host.state.nodes).not.toMatch(/[wr]/);
      expect(host.commands.at(-1)?.type).toMatch(/^(complete|fail)Run$/);
    }),
    { numRuns: RUNS },
  );
});

test('A1, A3: a cancel at any moment ends the run, and what ends later changes nothing', () => {
  fc.assert(
    fc.property(planArb(mixed), picksArb, fc.nat({ max: 15 }), (plan, picks, moment) => {
      const host = new PaperHost(plan);
      for (let i = 0; i < moment && host.open.length > 0; i++)
        host.end(Number(picks.next().value ?? 0));
      const late = [...host.open];
      const wasEnded = host.ended;
      host.apply({ type: 'cancel', reason: 'test' });
      expect(host.ended).toBe(true);
      if (!wasEnded) expect(host.commands.at(-1)).toEqual({ type: 'cancelRun', reason: 'test' });
      for (const task of late)
        host.apply({ type: 'taskEnded', ...task, outcome: 'succeeded', items: {} });
    }),
    { numRuns: RUNS },
  );
});

test('A4: the end does not depend on the order of independent events', () => {
  fc.assert(
    fc.property(planArb(mixed), picksArb, picksArb, (plan, picks, others) => {
      const one = finish(plan, picks);
      const two = finish(plan, others);
      expect(two.state.phase).toBe(one.state.phase);
      if (one.state.phase === 'completed') expect(two.state).toEqual(one.state);
    }),
    { numRuns: RUNS },
  );
});

test('A4: the verdict is failed exactly when a task that must not fail did', () => {
  fc.assert(
    fc.property(planArb(mixed), picksArb, (plan, picks) => {
      const host = finish(plan, picks);
      const bad = plan.graph.nodes.filter((node, at) => {
        if (node.kind === 'join' || node.onFailure === 'continue') return false;
        const status = nodeStatus(host.state, at);
        return status === 'failed' || (status === 'cancelled' && host.state.phase === 'completed');
      });
      const failing = host.commands.find((command) => command.type === 'failRun');
      expect(host.state.phase).toBe(failing === undefined ? 'completed' : 'failed');
      if (failing === undefined) expect(bad).toEqual([]);
      else expect(plan.endOf(failing.node, failing.item)).not.toBe('succeeded');
    }),
    { numRuns: RUNS },
  );
});

/** The least number of rounds in which a graph can finish: its longest chain of nodes with tasks (join any: its shortest way in). */
function leastRounds(plan: Plan): number {
  const { nodes } = plan.graph;
  const memo = new Map<string, number>();
  const itemsOf = (id: string): number => {
    const node = nodes.find((each) => each.id === id);
    if (node?.kind !== 'map') return 1;
    const over = nodes.find((each) => each.id === node.over);
    return over?.kind === 'map' ? itemsOf(over.id) : (plan.items.get(id) ?? 0);
  };
  const depth = (id: string): number => {
    const known = memo.get(id);
    if (known !== undefined) return known;
    const node = nodes.find((each) => each.id === id);
    const before = (node?.after ?? []).map(depth);
    const isAny = node?.kind === 'join' && node.mode === 'any';
    const entry = isAny ? Math.min(...before) : Math.max(0, ...before);
    const own = node?.kind === 'join' || itemsOf(id) === 0 ? 0 : 1;
    memo.set(id, entry + own);
    return entry + own;
  };
  return Math.max(...nodes.map(({ id }) => depth(id)));
}

test('A7: with all open tasks ended in each round, a run takes the least number of rounds', () => {
  fc.assert(
    fc.property(planArb(always), (plan) => {
      const host = new PaperHost(plan);
      let rounds = 0;
      for (; host.open.length > 0; rounds++) {
        for (let left = host.open.length; left > 0; left--) host.end(0); // new tasks are appended: they wait for the next round
      }
      expect(host.ended).toBe(true);
      expect(rounds).toBe(leastRounds(plan));
    }),
    { numRuns: RUNS },
  );
});
