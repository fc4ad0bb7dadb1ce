// Runs on paper, for tests: nodes in short, and a run that applies events and keeps its progress.

import type { Graph } from '../contract/index.ts';
import { advance } from './advance.ts';
import type { RunCommand, RunEvent, TaskEnd } from './advance.ts';
import { checkGraph } from './graph-check.ts';
import { newProgress } from './progress.ts';
import type { RunProgress } from './progress.ts';

type Rest = Record<string, unknown>;
export const agent = (id: string, after: string[] = [], rest: Rest = {}): Rest => ({
  kind: 'agent',
  id,
  after,
  capabilities: ['c'],
  ...rest,
});
export const map = (id: string, over: string, rest: Rest = {}): Rest => ({
  kind: 'map',
  id,
  over,
  capabilities: ['c'],
  ...rest,
});
export const join = (id: string, after: string[], mode: 'all' | 'any' = 'all'): Rest => ({
  kind: 'join',
  id,
  after,
  mode,
});
export const graphOf = (...nodes: Rest[]): Graph => checkGraph({ name: 'g', nodes });

/** A run on paper: applies events, keeps the progress, returns the commands. */
export function run(graph: Graph): {
  state(): RunProgress;
  on(event: RunEvent): readonly RunCommand[];
  end(node: string, more?: End): readonly RunCommand[];
} {
  let state = newProgress(graph);
  const on = (event: RunEvent): readonly RunCommand[] => {
    const advanced = advance(graph, state, event);
    state = advanced.state;
    return advanced.commands;
  };
  return {
    state: () => state,
    on,
    end: (node, more = {}) =>
      on({ type: 'taskEnded', node, item: null, outcome: 'succeeded', ...more }),
  };
}
interface End {
  item?: number;
  outcome?: TaskEnd;
  items?: Record<string, number | null>;
  taken?: string[];
}
export const create = (node: string, items: number | null = null): RunCommand => ({
  type: 'createTasks',
  node,
  from: 0,
  items,
  total: items,
});
export const start = { type: 'start' } as const;

export const decision = (id: string, to: string[], rest: Rest = {}): Rest => ({
  kind: 'decision',
  id,
  choices: [{ when: 'true', to }],
  ...rest,
});
export const undo = (undoes: string): Rest => ({
  kind: 'compensate',
  id: `un-${undoes}`,
  undoes,
  capabilities: ['c'],
});
export const skip = (node: string): RunCommand => ({ type: 'skipNode', node });
