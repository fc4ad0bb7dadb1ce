// What one event costs in advance() on a graph of 1,000 nodes, by the shape of the graph.

import type { GraphInput } from '../../src/contract/index.ts';
import { seededRandom } from '../../src/kernel/index.ts';
import { advance } from '../../src/orchestrator/advance.ts';
import type { RunEvent } from '../../src/orchestrator/advance.ts';
import { checkGraph } from '../../src/orchestrator/graph-check.ts';
import { newProgress } from '../../src/orchestrator/progress.ts';
import { median, round } from '../core/figures.ts';

const SIZE = 1_000;
const LAYER = 20;
const ROUNDS = 10;

const shapes = { chain, fan, layered };
export type Shape = keyof typeof shapes;

/** Median microseconds per event, of each shape. */
export function advanceCost(): Record<Shape, number> {
  const names = Object.keys(shapes) as Shape[];
  return Object.fromEntries(names.map((name) => [name, eventUs(shapes[name]())])) as Record<
    Shape,
    number
  >;
}

function eventUs(input: GraphInput): number {
  const graph = checkGraph(input);
  const took: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    let progress = newProgress(graph);
    const events: RunEvent[] = [{ type: 'start' }];
    for (let event = events.shift(); event !== undefined; event = events.shift()) {
      const began = performance.now();
      const { state, commands } = advance(graph, progress, event);
      took.push(performance.now() - began);
      progress = state;
      for (const command of commands) {
        if (command.type === 'createTasks')
          events.push({
            type: 'taskEnded',
            node: command.node,
            item: null,
            outcome: 'succeeded',
          });
      }
    }
    if (progress.phase !== 'completed') throw new Error(`the run is ${progress.phase}`);
  }
  return round(median(took.slice(took.length / ROUNDS)) * 1_000); // the first round warms up
}

type Node = Extract<GraphInput['nodes'][number], { kind: 'agent' }>;

function node(at: number, after: readonly number[]): Node {
  return {
    kind: 'agent',
    id: `n${at}`,
    capabilities: ['noop'],
    after: after.map((each) => `n${each}`),
  };
}

const graphOf = (nodes: Node[]): GraphInput => ({ name: 'shape', nodes });

function chain(): GraphInput {
  return graphOf(Array.from({ length: SIZE }, (_, at) => node(at, at === 0 ? [] : [at - 1])));
}

/** One node, then all at once, then one that waits for all. */
function fan(): GraphInput {
  const middle = Array.from({ length: SIZE - 2 }, (_, i) => i + 1);
  return graphOf([node(0, []), ...middle.map((at) => node(at, [0])), node(SIZE - 1, middle)]);
}

/** Layers of 20; each node waits for one to four of the layer before. */
function layered(): GraphInput {
  const random = seededRandom(3);
  return graphOf(
    Array.from({ length: SIZE }, (_, at) => {
      const layer = Math.floor(at / LAYER);
      if (layer === 0) return node(at, []);
      const picked = Array.from(
        { length: 1 + Math.floor(random() * 4) },
        () => (layer - 1) * LAYER + Math.floor(random() * LAYER),
      );
      return node(at, [...new Set(picked)]);
    }),
  );
}
