// The next progress of a run while one event is applied: changed in place, then handed out once. Only advance.ts makes one.
//
// Invariants of advance.ts that live here: A2 (release looks at every node before), A3 (finish and stop are the only ends), A6.

import type { Graph, GraphNode } from '../contract/index.ts';
import { assert, unreachable } from '../kernel/index.ts';
import type { Advanced, RunCommand } from './advance.ts';
import { graphIndex, nodeAt } from './graph-index.ts';
import type { GraphIndex } from './graph-index.ts';
import { nodeStatuses } from './progress.ts';
import type { MapCounters, NodeStatus, RunProgress } from './progress.ts';

const { waiting, running } = nodeStatuses;

export class ProgressDraft {
  private readonly graph: Graph;
  private readonly index: GraphIndex;
  private readonly letters: string[];
  private readonly maps: Record<string, MapCounters>;
  /** Positions whose tasks are to be created. */
  private readonly begun: number[] = [];

  constructor(graph: Graph, state: RunProgress) {
    this.graph = graph;
    this.index = graphIndex(graph);
    this.letters = state.nodes.split('');
    this.maps = { ...state.maps };
  }

  /** The map nodes that unfold the result of a node. */
  fedBy(at: number): Extract<GraphNode, { kind: 'map' }>[] {
    const fed = (this.index.feeds[at] ?? []).map((each) => nodeAt(this.graph, each));
    return fed.filter((node) => node.kind === 'map');
  }

  setItems(id: string, count: number): void {
    this.maps[this.index.at.get(id) ?? -1] = [count, 0, 0];
  }

  end(
    at: number,
    status: Extract<NodeStatus, 'succeeded' | 'passed' | 'failed' | 'cancelled'>,
  ): void {
    this.letters[at] = nodeStatuses[status];
  }

  releaseAfter(at: number): void {
    this.passItems(at);
    this.release(this.index.next[at] ?? []);
  }

  /** Begins every node of these, and of those behind nodes without work, that waits for nothing more. */
  release(positions: Iterable<number>): void {
    const open = [...positions];
    for (let i = 0; i < open.length; i++) {
      const at = open[i] ?? -1;
      if (this.letters[at] !== waiting || !this.isReady(at)) continue;
      if (this.begin(at)) continue;
      this.passItems(at);
      open.push(...(this.index.next[at] ?? []));
    }
  }

  /** The outcome of the event when the run goes on, or completes because no node is left. */
  finish(): Advanced {
    const nodes = this.letters.join('');
    const commands = this.begun
      .toSorted((a, b) => a - b)
      .map((at): RunCommand => {
        const node = nodeAt(this.graph, at);
        const items = node.kind === 'map' ? this.totalOf(at) : null;
        return { type: 'createTasks', node: node.id, items };
      });
    if (nodes.includes(waiting) || nodes.includes(running)) {
      return { state: { v: 1, phase: 'open', nodes, maps: this.maps }, commands };
    }
    assert(commands.length === 0, 'a run with new tasks is not complete');
    const outputNode = this.graph.output ?? nodeAt(this.graph, this.graph.nodes.length - 1).id;
    return {
      state: { v: 1, phase: 'completed', nodes, maps: this.maps },
      commands: [{ type: 'completeRun', outputNode }],
    };
  }

  /** The outcome of an event that ends the run early: nothing is created, open tasks are cancelled, nodes not reached are skipped. */
  stop(phase: 'failed' | 'cancelled', last: RunCommand): Advanced {
    const commands: RunCommand[] = [];
    let open = false;
    for (const [at, letter] of this.letters.entries()) {
      if (letter === running) {
        this.letters[at] = nodeStatuses.cancelled;
        open = true;
      } else if (letter === waiting) {
        this.letters[at] = nodeStatuses.skipped;
        commands.push({ type: 'skipNode', node: nodeAt(this.graph, at).id });
      } else open ||= this.hasOpenItems(at); // the map whose item ended the run
    }
    if (open) commands.push({ type: 'cancelOpen' });
    commands.push(last);
    return { state: { v: 1, phase, nodes: this.letters.join(''), maps: this.maps }, commands };
  }

  private hasOpenItems(at: number): boolean {
    const [total, done, failed] = this.maps[at] ?? [0, 0, 0];
    return done + failed < total;
  }

  private totalOf(at: number): number {
    const counters = this.maps[at];
    assert(counters !== undefined, `the items of node ${nodeAt(this.graph, at).id} are known`);
    return counters[0];
  }

  private isReady(at: number): boolean {
    const node = nodeAt(this.graph, at);
    const before = this.index.before[at] ?? [];
    const ended = (each: number): boolean =>
      this.letters[each] !== waiting && this.letters[each] !== running;
    return node.kind === 'join' && node.mode === 'any' ? before.some(ended) : before.every(ended);
  }

  /** True when the node has tasks now; false when it had nothing to do and has ended. */
  private begin(at: number): boolean {
    const node = nodeAt(this.graph, at);
    switch (node.kind) {
      case 'agent':
        break;
      case 'map':
        if (this.totalOf(at) > 0) break;
        this.end(at, 'succeeded');
        return false;
      case 'join':
        this.end(at, 'passed');
        return false;
      default:
        return unreachable(node);
    }
    this.letters[at] = running;
    this.begun.push(at);
    return true;
  }

  /** A map over a map has as many items as that one: its list holds null where an item failed. */
  private passItems(at: number): void {
    if (nodeAt(this.graph, at).kind !== 'map') return;
    for (const map of this.fedBy(at)) this.setItems(map.id, this.totalOf(at));
  }
}
