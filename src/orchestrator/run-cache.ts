// The runs that this host works on, in memory: graph, version, sequence and progress, so that a settle needs no read.
// Owns: the cached copies and the order of changes from this host. The truth is the run row; its version tells when a copy is old.
// I1: a change is computed from the newest copy and moves it on at once, so that several changes of one run can be in flight in order.
// I2: when any of them is refused the copy is dropped and read again before the next change is computed.

import { hiveError } from '../contract/index.ts';
import type {
  Graph,
  ProjectKey,
  RouteKey,
  RunId,
  RunKey,
  RunRow,
  RunState,
  Store,
  TenantKey,
} from '../contract/index.ts';
import { checkGraph } from './graph-check.ts';
import { decodeProgress } from './progress.ts';
import type { RunProgress } from './progress.ts';

/** Runs kept: a copy is some kilobytes; the rest is read again when a task of it ends. */
const MAX_RUNS = 1_000;

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
  /** Changes sent and not yet answered. */
  inFlight: Set<Promise<unknown>>;
  /** Closed while a change that may end the run early reads its open tasks. */
  gate: Promise<unknown> | undefined;
}

export class RunCache {
  readonly #store: Store;
  readonly #runs = new Map<RunKey, CachedRun>();
  readonly #loading = new Map<RunKey, Promise<CachedRun>>();

  constructor(store: Store) {
    this.#store = store;
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
    if (this.#runs.get(run.key) === run) this.#runs.delete(run.key);
  }

  put(run: CachedRun): void {
    if (this.#runs.size >= MAX_RUNS) this.#evict();
    this.#runs.set(run.key, run);
  }

  #evict(): void {
    for (const [key, run] of this.#runs) {
      if (run.inFlight.size > 0) continue;
      this.#runs.delete(key);
      if (this.#runs.size < MAX_RUNS / 2) return;
    }
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
    const graph = checkGraph(JSON.parse(row.graph));
    const { routes } = await graphRoutes(this.#store, graph);
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
      inFlight: new Set(),
      gate: undefined,
    };
  }
}

/** Route keys of a graph's task nodes; routes that are new are made. */
export async function graphRoutes(
  store: Store,
  graph: Graph,
): Promise<{ routes: Map<string, RouteKey> }> {
  const nodes = graph.nodes.filter((node) => node.kind !== 'join');
  const keys = await store.routes(nodes.map((node) => node.capabilities));
  return { routes: new Map(nodes.map((node, at) => [node.id, keys[at] ?? 0])) };
}
