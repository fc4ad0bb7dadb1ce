// The runs that this host works on, in memory: graph, version, sequence and progress, so that a settle needs no read.
// Owns: the cached copies and the order of changes from this host. The truth is the run row; its version tells when a copy is old.
// I1: a change is computed from the newest copy and moves it on at once, so that several changes of one run can be in flight in order.
// I2: when any of them is refused the copy is dropped and read again before the next change is computed.

import { FLOW_CAPABILITY, hiveError } from '../contract/index.ts';
import type {
  Graph,
  GraphNode,
  ProjectKey,
  RouteKey,
  RunId,
  RunKey,
  RunParent,
  RunRow,
  RunState,
  Store,
  TenantKey,
} from '../contract/index.ts';
import { unreachable } from '../kernel/index.ts';
import { pinnedGraph } from './known-graphs.ts';
import { decodeProgress } from './progress-text.ts';
import type { RunProgress } from './progress.ts';

/** Runs kept: a copy is some kilobytes; the rest is read again when a task of it ends. */
const MAX_RUNS = 1_000;
/** Of all inputs kept: one may be as large as a payload. */
const MAX_INPUT_CHARS = 64 * 1_048_576;

export interface CachedRun {
  key: RunKey;
  id: RunId;
  tenant: TenantKey;
  project: ProjectKey;
  graph: Graph;
  /** Route of each task node, by node id. */
  routes: ReadonlyMap<string, RouteKey>;
  input: string;
  title: string;
  workflow: string;
  createdMs: number;
  startedMs: number | null;
  version: number;
  /** Of the change that made this version. */
  token: number;
  seq: number;
  state: RunState;
  progress: RunProgress;
  /** Of a child run: whom its end answers. */
  parent: RunParent | null;
  /** Changes sent and not yet answered: such a copy is not evicted. */
  inFlight: number;
  /** JSON text of results that were settled here, by node: those behind them need no read. */
  results: Map<string, string>;
}

/** Keys of capability sets, in order; new ones are made. */
export type RoutesOf = (sets: readonly (readonly string[])[]) => Promise<RouteKey[]>;

export class RunCache {
  readonly #store: Store;
  readonly #runs = new Map<RunKey, CachedRun>();
  readonly #loading = new Map<RunKey, Promise<CachedRun>>();
  #inputChars = 0;

  readonly #routesOf: RoutesOf;
  readonly #routes = new WeakMap<Graph, ReadonlyMap<string, RouteKey>>();

  constructor(store: Store, routesOf: RoutesOf) {
    this.#store = store;
    this.#routesOf = routesOf;
  }

  /** The copy at hand, without reading. */
  peek(key: RunKey): CachedRun | undefined {
    return this.#runs.get(key);
  }

  async get(key: RunKey): Promise<CachedRun> {
    const known = this.#runs.get(key);
    if (known !== undefined) return known;
    let loading = this.#loading.get(key);
    if (loading === undefined) {
      loading = this.#load(key).finally(() => this.#loading.delete(key));
      this.#loading.set(key, loading);
    }
    return loading;
  }

  drop(run: CachedRun): void {
    if (this.#runs.get(run.key) === run) this.#delete(run);
  }

  put(run: CachedRun): void {
    const before = this.#runs.get(run.key);
    if (before !== undefined) this.#delete(before);
    const isFull =
      this.#runs.size >= MAX_RUNS || this.#inputChars + run.input.length > MAX_INPUT_CHARS;
    if (isFull) this.#evict();
    this.#runs.set(run.key, run);
    this.#inputChars += run.input.length;
  }

  #evict(): void {
    for (const run of this.#runs.values()) {
      if (this.#runs.size < MAX_RUNS / 2 && this.#inputChars < MAX_INPUT_CHARS / 2) return;
      if (run.inFlight === 0) this.#delete(run);
    }
  }

  #delete(run: CachedRun): void {
    this.#runs.delete(run.key);
    this.#inputChars -= run.input.length;
  }

  async #load(key: RunKey): Promise<CachedRun> {
    const [row] = await this.#store.loadRuns([key]);
    if (row === undefined)
      throw hiveError('NOT_FOUND', { message: `run row ${key} does not exist` });
    const run = await this.fromRow(row);
    this.put(run);
    return run;
  }

  async fromRow(row: RunRow): Promise<CachedRun> {
    const graph = pinnedGraph(row.graph);
    const routes = this.#routes.get(graph) ?? (await graphRoutes(graph, this.#routesOf));
    this.#routes.set(graph, routes);
    return {
      key: row.key,
      id: row.id,
      tenant: row.tenant,
      project: row.project,
      graph,
      routes,
      input: row.input,
      title: row.title,
      workflow: row.workflow,
      createdMs: row.createdMs,
      startedMs: row.startedMs,
      version: row.version,
      token: row.token,
      seq: row.seq,
      state: row.state,
      progress: decodeProgress(row.progress),
      parent: row.parent,
      inFlight: 0,
      results: new Map(),
    };
  }
}

/** What the tasks of a node need; null for a node without tasks. */
export function capabilitiesOf(node: GraphNode): readonly string[] | null {
  switch (node.kind) {
    case 'agent':
    case 'map':
    case 'compensate':
      return node.capabilities;
    case 'decision':
    case 'approval':
    case 'wait':
    case 'workflow':
    case 'loop':
      return [FLOW_CAPABILITY];
    case 'join':
    case 'command':
    case 'gate':
    case 'knowledge':
      return null;
    default:
      return unreachable(node);
  }
}

/** Route keys of a graph's task nodes, by node. */
export async function graphRoutes(
  graph: Graph,
  routesOf: RoutesOf,
): Promise<Map<string, RouteKey>> {
  const needs = graph.nodes.flatMap((node) => {
    const capabilities = capabilitiesOf(node);
    return capabilities === null ? [] : [{ id: node.id, capabilities }];
  });
  const keys = await routesOf(needs.map((need) => need.capabilities));
  return new Map(needs.map((need, at) => [need.id, keys[at] ?? 0]));
}

/** A result over this is read when it is needed: the copies of a thousand runs must stay small. */
const MAX_RESULT_CHARS = 4_096;
const MAX_RESULTS = 8;

/** Keeps the result of a node that was settled here. */
export function rememberResult(run: CachedRun, node: string, result: string): void {
  if (result.length > MAX_RESULT_CHARS) return;
  const oldest = run.results.size >= MAX_RESULTS ? run.results.keys().next().value : undefined;
  if (oldest !== undefined) run.results.delete(oldest);
  run.results.set(node, result);
}
