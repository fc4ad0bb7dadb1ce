/** Two runs side by side: per node what it came to, how many tries and how long it took, and where results and steps differ. Pure. */
import type { DiffSide, Json, RunDiff, RunSummary, ValueDiff } from '../contract/index.ts';
import { diffValues } from './diff-values.ts';

export interface DiffTask {
  /** null: the task of a run of one node. */
  node: string | null;
  item: number | null;
  state: string;
  tries: number;
  startedMs: number | null;
  endedMs: number | null;
  result: Json;
  /** Steps and effects by `name#occurrence`: their results as text. */
  steps: ReadonlyMap<string, string | null>;
}

export interface DiffRun {
  summary: RunSummary;
  input: Json;
  output: Json;
  /** In the order of the graph; nodes without tasks are told as missing. */
  nodes: readonly string[];
  tasks: readonly DiffTask[];
}

/** States that are told for a node of many tasks: the first that any of its tasks has. */
const telling = ['uncertain', 'dead', 'failed', 'leased', 'waiting', 'paused', 'ready', 'blocked'];

export function diffRuns(a: DiffRun, b: DiffRun): RunDiff {
  const inA = byNode(a);
  const inB = byNode(b);
  const names = [...new Set([...a.nodes, ...b.nodes, ...inA.keys(), ...inB.keys()])];
  return {
    a: a.summary,
    b: b.summary,
    durationMs: { a: durationOf(a.summary), b: durationOf(b.summary) },
    costUsd: { a: null, b: null },
    input: diffValues(a.input, b.input),
    output: diffValues(a.output, b.output),
    nodes: names.map((node) => diffNode(node, inA.get(node) ?? [], inB.get(node) ?? [])),
  };
}

function byNode({ tasks }: DiffRun): Map<string, DiffTask[]> {
  const nodes = new Map<string, DiffTask[]>();
  for (const task of tasks) {
    const name = task.node ?? 'task';
    const group = nodes.get(name);
    if (group === undefined) nodes.set(name, [task]);
    else group.push(task);
  }
  return nodes;
}

const durationOf = ({ startedMs, endedMs }: RunSummary): number | null =>
  startedMs === null || endedMs === null ? null : endedMs - startedMs;

function diffNode(
  node: string,
  a: readonly DiffTask[],
  b: readonly DiffTask[],
): RunDiff['nodes'][number] {
  return { node, a: sideOf(a), b: sideOf(b), ...diffResults(a, b), steps: diffSteps(a, b) };
}

function sideOf(tasks: readonly DiffTask[]): DiffSide | null {
  const [first] = tasks;
  if (first === undefined) return null;
  const states = new Set(tasks.map(({ state }) => state));
  const took = tasks.flatMap(({ startedMs, endedMs }) =>
    startedMs === null || endedMs === null ? [] : [endedMs - startedMs],
  );
  return {
    state: telling.find((state) => states.has(state)) ?? first.state,
    tries: tasks.reduce((sum, { tries }) => sum + tries, 0),
    tasks: tasks.length,
    durationMs: took.length === 0 ? null : took.reduce((sum, each) => sum + each, 0),
    costUsd: null,
  };
}

/** A map's results are compared item by item, so that a path says which. */
function diffResults(a: readonly DiffTask[], b: readonly DiffTask[]): ValueDiff {
  if (a.length === 0 && b.length === 0) return { result: 'same', paths: [] };
  if (a.length === 0 || b.length === 0) return { result: 'missing', paths: [] };
  return diffValues(resultsOf(a), resultsOf(b));
}

function resultsOf(tasks: readonly DiffTask[]): Json {
  const [first] = tasks;
  if (tasks.length === 1 && first?.item === null) return first.result;
  return tasks.toSorted((x, y) => (x.item ?? 0) - (y.item ?? 0)).map(({ result }) => result);
}

function diffSteps(
  a: readonly DiffTask[],
  b: readonly DiffTask[],
): RunDiff['nodes'][number]['steps'] {
  const inA = stepsOf(a);
  const inB = stepsOf(b);
  const both = [...inA].filter(([key]) => inB.has(key));
  const same = both.filter(([key, result]) => inB.get(key) === result).length;
  return {
    same,
    differs: both.length - same,
    onlyA: inA.size - both.length,
    onlyB: inB.size - both.length,
  };
}

function stepsOf(tasks: readonly DiffTask[]): Map<string, string | null> {
  const steps = tasks.flatMap(({ item, steps: own }) =>
    [...own].map(([key, result]): [string, string | null] => [`${item ?? ''} ${key}`, result]),
  );
  return new Map(steps);
}
