// The invariants A1 to A9 of advance.ts on generated graphs: every interleaving, with decisions, skips, limits of open tasks, failures, cancels,
// deadlines and compensation chosen at random. What must come out is worked out here a second time, from the plan alone.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Graph, GraphNode } from '../contract/index.ts';
import { advance } from './advance.ts';
import type { RunCommand, RunEvent, TaskEnd } from './advance.ts';
import { checkGraph } from './graph-check.ts';
import { decodeProgress, encodeProgress } from './progress-text.ts';
import { isOver, newProgress, nodeStatus, nodeStatuses, progressCounts } from './progress.ts';
import type { RunProgress } from './progress.ts';

const RUNS = 250;

interface Plan {
  graph: Graph;
  /** Items of each map node that is not over a map; null: it finds no list. */
  items: Map<string, number | null>;
  /** What each decision takes. */
  taken: Map<string, string[]>;
  /** How each task ends, by node and item; the same in every interleaving. */
  endOf(node: string, item: number | null): TaskEnd;
}

interface Draw {
  kind: 'agent' | 'map' | 'join' | 'decision' | 'compensate';
  mode: 'all' | 'any';
  onFailure: 'stop' | 'continue';
  after: number[];
  targets: number[];
  items: number | null;
  window: number | null;
  ends: TaskEnd[];
}
interface Kinds {
  ends: fc.Arbitrary<TaskEnd>;
  /** Decisions, limits and compensation as well. */
  all: boolean;
}

const drawArb = ({ ends, all }: Kinds): fc.Arbitrary<Draw> =>
  fc.record({
    kind: all
      ? fc.constantFrom<Draw['kind']>('agent', 'agent', 'map', 'join', 'decision', 'compensate')
      : fc.constantFrom<Draw['kind']>('agent', 'agent', 'map', 'join'),
    mode: fc.constantFrom('all', 'any'),
    onFailure: fc.constantFrom('stop', 'continue'),
    after: fc.array(fc.nat({ max: 40 }), { maxLength: 4 }),
    targets: fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 4 }),
    items: all ? fc.option(fc.nat({ max: 5 }), { freq: 20 }) : fc.nat({ max: 5 }),
    window: all ? fc.option(fc.integer({ min: 1, max: 3 })) : fc.constant(null),
    ends: fc.array(ends, { minLength: 1, maxLength: 4 }),
  });

const always: fc.Arbitrary<TaskEnd> = fc.constant('succeeded');
const mixed: fc.Arbitrary<TaskEnd> = fc.oneof(
  { weight: 14, arbitrary: always },
  { weight: 1, arbitrary: fc.constantFrom<TaskEnd>('failed', 'dead', 'cancelled', 'skipped') },
);

/** Acyclic by construction (a node names earlier ones only, a decision takes later ones), then listed in a random order. */
function planArb(kinds: Kinds): fc.Arbitrary<Plan> {
  return fc
    .tuple(
      fc.array(drawArb(kinds), { minLength: 1, maxLength: 14 }),
      fc.infiniteStream(fc.nat({ max: 1_000 })),
      kinds.all ? fc.option(fc.integer({ min: 1, max: 4 })) : fc.constant(null),
    )
    .map(([draws, order, window]) => planOf(draws, order, window));
}
const full = planArb({ ends: mixed, all: true });
const plain = planArb({ ends: always, all: false });

function planOf(draws: readonly Draw[], order: Iterator<number>, window: number | null): Plan {
  const nodes: Record<string, unknown>[] = [];
  const items = new Map<string, number | null>();
  const taken = new Map<string, string[]>();
  const ends = new Map<string, TaskEnd[]>();
  const undone = new Set<string>();
  const kindOf = (id: string): unknown => nodes[Number(id.slice(1))]?.['kind'];
  for (const [i, draw] of draws.entries()) {
    const id = `n${i}`;
    const earlier = i === 0 ? [] : [...new Set(draw.after.map((each) => `n${each % i}`))];
    const after = earlier.filter((each) => kindOf(each) !== 'compensate');
    const over = after.find((each) => kindOf(each) === 'agent' || kindOf(each) === 'map');
    const undoes = after.find((each) => kindOf(each) !== 'join' && !undone.has(each));
    const later = draw.targets
      .map((each) => i + 1 + each)
      .filter((each) => each < draws.length && draws[each]?.kind !== 'compensate')
      .map((each) => `n${each}`);
    const common = { id, after, capabilities: ['c'], onFailure: draw.onFailure };
    ends.set(id, draw.ends);
    if (draw.kind === 'map' && (over !== undefined || i % 2 === 0)) {
      const own = draw.window === null ? {} : { concurrency: draw.window };
      nodes.push({ ...common, ...own, ...(over === undefined ? {} : { over }), kind: 'map' });
      items.set(id, draw.items);
    } else if (draw.kind === 'join' && after.length > 0)
      nodes.push({ id, after, kind: 'join', mode: draw.mode });
    else if (draw.kind === 'decision' && later.length > 0) {
      const [to, otherwise] = [later.slice(0, 2), later.slice(2)];
      nodes.push({
        id,
        after,
        kind: 'decision',
        onFailure: draw.onFailure,
        choices: [{ when: 'true', to }],
        otherwise,
      });
      taken.set(id, draw.mode === 'all' ? to : otherwise);
    } else if (draw.kind === 'compensate' && undoes !== undefined) {
      nodes.push({ id, kind: 'compensate', undoes, capabilities: ['c'] });
      // Few runs undo anything: every other compensation fails, or hardly a plan would have one.
      if (draw.onFailure === 'continue') ends.set(id, ['failed']);
      undone.add(undoes);
    } else nodes.push({ ...common, kind: 'agent' });
    if (draw.kind === 'compensate' && kindOf(id) !== 'compensate') draw.kind = 'agent';
  }
  const ranks = nodes.map((node) => ({ node, at: Number(order.next().value ?? 0) }));
  const graph = checkGraph({
    name: 'g',
    ...(window === null ? {} : { concurrency: window }),
    nodes: ranks.toSorted((a, b) => a.at - b.at).map(({ node }) => node),
  });
  const endOf = (node: string, item: number | null): TaskEnd => {
    const list = ends.get(node) ?? [];
    const end = list[(item ?? 0) % list.length] ?? 'succeeded';
    const isSkippable = item === null && kindOf(node) !== 'compensate';
    return end === 'skipped' && !isSkippable ? 'succeeded' : end;
  };
  return { graph, items, taken, endOf };
}

type Fate = 'done' | 'skipped' | 'stops';

/** What becomes of each forward node when nobody interferes: worked out backwards from the plan, without order or events. */
function fates(plan: Plan): Map<string, Fate> {
  const nodes = new Map(plan.graph.nodes.map((node) => [node.id, node]));
  const known = new Map<string, Fate>();
  const isTaken = (decision: GraphNode, id: string): boolean => {
    if (decision.kind !== 'decision') return true;
    const targets = [...decision.choices.flatMap(({ to }) => to), ...decision.otherwise];
    if (!targets.includes(id)) return true;
    const well = plan.endOf(decision.id, null) === 'succeeded';
    return (well ? (plan.taken.get(decision.id) ?? []) : decision.otherwise).includes(id);
  };
  const fate = (id: string): Fate => {
    const found = known.get(id);
    if (found !== undefined) return found;
    const node = nodes.get(id);
    if (node === undefined) throw new Error(id);
    const leads = node.after.map((each) => {
      const before = nodes.get(each);
      return fate(each) !== 'skipped' && before !== undefined && isTaken(before, id);
    });
    const reached = node.kind === 'join' ? leads.includes(true) : leads.every((each) => each);
    const made = reached ? ownFate(plan, node) : 'skipped';
    known.set(id, made);
    return made;
  };
  for (const node of plan.graph.nodes) if (node.kind !== 'compensate') fate(node.id);
  return known;
}

function ownFate(plan: Plan, node: GraphNode): Fate {
  if (node.kind === 'join') return 'done';
  const count = node.kind === 'map' ? itemsOf(plan, node.id) : null;
  if (node.kind === 'map' && count === null) return 'stops';
  const ends =
    count === null
      ? [plan.endOf(node.id, null)]
      : Array.from({ length: count }, (_, item) => plan.endOf(node.id, item));
  if (ends.includes('skipped')) return 'skipped';
  const stops = 'onFailure' in node && node.onFailure === 'stop';
  return stops && ends.some((end) => end !== 'succeeded') ? 'stops' : 'done';
}

function itemsOf(plan: Plan, id: string): number | null {
  const node = plan.graph.nodes.find((each) => each.id === id);
  const over = plan.graph.nodes.find((each) => node?.kind === 'map' && each.id === node.over);
  if (over?.kind === 'map') return itemsOf(plan, over.id);
  const gave = over === undefined || plan.endOf(over.id, null) === 'succeeded';
  return gave ? (plan.items.get(id) ?? null) : 0;
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
  created = new Map<string, number>();
  /** Nodes with a compensate node, in the order of their first success. */
  succeeded: string[] = [];
  undone: string[] = [];
  private readonly plan: Plan;
  private readonly ended = new Set<string>();
  private readonly skips = new Set<string>();

  constructor(plan: Plan) {
    this.plan = plan;
    this.state = newProgress(plan.graph);
    this.apply({ type: 'start', items: Object.fromEntries(plan.items) });
  }

  get isOver(): boolean {
    return isOver(this.state.phase);
  }

  apply(event: RunEvent): void {
    const wasOver = this.isOver;
    const before = JSON.stringify(this.state);
    const { state, commands } = advance(this.plan.graph, this.state, event);
    expect(JSON.stringify(this.state)).toBe(before); // pure
    if (wasOver) {
      expect(commands).toEqual([]); // A3
      expect(state).toBe(this.state);
    }
    for (const command of commands) this.obey(command);
    this.state = state;
    const text = encodeProgress(state);
    expect(text.length).toBeLessThan(400 + 60 * this.plan.graph.nodes.length); // A5
    expect(decodeProgress(text)).toEqual(state);
    const { tasks } = progressCounts(state);
    expect(tasks.open).toBe(this.open.length); // the counters agree with the tasks that exist
    expect(state.open).toBe(this.open.length);
    this.checkLimits();
    if (!this.isOver) expect(this.open.length).toBeGreaterThan(0); // A1: something is always under way
  }

  end(at: number): void {
    const [task] = this.open.splice(at % this.open.length, 1);
    if (task === undefined) return;
    const outcome = this.plan.endOf(task.node, task.item);
    this.ended.add(`${task.node}/${task.item}`);
    if (outcome === 'skipped') this.skips.add(task.node);
    const { graph } = this.plan;
    const isUndone = graph.nodes.some(
      (node) => node.kind === 'compensate' && node.undoes === task.node,
    );
    if (outcome === 'succeeded' && isUndone && !this.succeeded.includes(task.node))
      this.succeeded.push(task.node);
    const fed = graph.nodes.filter((node) => node.kind === 'map' && node.over === task.node);
    const items = Object.fromEntries(fed.map(({ id }) => [id, this.plan.items.get(id) ?? null]));
    const taken = this.plan.taken.get(task.node);
    this.apply({
      type: 'taskEnded',
      ...task,
      outcome,
      items,
      ...(taken === undefined ? {} : { taken }),
    });
    if (task.item === null) this.repeat(task, outcome);
  }

  /** A6 */
  private repeat(task: OpenTask, outcome: TaskEnd): void {
    const again = advance(this.plan.graph, this.state, { type: 'taskEnded', ...task, outcome });
    expect(again.commands).toEqual([]);
    expect(again.state).toBe(this.state);
  }

  /** A8 */
  private checkLimits(): void {
    const { graph } = this.plan;
    expect(this.open.length).toBeLessThanOrEqual(graph.concurrency ?? Infinity);
    for (const node of graph.nodes)
      if (node.kind === 'map' && node.concurrency !== undefined)
        expect(this.open.filter((task) => task.node === node.id).length).toBeLessThanOrEqual(
          node.concurrency,
        );
  }

  private obey(command: RunCommand): void {
    expect(this.commands.some(({ type }) => type.endsWith('Run'))).toBe(false); // A3: the end is the last command
    this.commands.push(command);
    if (command.type === 'cancelOpen') this.open = [];
    if (command.type === 'skipNode') {
      expect(this.skips.has(command.node) || this.created.has(command.node)).toBe(false);
      this.skips.add(command.node);
    }
    if (command.type !== 'createTasks') return;
    const { node: id, from, items, total } = command;
    const node = this.plan.graph.nodes.find((each) => each.id === id);
    expect(this.created.get(id) ?? 0).toBe(from); // A2: each task once
    expect(this.skips.has(id)).toBe(false);
    if (node?.kind === 'compensate') {
      expect(this.open).toEqual([]); // one after the other
      expect(this.commands.some(({ type }) => type === 'beginCompensation')).toBe(true);
      this.undone.push(node.undoes);
    } else {
      expect(this.commands.some(({ type }) => type === 'beginCompensation')).toBe(false);
      if (node?.kind === 'map') expect(total).toBe(itemsOf(this.plan, id));
      for (const before of node?.after ?? [])
        expect(this.isNodeOver(before), `${before} before ${id}`).toBe(true); // A2
    }
    this.created.set(id, from + (items ?? 1));
    for (let item = from; item < from + (items ?? 1); item++)
      this.open.push({ node: id, item: items === null ? null : item });
  }

  /** Judged by the tasks that exist, not by the progress under test. */
  private isNodeOver(id: string): boolean {
    const node = this.plan.graph.nodes.find((each) => each.id === id);
    if (this.skips.has(id)) return true;
    if (node?.kind === 'join') {
      const over = node.after.map((before) => this.isNodeOver(before));
      return node.mode === 'any' ? over.includes(true) : !over.includes(false);
    }
    const total = node?.kind === 'map' ? itemsOf(this.plan, id) : 1;
    if (total === 0) return node?.after.every((before) => this.isNodeOver(before)) ?? false;
    return this.created.get(id) === total && !this.open.some((task) => task.node === id);
  }
}

function finish(plan: Plan, picks: Iterator<number>, host = new PaperHost(plan)): PaperHost {
  while (host.open.length > 0) host.end(Number(picks.next().value ?? 0));
  return host;
}

/** A9, and what the end says. */
function checkEnd(plan: Plan, host: PaperHost): void {
  expect(host.isOver).toBe(true);
  expect(host.state.nodes).not.toMatch(/[wqrc]/);
  const last = host.commands.at(-1);
  if (host.state.phase === 'completed') expect(host.undone).toEqual([]);
  else expect(host.undone).toEqual(host.succeeded.toReversed());
  const failed = plan.graph.nodes.filter(
    (node) =>
      node.kind === 'compensate' &&
      host.undone.includes(node.undoes) &&
      plan.endOf(node.id, null) !== 'succeeded',
  );
  if (last?.type === 'failRun') expect(last.code === 'COMPENSATION_FAILED').toBe(failed.length > 0);
  if (last?.type === 'cancelRun') expect(last.error !== null).toBe(failed.length > 0);
  for (const { id } of failed) expect(JSON.stringify(last)).toContain(`\\"${id}\\"`);
}

const picksArb = fc.infiniteStream(fc.nat({ max: 1_000 }));

test('A1, A2, A3, A5, A6, A8, A9: any graph, any order, any failures: the run ends and obeys the rules', () => {
  fc.assert(
    fc.property(full, picksArb, (plan, picks) => {
      const host = finish(plan, picks);
      expect(host.commands.at(-1)?.type).toMatch(/^(complete|fail)Run$/);
      checkEnd(plan, host);
    }),
    { numRuns: RUNS * 2 },
  );
});

test('A4: the verdict, and what was done and skipped, is what the plan says in any order: no join is lost', () => {
  fc.assert(
    fc.property(full, picksArb, (plan, picks) => {
      const wanted = fates(plan);
      const host = finish(plan, picks);
      const stops = [...wanted.values()].includes('stops');
      expect(host.state.phase).toBe(stops ? 'failed' : 'completed');
      if (stops) return;
      for (const [at, node] of plan.graph.nodes.entries()) {
        const skipped = nodeStatus(host.state, at) === 'skipped';
        expect(skipped ? 'skipped' : 'done', node.id).toBe(wanted.get(node.id) ?? 'skipped');
      }
    }),
    { numRuns: RUNS * 2 },
  );
});

test('A1, A3, A9: a cancel or a deadline at any moment: what was done is undone, and what ends later changes nothing', () => {
  fc.assert(
    fc.property(full, picksArb, fc.nat({ max: 30 }), (plan, picks, moment) => {
      const isCancel = moment % 2 === 0;
      const host = new PaperHost(plan);
      for (let i = 0; i < moment / 2 && host.open.length > 0; i++)
        host.end(Number(picks.next().value ?? 0));
      const late = host.open.filter(({ node }) => !host.undone.includes(node));
      const wasOpen = host.state.phase === 'open';
      const stop: RunEvent = isCancel ? { type: 'cancel', reason: 'test' } : { type: 'deadline' };
      host.apply(stop);
      host.apply(stop);
      if (wasOpen)
        for (const task of late)
          host.apply({ type: 'taskEnded', ...task, outcome: 'succeeded', items: {} });
      finish(plan, picks, host);
      checkEnd(plan, host);
      if (wasOpen) expect(host.commands.at(-1)?.type).toBe(isCancel ? 'cancelRun' : 'failRun');
      host.apply(stop);
    }),
    { numRuns: RUNS },
  );
});

test('A4: the completed progress does not depend on the order of independent events', () => {
  fc.assert(
    fc.property(full, picksArb, picksArb, (plan, picks, others) => {
      const one = finish(plan, picks);
      const two = finish(plan, others);
      expect(two.state.phase).toBe(one.state.phase);
      if (one.state.phase === 'completed') expect(two.state).toEqual(one.state);
    }),
    { numRuns: RUNS },
  );
});

/** The least number of rounds in which a graph can finish: its longest chain of nodes with tasks (join any: its shortest way in). */
function leastRounds(plan: Plan): number {
  const { nodes } = plan.graph;
  const memo = new Map<string, number>();
  const depth = (id: string): number => {
    const known = memo.get(id);
    if (known !== undefined) return known;
    const node = nodes.find((each) => each.id === id);
    const before = (node?.after ?? []).map(depth);
    const isAny = node?.kind === 'join' && node.mode === 'any';
    const entry = isAny ? Math.min(...before) : Math.max(0, ...before);
    const isEmpty = node?.kind === 'join' || (node?.kind === 'map' && itemsOf(plan, id) === 0);
    const own = isEmpty ? 0 : 1;
    memo.set(id, entry + own);
    return entry + own;
  };
  return Math.max(...nodes.map(({ id }) => depth(id)));
}

test('A7: with all open tasks ended in each round, a run takes the least number of rounds', () => {
  fc.assert(
    fc.property(plain, (plan) => {
      const host = new PaperHost(plan);
      let rounds = 0;
      for (; host.open.length > 0; rounds++) {
        for (let left = host.open.length; left > 0; left--) host.end(0); // new tasks are appended: they wait for the next round
      }
      expect(host.isOver).toBe(true);
      expect(rounds).toBe(leastRounds(plan));
    }),
    { numRuns: RUNS },
  );
});

// One seed: it asks whether the generator can, not whether it did this time.
test('the generator reaches what it is there for', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(full, picksArb, (plan, picks) => {
      const host = finish(plan, picks);
      for (const [name, letter] of Object.entries(nodeStatuses))
        if (host.state.nodes.includes(letter)) seen.add(name);
      if (host.undone.length > 1) seen.add('undone twice');
      if (host.commands.some((each) => each.type === 'createTasks' && each.from > 0))
        seen.add('window');
      if (host.state.phase === 'completed' && plan.taken.size > 0) seen.add('decided');
      if (
        host.commands.some((each) => each.type === 'failRun' && each.code === 'COMPENSATION_FAILED')
      )
        seen.add('not undone');
    }),
    { numRuns: RUNS * 2, seed: 2 },
  );
  for (const each of [
    'skipped',
    'failed',
    'cancelled',
    'passed',
    'undone twice',
    'window',
    'decided',
    'not undone',
  ])
    expect(seen).toContain(each);
});
