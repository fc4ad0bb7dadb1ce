// The input that an agent gets: what its row holds, joined with the results of the nodes before it. Results are read when the task starts and never
// copied into rows. Owns a small cache of results that many items share.

import { hiveError } from '../contract/index.ts';
import type { ClaimedTask, Json, RunKey, Store } from '../contract/index.ts';
import { graphIndex, nodeAt } from './graph-index.ts';
import { itemsAt, resultSources } from './graph-items.ts';
import type { CachedRun, RunCache } from './run-cache.ts';

/** Results kept for the items of maps: two maps of two runs at a time is usual. */
const MAX_CACHED_RESULTS = 16;

interface ResultRow {
  node: string;
  item: number | null;
  result: string | null;
}

export class TaskInputs {
  readonly #store: Store;
  readonly #runs: RunCache;
  readonly #results = new Map<string, Promise<Json>>();

  constructor(store: Store, runs: RunCache) {
    this.#store = store;
    this.#runs = runs;
  }

  /** Input of a single task: its row. Of a graph's task: {input, from} or, for an item, {input, item, index}. */
  async resolve(task: ClaimedTask): Promise<Json> {
    const own = JSON.parse(task.input) as Json;
    if (task.runKey === null || task.node === null) return own;
    const run = await this.#runs.get(task.runKey);
    const node = nodeAt(run.graph, task.node);
    if (node.kind === 'map') {
      const list = itemsAt(await this.#sharedResult(run, node.over), node.items);
      const item = task.item === null ? undefined : list?.[task.item];
      if (item === undefined)
        throw hiveError('INTERNAL', {
          message: `item ${task.item} of node ${node.id} does not exist in the result of ${node.over}`,
        });
      return { input: own, item, index: task.item, run: run.id };
    }
    const index = graphIndex(run.graph);
    const before = (index.before[index.at.get(node.id) ?? -1] ?? []).flatMap((at) =>
      resultSources(run.graph, nodeAt(run.graph, at).id),
    );
    const from: Record<string, Json> = {};
    for (const source of new Set(before)) from[source] = await this.result(run, source);
    return { input: own, from, run: run.id };
  }

  #sharedResult(run: CachedRun, node: string): Promise<Json> {
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
  async result(run: { key: RunKey; graph: CachedRun['graph'] }, nodeId: string): Promise<Json> {
    const sql =
      this.#store.dialect === 'sqlite' ? 'run = ? and node = ?' : 'run = $1 and node = $2';
    const rows = await this.#store.read<ResultRow>('system', {
      sql: `select node, item, case when state = 6 then result end as result from tasks where ${sql} order by item`,
      parameters: [run.key, nodeId],
    });
    const parse = (row: ResultRow | undefined): Json =>
      row?.result === null || row?.result === undefined ? null : (JSON.parse(row.result) as Json);
    if (nodeAt(run.graph, nodeId).kind === 'map') return rows.map(parse);
    return parse(rows[0]);
  }
}
