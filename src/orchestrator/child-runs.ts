// Child runs: what an agent's ctx.run, ctx.delegate and the workflow and loop nodes ask for (design 5.3: work that is found at run time).
//
// A child is checked like any run, inserted in the commit that suspends its parent's task, and answers that task in the commit that ends it. A request
// that cannot be granted is answered at once with the error, so that the parent's code gets it where it asked. H1: no child without its waiting
// parent, no waiting parent without its child. H2: depth and number below one root are bounded (graphLimits); the number is looked up, so hosts that ask at
// the same moment may pass it by as many as they have slots.

import {
  encodeJson,
  formatId,
  graphLimits,
  hiveError,
  idBytes,
  jsonLimits,
  runStates,
  toHiveError,
} from '../contract/index.ts';
import type {
  ChildRequest,
  ClaimedTask,
  EnqueueUnit,
  ErrorRecord,
  Graph,
  JournalStep,
  Json,
  RouteKey,
  RunId,
  RunParent,
  RunRow,
  Store,
  WaitResult,
} from '../contract/index.ts';
import type { Clock, IdSource, Random } from '../kernel/index.ts';
import { knownGraph, pinnedGraph } from './known-graphs.ts';
import { checkStart, newRun } from './new-run.ts';
import type { RunCache } from './run-cache.ts';
import { newToken } from './run-change.ts';
import { isStoreTrouble } from './store-trouble.ts';
import type { TaskInputs } from './task-input.ts';

export interface ChildRunParts {
  store: Store;
  clock: Clock;
  ids: IdSource;
  random: Random;
  cache: RunCache;
  inputs: TaskInputs;
  /** Throws CAPABILITY_UNKNOWN. */
  routesOf(graph: Graph): Promise<ReadonlyMap<string, RouteKey>>;
}

/** Child runs whose outputs are read with one query. */
const OUTPUTS_AT_ONCE = 200;

export type Child = { id: RunId; unit: EnqueueUnit } | { error: ErrorRecord };

export class ChildRuns {
  readonly #parts: ChildRunParts;

  constructor(parts: ChildRunParts) {
    this.#parts = parts;
  }

  /**
   * The unit that inserts the child, or why there is none; `siblings` are inserted with it and not yet there. Throws only when the store does not answer.
   */
  async build(task: ClaimedTask, request: ChildRequest, siblings: number): Promise<Child> {
    const { ids, clock, random } = this.#parts;
    const parent = await this.#parentOf(task, request);
    const refused = await this.#refusal(parent, siblings);
    if (refused !== undefined) return { error: refused };
    try {
      const graph = knownGraph(request.graph);
      const inputJson = encodeJson(
        request.input,
        `the input of "${request.title}"`,
        jsonLimits.bytes,
      );
      checkStart(graph, inputJson);
      const routes = await this.#parts.routesOf(graph);
      const { unit, run } = newRun(
        {
          id: ids.make('run'),
          tenant: task.tenant,
          project: task.project,
          graph,
          routes,
          title: request.title,
          inputJson,
          parent,
          isPaused: await this.isHeld(task),
        },
        { ids, token: newToken(random), nowMs: clock.now(), reserve: () => undefined },
      );
      return { id: run.id, unit };
    } catch (error) {
      if (isStoreTrouble(error)) throw error;
      return { error: toHiveError(error).toRecord() };
    }
  }

  async #parentOf(task: ClaimedTask, request: ChildRequest): Promise<RunParent> {
    const { name, occurrence } = request;
    if (task.runKey === null) return { task: task.key, name, occurrence, root: null, depth: 1 };
    const run = await this.#parts.cache.get(task.runKey);
    return {
      task: task.key,
      name,
      occurrence,
      root: run.parent === null ? run.key : (run.parent.root ?? run.key),
      depth: (run.parent?.depth ?? 0) + 1,
    };
  }

  /** Whether the task's run is paused, as its row says: the copy at hand may be older than a pause. */
  async isHeld({ runKey }: ClaimedTask): Promise<boolean> {
    if (runKey === null) return false;
    const [row] = await this.#parts.store.read<{ state: number }>('system', {
      sql: `select state from runs where key = ${runKey}`,
      parameters: [],
    });
    return Number(row?.state) === runStates.paused;
  }

  async #refusal(parent: RunParent, siblings: number): Promise<ErrorRecord | undefined> {
    if (parent.depth > graphLimits.depth) {
      return hiveError('CHILD_LIMIT', {
        message: `this child run would be ${parent.depth} levels deep; the limit is ${graphLimits.depth}`,
      }).toRecord();
    }
    const [row] = await this.#parts.store.read<{ n: number }>('system', {
      sql:
        parent.root === null
          ? `select count(*) as n from runs where parent_task = ${parent.task}`
          : `select count(*) as n from runs where root = ${parent.root}`,
      parameters: [],
    });
    const count = Number(row?.n ?? 0) + siblings;
    if (count < graphLimits.children) return undefined;
    return hiveError('CHILD_LIMIT', {
      message: `there are ${count} child runs below this run; the limit is ${graphLimits.children}`,
    }).toRecord();
  }

  /** The journal with the outputs of child runs in place: their rows only name the run. */
  async filled(journal: readonly JournalStep[]): Promise<readonly JournalStep[]> {
    const ended = journal.map(endedChild);
    const ids = [...new Set(ended.flatMap((id) => id ?? []))];
    if (ids.length === 0) return journal;
    const outputs = await this.#outputs(ids);
    return journal.map((step, at) => {
      const run = ended[at];
      if (run === undefined) return step;
      return { ...step, result: `{"status":"ok","run":"${run}","value":${outputs.get(run)}}` };
    });
  }

  /** JSON texts. A loop that resumes has all its turns before it: they are read together, without what they were given. Throws NOT_FOUND. */
  async #outputs(ids: readonly RunId[]): Promise<ReadonlyMap<RunId, string>> {
    const { store } = this.#parts;
    const outputs = new Map<RunId, string>();
    for (let from = 0; from < ids.length; from += OUTPUTS_AT_ONCE) {
      const page = ids.slice(from, from + OUTPUTS_AT_ONCE);
      const places = page.map((_, at) => (store.dialect === 'sqlite' ? '?' : `$${at + 1}`));
      const rows = await store.read<{ id: Uint8Array; output: string }>('system', {
        sql: `select id, output from runs where output is not null and id in (${places.join(', ')})`,
        parameters: page.map((id) => idBytes('run', id)),
      });
      for (const { id, output } of rows) outputs.set(formatId('run', id), output);
    }
    for (const id of ids)
      if (!outputs.has(id)) outputs.set(id, JSON.stringify(await this.output(id)));
    return outputs;
  }

  /** Result of the node that is the run's output; null while there is none. Throws NOT_FOUND. */
  async output(id: RunId): Promise<Json> {
    const [row] = await this.#parts.store.loadRuns([id]);
    if (row === undefined) throw hiveError('NOT_FOUND', { message: `there is no run ${id}` });
    return this.outputOf(row);
  }

  async outputOf(row: RunRow): Promise<Json> {
    if (row.output !== null) return JSON.parse(row.output) as Json;
    if (row.state !== 'completed') return null;
    const graph = pinnedGraph(row.graph);
    const output = graph.output ?? graph.nodes.at(-1)?.id;
    return output === undefined ? null : this.#parts.inputs.result({ key: row.key, graph }, output);
  }
}

/** The child run whose output stands for the result of a row. */
function endedChild(step: JournalStep): RunId | undefined {
  if (step.kind !== 'child' || step.result === null) return undefined;
  const result = JSON.parse(step.result) as WaitResult;
  return result.status === 'ok' ? (result.run as RunId | undefined) : undefined;
}
