// What comes in: single tasks, batches of tasks and runs. Checks capabilities, words the rows, hands them to the store, and starts at once what was
// inserted already leased to this host (local dispatch).
// Owns: the routes known by capability set. Does not own: slots (dispatcher), the life of a run (keeper).
// N1: nothing is accepted that no agent of this hive could do. N2: what is answered is durable.

import { hiveError, isRunTerminal } from '../contract/index.ts';
import type {
  AgentManifest,
  EnqueueUnit,
  Graph,
  Lease,
  NewAudit,
  NewTask,
  RetryPreset,
  RouteKey,
  RunId,
  Store,
  TaskId,
} from '../contract/index.ts';
import type { Clock, IdSource, Random } from '../kernel/index.ts';
import type { Dispatcher } from './dispatcher.ts';
import { knownGraph } from './known-graphs.ts';
import { checkStart, newRun } from './new-run.ts';
import { capabilitiesOf, graphRoutes } from './run-cache.ts';
import type { CachedRun } from './run-cache.ts';
import { newToken } from './run-change.ts';
import type { RunKeeper } from './run-keeper.ts';
import { unknownCapability } from './unknown-capability.ts';

export interface TaskRequest {
  id?: TaskId;
  tenant: number;
  project: number;
  name: string;
  description?: string;
  type: string;
  capabilities: readonly string[];
  /** JSON text within the limits of encodeJson. */
  inputJson: string;
  priority: number;
  timeoutMs: number;
  retry: RetryPreset;
  delayMs?: number;
  capKey?: string;
  idempotencyKey?: string;
  bodyHash?: string;
  audit?: Omit<NewAudit, 'subject' | 'atMs' | 'tenant'>;
}

export interface RunRequest {
  id?: RunId;
  tenant: number;
  project: number;
  graph: unknown;
  title: string;
  /** JSON text within the limits of encodeJson. */
  inputJson: string;
  /** Deadline of the run from now, instead of the graph's. */
  timeoutMs?: number;
  idempotencyKey?: string;
  bodyHash?: string;
  audit?: Omit<NewAudit, 'subject' | 'atMs' | 'tenant'>;
}

export interface IntakeParts {
  store: Store;
  clock: Clock;
  ids: IdSource;
  random: Random;
  dispatcher: Dispatcher;
  keeper: RunKeeper;
  manifests: readonly AgentManifest[];
  timerSet: (dueMs: number) => void;
}

export class Intake {
  readonly #parts: IntakeParts;
  readonly #routeKeys = new Map<string, RouteKey>();
  /** Of graphs that are covered. */
  readonly #graphRoutes = new WeakMap<Graph, ReadonlyMap<string, RouteKey>>();

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** Keys of capability sets; new ones are made and become known to the dispatcher. */
  async routesOf(sets: readonly (readonly string[])[]): Promise<RouteKey[]> {
    const names = sets.map((set) => [...new Set(set)].toSorted().join(' '));
    const missing = [...new Set(names.filter((name) => !this.#routeKeys.has(name)))];
    if (missing.length > 0) {
      const keys = await this.#parts.store.routes(missing.map((name) => name.split(' ')));
      for (const [at, name] of missing.entries()) this.#routeKeys.set(name, keys[at] ?? 0);
      await this.#parts.dispatcher.learnRoutes();
    }
    return names.map((name) => this.#routeKeys.get(name) ?? 0);
  }

  /** Accepts one task; durable when it resolves. Throws CAPABILITY_UNKNOWN, INPUT_*, IDEMPOTENCY_CONFLICT, STORAGE_LOW. */
  async enqueue(request: TaskRequest): Promise<{ taskId: TaskId; isDuplicate: boolean }> {
    const known = this.#routeKeys.get(
      request.capabilities.length === 1 ? (request.capabilities[0] ?? '') : '',
    );
    const route =
      known !== undefined && this.#parts.dispatcher.covers(known)
        ? known
        : await this.#routeOf(request.capabilities);
    const nowMs = this.#parts.clock.now();
    const lease = (request.delayMs ?? 0) > 0 ? undefined : this.#parts.dispatcher.reserve(route);
    const task = this.#newTask(request, {
      route,
      nowMs,
      ...(lease === undefined ? {} : { lease }),
    });
    let isStarted = false;
    try {
      const [verdict] = await this.#parts.store.core.enqueue([
        { tasks: [task], ...auditRow(request, { nowMs, subject: task.id }) },
      ]);
      if (verdict?.status === 'duplicate')
        return { taskId: verdict.id as TaskId, isDuplicate: true };
      if (verdict?.status === 'conflict') throw conflict(request.idempotencyKey, verdict.id);
      if (verdict?.status !== 'ok')
        throw hiveError('INPUT_INVALID', {
          message: verdict?.error.message ?? 'the store refused the task',
        });
      if (lease !== undefined && verdict.unleased === undefined) {
        isStarted = true;
        this.#parts.dispatcher.startLeased([{ task, key: verdict.taskKeys[0] ?? 0 }]);
      }
      if (task.dueMs !== undefined) this.#parts.timerSet(task.dueMs);
      return { taskId: task.id, isDuplicate: false };
    } finally {
      if (lease !== undefined && !isStarted) this.#parts.dispatcher.release(lease);
    }
  }

  /**
   * Accepts many tasks in one commit: all or none. Idempotency keys are not looked at here, except the first task's, which stands for the batch.
   * Throws as enqueue does.
   */
  async enqueueAll(requests: readonly TaskRequest[]): Promise<TaskId[]> {
    const first = requests[0];
    if (first === undefined) return [];
    await this.routesOf(requests.map((request) => request.capabilities));
    const nowMs = this.#parts.clock.now();
    const tasks = await Promise.all(
      requests.map(async (request) =>
        this.#newTask(request, { route: await this.#routeOf(request.capabilities), nowMs }),
      ),
    );
    const audit = auditRow(first, {
      nowMs,
      subject: `${tasks.length} tasks from ${tasks[0]?.id ?? ''}`,
    });
    const [verdict] = await this.#parts.store.core.enqueue([{ tasks, ...audit }]);
    // A batch has no single answer to give back, so a key that was used before is a conflict in any case.
    if (verdict?.status === 'conflict' || verdict?.status === 'duplicate')
      throw conflict(first.idempotencyKey, verdict.id);
    if (verdict?.status === 'invalid')
      throw hiveError('INPUT_INVALID', { message: verdict.error.message });
    for (const task of tasks) if (task.dueMs !== undefined) this.#parts.timerSet(task.dueMs);
    return tasks.map((task) => task.id);
  }

  /** Key of the route; throws CAPABILITY_UNKNOWN when no agent of this host covers it. */
  async #routeOf(capabilities: readonly string[]): Promise<RouteKey> {
    const name =
      capabilities.length === 1
        ? (capabilities[0] ?? '')
        : [...new Set(capabilities)].toSorted().join(' ');
    const route = this.#routeKeys.get(name) ?? (await this.routesOf([capabilities]))[0] ?? 0;
    if (!this.#parts.dispatcher.covers(route))
      throw unknownCapability({ capabilities, manifests: this.#parts.manifests });
    return route;
  }

  #newTask(request: TaskRequest, at: { route: RouteKey; nowMs: number; lease?: Lease }): NewTask {
    const delayMs = request.delayMs ?? 0;
    return {
      id: request.id ?? this.#parts.ids.make('task'),
      tenant: request.tenant,
      project: request.project,
      name: request.name,
      type: request.type,
      priority: request.priority,
      route: at.route,
      input: request.inputJson,
      state: delayMs > 0 ? 'waiting' : 'ready',
      reason: delayMs > 0 ? 'delay' : 'none',
      timeoutMs: request.timeoutMs,
      retry: request.retry,
      createdMs: at.nowMs,
      ...(request.description === undefined ? {} : { description: request.description }),
      ...(delayMs > 0 ? { dueMs: at.nowMs + delayMs } : {}),
      ...(request.capKey === undefined ? {} : { capKey: request.capKey }),
      ...(request.idempotencyKey === undefined ? {} : { idempotencyKey: request.idempotencyKey }),
      ...(request.bodyHash === undefined ? {} : { bodyHash: request.bodyHash }),
      ...(at.lease === undefined ? {} : { lease: at.lease }),
    };
  }

  /**
   * The routes of a graph's nodes. Throws CAPABILITY_UNKNOWN when no agent of this hive covers one of them: nothing of it is started then.
   */
  async routesOfGraph(graph: Graph): Promise<ReadonlyMap<string, RouteKey>> {
    const known = this.#graphRoutes.get(graph);
    if (known !== undefined) return known;
    const routes = await graphRoutes(graph, (sets) => this.routesOf(sets));
    for (const node of graph.nodes) {
      const route = routes.get(node.id);
      if (route !== undefined && !this.#parts.dispatcher.covers(route))
        throw unknownCapability({
          capabilities: capabilitiesOf(node) ?? [],
          manifests: this.#parts.manifests,
          node: node.id,
        });
    }
    this.#graphRoutes.set(graph, routes);
    return routes;
  }

  /**
   * Accepts a run of a graph; durable when it resolves. Throws GRAPH_INVALID, FEATURE_MISSING, CAPABILITY_UNKNOWN, INPUT_*, IDEMPOTENCY_CONFLICT,
   * STORAGE_LOW.
   */
  async startRun(request: RunRequest): Promise<{ runId: RunId; isDuplicate: boolean }> {
    const { ids, clock, random } = this.#parts;
    const graph = knownGraph(request.graph);
    checkStart(graph, request.inputJson);
    const routes = await this.routesOfGraph(graph);
    const nowMs = clock.now();
    const { graph: _graph, id, timeoutMs, audit: _audit, ...rest } = request;
    const { unit, run } = newRun(
      {
        ...rest,
        id: id ?? ids.make('run'),
        graph,
        routes,
        ...(timeoutMs === undefined ? {} : { deadlineMs: nowMs + timeoutMs }),
      },
      {
        ids,
        token: newToken(random),
        nowMs,
        reserve: (route) => this.#parts.dispatcher.reserve(route),
      },
    );
    return this.insertRun({ ...unit, ...auditRow(request, { nowMs, subject: run.id }) }, run);
  }

  /** Inserts a run and starts what was inserted already leased. Throws as startRun. */
  async insertRun(
    unit: EnqueueUnit,
    run: CachedRun,
  ): Promise<{ runId: RunId; isDuplicate: boolean }> {
    const { store, dispatcher, keeper } = this.#parts;
    let isStarted = false;
    try {
      const [verdict] = await store.core.enqueue([unit]);
      if (verdict?.status === 'duplicate') return { runId: verdict.id as RunId, isDuplicate: true };
      if (verdict?.status === 'conflict') throw conflict(unit.run?.idempotencyKey, verdict.id);
      if (verdict?.status !== 'ok')
        throw hiveError('INPUT_INVALID', {
          message: verdict?.error.message ?? 'the store refused the run',
        });
      if (verdict.runKey === null) return { runId: run.id, isDuplicate: false };
      const known = { ...run, key: verdict.runKey, version: 0 };
      if (!isRunTerminal(known.state)) keeper.cache.put(known);
      isStarted = true;
      keeper.begun(known, {
        inserted: unit.tasks,
        taskKeys: verdict.taskKeys,
        unleased: new Set(verdict.unleased),
      });
      return { runId: run.id, isDuplicate: false };
    } finally {
      if (!isStarted)
        for (const task of unit.tasks) if (task.lease !== undefined) dispatcher.release(task.lease);
    }
  }
}

function auditRow(
  request: Pick<TaskRequest, 'audit' | 'tenant'>,
  at: { nowMs: number; subject: string },
): { audit?: NewAudit } {
  return request.audit === undefined
    ? {}
    : { audit: { ...request.audit, tenant: request.tenant, atMs: at.nowMs, subject: at.subject } };
}

function conflict(key: string | undefined, id: string): Error {
  return hiveError('IDEMPOTENCY_CONFLICT', {
    message: `idempotency key "${key ?? ''}" was used for ${id} with another body`,
    details: { id },
  });
}
