// The input that an agent gets: what its row holds, joined with the results of the nodes before it. Results are read when the task starts and never
// copied into rows. Owns a small cache of results that many items share, and which data an expression of a node may see.
//
//   single task                  its row
//   agent                        {input, from: {node: result}, run}; with `inputs` exactly the computed fields over those of `input`
//   map                          {input, item, index, run}; with `inputs` as above
//   compensate                   {input, result, run}: the result of the node that it undoes
//   decision, approval, wait,    {node, from, run: {id, input}} for the hive's own agent, which computes the node's expressions
//   workflow, loop
//
// A node without an input of its own gets the run's. I1: `from` has the nodes in `after` (a join: those it stands for) and those that the node's expressions
// name; a node that was skipped or failed under continue is null there.

import { hiveError } from '../contract/index.ts';
import type { ClaimedTask, Graph, GraphNode, Json, Store } from '../contract/index.ts';
import { evaluateExpression, referencedFields } from '../kernel/expressions.ts';
import { unreachable } from '../kernel/index.ts';
import { graphIndex, nodeAt } from './graph-index.ts';
import { itemsAt, resultSources } from './graph-items.ts';
import { nodeStatus } from './progress.ts';
import type { CachedRun, RunCache } from './run-cache.ts';

/** Results kept for the items of maps: two maps of two runs at a time is usual. */
const MAX_CACHED_RESULTS = 16;

interface ResultRow {
  node: string;
  item: number | null;
  result: string | null;
}

type Fields = Readonly<Record<string, Json>>;

export class TaskInputs {
  readonly #store: Store;
  readonly #runs: RunCache;
  readonly #results = new Map<string, Promise<Json>>();

  constructor(store: Store, runs: RunCache) {
    this.#store = store;
    this.#runs = runs;
  }

  /** What the agent gets. Throws EXPRESSION_FAILED, INTERNAL. */
  async resolve(task: ClaimedTask): Promise<Json> {
    const own = JSON.parse(task.input) as Json;
    if (task.runKey === null || task.node === null) return own;
    const run = this.#runs.peek(task.runKey) ?? (await this.#runs.get(task.runKey));
    const node = nodeAt(run.graph, task.node);
    switch (node.kind) {
      case 'map':
        return this.#itemInput(run, { node, own, task });
      case 'agent': {
        const variables = await this.#variables(run, node);
        const input = own ?? variables['input'] ?? null;
        if (node.inputs === undefined) return { input, from: variables['from'] ?? {}, run: run.id };
        return computed(node.inputs, { own, variables });
      }
      case 'compensate': {
        const result = await this.result(run, node.undoes);
        return { input: own, result, run: run.id };
      }
      case 'decision':
      case 'approval':
      case 'wait':
      case 'workflow':
      case 'loop': {
        const { from = {}, input = null } = await this.#variables(run, node);
        // The row's input stands for the node's: a fork may have edited it.
        const shown =
          node.kind === 'workflow' || node.kind === 'loop' ? { ...node, input: own } : node;
        return { node: shown as Json, from, run: { id: run.id, input } };
      }
      case 'join':
      case 'command':
      case 'gate':
      case 'knowledge':
        throw hiveError('INTERNAL', { message: `${node.kind} ${node.id} has no tasks` });
      default:
        return unreachable(node);
    }
  }

  /** Whether the node's `when` lets the task run; true without one. Throws EXPRESSION_FAILED. */
  async isWanted(task: ClaimedTask): Promise<boolean> {
    if (task.runKey === null || task.node === null) return true;
    const run = this.#runs.peek(task.runKey) ?? (await this.#runs.get(task.runKey));
    const node = nodeAt(run.graph, task.node);
    const when = 'when' in node ? node.when : undefined;
    if (when === undefined) return true;
    const value = evaluateExpression(when, await this.#variables(run, node));
    if (typeof value === 'boolean') return value;
    throw hiveError('EXPRESSION_FAILED', {
      message: `\`when\` of node "${node.id}" gives ${JSON.stringify(value)?.slice(0, 100)}, not true or false: ${when}`,
    });
  }

  async #itemInput(
    run: CachedRun,
    of: { node: Extract<GraphNode, { kind: 'map' }>; own: Json; task: ClaimedTask },
  ): Promise<Json> {
    const { node, own, task } = of;
    const list =
      node.over === undefined
        ? itemsAt(runInput(run), node.items)
        : itemsAt(await this.#sharedResult(run, node.over), node.items);
    const item = task.item === null ? undefined : list?.[task.item];
    if (item === undefined)
      throw hiveError('INTERNAL', {
        message: `item ${task.item} of node ${node.id} does not exist in the ${node.over === undefined ? "run's input" : `result of ${node.over}`}`,
      });
    if (node.inputs === undefined) return { input: own, item, index: task.item, run: run.id };
    const variables = await this.#variables(run, node);
    return computed(node.inputs, { own, variables: { ...variables, item, index: task.item } });
  }

  async #variables(run: CachedRun, node: GraphNode): Promise<Fields> {
    const from: Record<string, Json> = {};
    for (const source of dataSources(run.graph, node)) {
      const shared = node.kind === 'map';
      from[source] = shared
        ? await this.#sharedResult(run, source)
        : await this.result(run, source);
    }
    return { input: runInput(run), from, run: { id: run.id } };
  }

  /** A result that will not change any more is kept: of a node behind a join of any, those before it may still be running. */
  #sharedResult(run: CachedRun, node: string): Promise<Json> {
    if (!isFinal(run, node)) return this.result(run, node);
    const name = `${run.key}/${node}`;
    let result = this.#results.get(name);
    if (result === undefined) {
      const oldest =
        this.#results.size >= MAX_CACHED_RESULTS ? this.#results.keys().next().value : undefined;
      if (oldest !== undefined) this.#results.delete(oldest);
      result = this.result(run, node);
      this.#results.set(name, result);
      result.catch(() => this.#results.delete(name));
    }
    return result;
  }

  /** Result of a node: of its task, or the list of a map's items in order with null for those that failed. */
  async result(
    run: Pick<CachedRun, 'key' | 'graph'> & Partial<Pick<CachedRun, 'results'>>,
    nodeId: string,
  ): Promise<Json> {
    const node = nodeAt(run.graph, nodeId);
    const known = run.results?.get(nodeId);
    if (known !== undefined) return JSON.parse(known) as Json;
    if (node.kind === 'join') {
      const results: Record<string, Json> = {};
      for (const source of resultSources(run.graph, nodeId))
        results[source] = await this.result(run, source);
      return results;
    }
    const sql =
      this.#store.dialect === 'sqlite' ? 'run = ? and node = ?' : 'run = $1 and node = $2';
    const rows = await this.#store.read<ResultRow>('system', {
      sql: `select node, item, case when state = 6 then result end as result from tasks where ${sql} order by item`,
      parameters: [run.key, nodeId],
    });
    const parse = (row: ResultRow | undefined): Json =>
      row?.result === null || row?.result === undefined ? null : (JSON.parse(row.result) as Json);
    if (node.kind === 'map') return rows.map(parse);
    return parse(rows[0]);
  }
}

/** Whether the node, or all that a join stands for, has ended as far as this copy of the run knows. */
function isFinal({ graph, progress }: CachedRun, node: string): boolean {
  return resultSources(graph, node).every((source) => {
    const status = nodeStatus(progress, graphIndex(graph).at.get(source) ?? -1);
    return status !== 'waiting' && status !== 'queued' && status !== 'running';
  });
}

const inputs = new WeakMap<CachedRun, Json>();

/** The run's input, parsed once per cached copy. */
export function runInput(run: CachedRun): Json {
  let value = inputs.get(run);
  if (value === undefined) {
    value = JSON.parse(run.input) as Json;
    inputs.set(run, value);
  }
  return value;
}

/** The agent's input of computed fields, over the fields of the fixed one. */
function computed(
  expressions: Readonly<Record<string, string>>,
  at: { own: Json; variables: Fields },
): Json {
  const isObject = typeof at.own === 'object' && at.own !== null && !Array.isArray(at.own);
  const fields: Record<string, Json> = isObject ? { ...(at.own as Fields) } : {};
  for (const [name, text] of Object.entries(expressions))
    fields[name] = evaluateExpression(text, at.variables);
  return fields;
}

const sources = new WeakMap<GraphNode, readonly string[]>();

/** The nodes whose results a node may see: those before it and those that its expressions name. Worked out once per node object. */
function dataSources(graph: Graph, node: GraphNode): readonly string[] {
  const known = sources.get(node);
  if (known !== undefined) return known;
  const index = graphIndex(graph);
  const before = (index.before[index.at.get(node.id) ?? -1] ?? []).map(
    (at) => nodeAt(graph, at).id,
  );
  const named = expressionsOf(node).flatMap((text) => [...referencedFields(text, 'from')]);
  const direct = before.flatMap((id) => resultSources(graph, id));
  // A map's items get no `from` unless an expression asks for it: ten thousand items share what is read.
  const all = node.kind === 'map' ? named : [...direct, ...named];
  const found = [...new Set(all)].filter((id) => index.at.has(id));
  sources.set(node, found);
  return found;
}

function expressionsOf(node: GraphNode): readonly string[] {
  const when = 'when' in node && node.when !== undefined ? [node.when] : [];
  const computedInputs = 'inputs' in node ? Object.values(node.inputs ?? {}) : [];
  if (node.kind === 'decision') return [...when, ...node.choices.map((choice) => choice.when)];
  if (node.kind === 'approval') return [...when, ...Object.values(node.show ?? {})];
  const single = [
    node.kind === 'wait' ? node.until : undefined,
    node.kind === 'workflow' ? node.graphFrom : undefined,
    node.kind === 'loop' ? node.until : undefined,
  ];
  return [...when, ...computedInputs, ...single.filter((text) => text !== undefined)];
}
