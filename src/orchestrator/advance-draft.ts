// The next progress of a run while one event is applied: changed in place, then handed out once. Only advance.ts makes one.
//
// Invariants of advance.ts that live here: A2 (release looks at every node before), A3 (finish and stop are the only ends), A6, A8 (fill).
// Letters are bytes while they change: a run of 1,000 nodes is copied twice per event, each in well under a microsecond.

import type { Graph } from '../contract/index.ts';
import { assert, unreachable } from '../kernel/index.ts';
import type { Advanced, RunCommand } from './advance.ts';
import { atEnd, undoOrEnd } from './compensation.ts';
import { graphIndex, nodeAt } from './graph-index.ts';
import type { GraphIndex } from './graph-index.ts';
import { feedProblem } from './graph-items.ts';
import { NO_LIST, nodeStatuses } from './progress.ts';
import type { MapCounters, NodeStatus, RunEnding, RunProgress } from './progress.ts';

const byteOf = (status: NodeStatus): number => nodeStatuses[status].charCodeAt(0);
const WAITING = byteOf('waiting');
const QUEUED = byteOf('queued');
const RUNNING = byteOf('running');
const SKIPPED = byteOf('skipped');

export class ProgressDraft {
  private readonly graph: Graph;
  private readonly index: GraphIndex;
  private readonly from: RunProgress;
  private readonly letters: Buffer;
  private maps: readonly (MapCounters | null)[];
  /** The copy of `maps` once one was needed. */
  private ownMaps: (MapCounters | null)[] | undefined;
  private open: number;
  private done: readonly number[];
  private cut: readonly (readonly [number, number])[];
  /** A map node was reached that cannot work with its items. */
  private broken: RunEnding | undefined;
  /** Positions whose tasks are to be created. */
  private readonly begun: number[] = [];
  private readonly skipped: number[] = [];

  constructor(graph: Graph, state: RunProgress) {
    this.graph = graph;
    this.index = graphIndex(graph);
    this.from = state;
    this.letters = Buffer.from(state.nodes, 'latin1');
    this.maps = state.maps;
    this.open = state.open;
    this.done = state.done;
    this.cut = state.cut;
  }

  idOf(at: number): string {
    return nodeAt(this.graph, at).id;
  }

  /** The map nodes that unfold the result of a node, and wait for it. */
  fedBy(at: number): number[] {
    return (this.index.feeds[at] ?? []).filter((each) => this.letters[each] === WAITING);
  }

  /** Tells a map node how many items it has (null: no list). When it cannot work with that, the run fails when the node is reached: it may be skipped yet. */
  feed(at: number, count: number | null): void {
    this.setMap(at, [count ?? NO_LIST, 0, 0, 0]);
  }

  /** The task whose end this is was open. */
  taskOver(): void {
    this.open--;
  }

  /** An item of a map has ended. */
  count(at: number, counters: MapCounters): void {
    const isFirst = counters[1] > 0 && this.countersOf(at)[1] === 0;
    this.setMap(at, counters);
    if (isFirst) this.remember(at);
  }

  end(
    at: number,
    status: Extract<NodeStatus, 'succeeded' | 'passed' | 'failed' | 'cancelled' | 'skipped'>,
  ): void {
    this.letters[at] = byteOf(status);
    if (status === 'succeeded' && this.maps[at] === null) this.remember(at);
  }

  /** What a decision takes; null: it failed and the run goes on with `otherwise`. The others are skipped, but for joins that still wait for more. */
  take(at: number, taken: readonly string[] | null): void {
    const node = nodeAt(this.graph, at);
    if (node.kind !== 'decision') return;
    const chosen = new Set(taken ?? node.otherwise);
    for (const target of this.index.targets[at] ?? []) {
      const { id, kind } = nodeAt(this.graph, target);
      if (chosen.has(id) || this.letters[target] !== WAITING) continue;
      if (kind === 'join') this.cut = [...this.cut, [at, target]];
      else this.skip(target);
    }
  }

  releaseAfter(at: number): void {
    this.passItems(at);
    const { next } = this.index;
    this.release([...(next[at] ?? []), ...this.skipped.flatMap((each) => next[each] ?? [])]);
  }

  /** Begins every node of these, and of those behind nodes without work, that waits for nothing more; skips those that will never be reached. */
  release(positions: Iterable<number>): void {
    const open = [...positions];
    for (let i = 0; i < open.length; i++) {
      const at = open[i] ?? -1;
      if (this.letters[at] !== WAITING) continue;
      const verdict = this.verdict(at);
      if (verdict === 'wait' || (verdict === 'go' && this.begin(at))) continue;
      if (verdict === 'skip') this.skip(at);
      else this.passItems(at);
      open.push(...(this.index.next[at] ?? []));
    }
  }

  /** The outcome of an event after which no node can have become ready: at most a limit has room again. */
  goOn(): Advanced {
    return this.from.queue.length > 0 ? this.finish() : { state: this.opened([]), commands: [] };
  }

  /** The outcome of the event when the run goes on, or completes because no node is left. */
  finish(): Advanced {
    if (this.broken !== undefined) return this.stop(this.broken);
    const commands = this.skipCommands();
    const queue = this.fill(commands);
    const left = [WAITING, QUEUED, RUNNING].some((letter) => this.letters.includes(letter));
    if (left) return { state: this.opened(queue), commands };
    assert(this.open === 0 && queue.length === 0, 'a run with open tasks is not complete');
    const { graph } = this;
    const outputNode = graph.output ?? nodeAt(graph, graph.nodes.length - 1).id;
    commands.push({ type: 'completeRun', outputNode });
    return { state: atEnd({ ...this.opened([]), phase: 'completed' }), commands };
  }

  /** The outcome of an event that ends the run early: nothing is created, open tasks are cancelled, nodes not reached are skipped, what was done is undone. */
  stop(ending: RunEnding): Advanced {
    for (const [at, letter] of this.letters.entries()) {
      if (letter === RUNNING) this.letters[at] = byteOf('cancelled');
      else if (letter === WAITING || letter === QUEUED) this.skip(at);
    }
    const commands = this.skipCommands();
    if (this.open > 0) commands.push({ type: 'cancelOpen' });
    this.open = 0;
    const ended = undoOrEnd(this.graph, this.opened([]), ending);
    return { state: ended.state, commands: [...commands, ...ended.commands] };
  }

  private opened(queue: readonly number[]): RunProgress {
    return {
      v: 2,
      phase: 'open',
      nodes: this.letters.toString('latin1'),
      maps: this.maps,
      open: this.open,
      queue,
      done: this.done,
      cut: this.cut,
      undo: [],
      ending: null,
    };
  }

  private setMap(at: number, counters: MapCounters | null): void {
    this.ownMaps ??= [...this.maps];
    this.ownMaps[at] = counters;
    this.maps = this.ownMaps;
  }

  private remember(at: number): void {
    if ((this.index.undoneBy[at] ?? -1) >= 0) this.done = [...this.done, at];
  }

  private skip(at: number): void {
    this.letters[at] = SKIPPED;
    if (this.maps[at] !== null) this.setMap(at, null); // as if its list had never come
    this.skipped.push(at);
  }

  private skipCommands(): RunCommand[] {
    return this.skipped
      .toSorted((a, b) => a - b)
      .map((at) => ({ type: 'skipNode', node: this.idOf(at) }));
  }

  private verdict(at: number): 'wait' | 'go' | 'skip' {
    const node = nodeAt(this.graph, at);
    const before = this.index.before[at] ?? [];
    if (node.kind === 'join') return this.joinVerdict(at, node.mode);
    let open = false;
    for (const each of before) {
      if (this.letters[each] === SKIPPED) return 'skip';
      open ||= this.isOpen(each);
    }
    return open ? 'wait' : 'go';
  }

  private joinVerdict(at: number, mode: 'all' | 'any'): 'wait' | 'go' | 'skip' {
    let open = false;
    let ended = false;
    for (const each of this.index.before[at] ?? []) {
      if (this.isOpen(each)) {
        if (mode === 'all') return 'wait';
        open = true;
      } else ended ||= this.letters[each] !== SKIPPED && !this.isCut(each, at);
    }
    return ended ? 'go' : open ? 'wait' : 'skip';
  }

  private isOpen(at: number): boolean {
    const letter = this.letters[at];
    return letter === WAITING || letter === QUEUED || letter === RUNNING;
  }

  private isCut(decision: number, join: number): boolean {
    return this.cut.some(([from, to]) => from === decision && to === join);
  }

  /** True when the node has tasks to come; false when it had nothing to do and has ended. */
  private begin(at: number): boolean {
    const node = nodeAt(this.graph, at);
    switch (node.kind) {
      case 'map': {
        const [total] = this.countersOf(at);
        const message = feedProblem(node, total === NO_LIST ? null : total);
        if (message !== null) {
          const { id } = node;
          this.broken ??= { end: 'failed', code: 'RUN_FAILED', node: id, item: null, message };
          return true;
        }
        if (total > 0) break;
        this.end(at, 'succeeded');
        return false;
      }
      case 'join':
        this.end(at, 'passed');
        return false;
      case 'agent':
      case 'decision':
      case 'approval':
      case 'wait':
      case 'workflow':
      case 'loop':
      case 'compensate':
      case 'command':
      case 'gate':
      case 'knowledge':
        break;
      default:
        return unreachable(node);
    }
    this.letters[at] = QUEUED;
    this.begun.push(at);
    return true;
  }

  /** A8: creates tasks while the limits have room, the longest waiting node first; returns the nodes that have more to create. */
  private fill(commands: RunCommand[]): readonly number[] {
    if (this.from.queue.length === 0 && this.begun.length === 0) return this.from.queue;
    const left: number[] = [];
    for (const at of [...this.from.queue, ...this.begun.toSorted((a, b) => a - b)]) {
      const room = (this.graph.concurrency ?? Infinity) - this.open;
      if (room <= 0 || !this.create(at, { room, commands })) left.push(at);
    }
    return left;
  }

  /** True when all tasks of the node have been created. */
  private create(at: number, into: { room: number; commands: RunCommand[] }): boolean {
    const node = nodeAt(this.graph, at);
    const create = { type: 'createTasks', node: node.id } as const;
    if (node.kind !== 'map') {
      into.commands.push({ ...create, from: 0, items: null, total: null });
      this.letters[at] = RUNNING;
      this.open++;
      return true;
    }
    const [total, done, failed, created] = this.countersOf(at);
    const ownRoom = (node.concurrency ?? Infinity) - (created - done - failed);
    const items = Math.min(into.room, ownRoom, total - created);
    if (items > 0) {
      into.commands.push({ ...create, from: created, items, total });
      this.setMap(at, [total, done, failed, created + items]);
      this.letters[at] = RUNNING;
      this.open += items;
    }
    return created + items >= total;
  }

  private countersOf(at: number): MapCounters {
    const counters = this.maps[at];
    assert(counters !== null && counters !== undefined, `the items of ${this.idOf(at)} are known`);
    return counters;
  }

  /** A map over a map has as many items as that one: its list holds null where an item failed. */
  private passItems(at: number): void {
    if (nodeAt(this.graph, at).kind !== 'map' || this.letters[at] === SKIPPED) return;
    for (const map of this.fedBy(at)) this.setMap(map, [this.countersOf(at)[0], 0, 0, 0]);
  }
}
