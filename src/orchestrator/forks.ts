// New runs out of old ones: fork from a node or step, retry of what failed. Nothing of the old run changes (decision 0011): what is kept is copied, with its
// results and journals. A single task is put in line again by requeue.ts.
//
// How: the kept tasks are played through advance() from a fresh progress, as if they had just ended; whatever it then wants created and is not kept is the
// new run's first work. So advance() alone decides what a fork may start with, and a graph with decisions, windows and joins needs no rules of its own here.
//
// K1 A task is kept only with a result that counts (succeeded, or skipped by its own condition), and only when nothing before it is done again.
// K2 What was compensated is done again from the start: its effects were undone. K3 A fork's new tasks have new effects; a retry continues those that
// failed, so their effects keep their idempotency keys.

import { hiveError, isRunTerminal } from '../contract/index.ts';
import type {
  EnqueueUnit,
  Graph,
  Json,
  NewEvent,
  NewTask,
  RunChange,
  RunId,
  RunRow,
  Store,
  TaskCopy,
} from '../contract/index.ts';
import type { Clock, IdSource, Random } from '../kernel/index.ts';
import type { RunEvent } from './advance.ts';
import { withinLimits, withoutLimits } from './fork-limits.ts';
import { graphIndex, nodeAt } from './graph-index.ts';
import { itemCounts } from './graph-items.ts';
import { knownGraph, pinnedGraph } from './known-graphs.ts';
import type { Intake } from './intake.ts';
import { checkStart, runRow, startEvent, unbornRun } from './new-run.ts';
import type { RunStart } from './new-run.ts';
import type { CachedRun } from './run-cache.ts';
import { newToken, runChange } from './run-change.ts';
import type { By, ForkPoint, ForkRequest } from './run-verbs.ts';
import { requireState } from './verb-rows.ts';
import type { TaskFacts, VerbRows } from './verb-rows.ts';

export interface ForkParts {
  store: Store;
  clock: Clock;
  ids: IdSource;
  random: Random;
  intake: Intake;
  rows: VerbRows;
}

/** How one task of the new run comes about when advance() wants it: null = as a plain new task. */
type Remade = Pick<TaskCopy, 'from' | 'steps'> & { input?: string };

interface Plan {
  /** By name of a task (node and item). */
  kept: ReadonlyMap<string, TaskFacts>;
  remade: ReadonlyMap<string, Remade>;
}

/** A new run as it is when what is kept has happened. */
interface Played {
  run: CachedRun;
  tasks: readonly NewTask[];
  copies: readonly TaskCopy[];
  last: RunChange | undefined;
  /** It is over already. */
  end: NewEvent | undefined;
}

export class Forks {
  readonly #parts: ForkParts;

  constructor(parts: ForkParts) {
    this.#parts = parts;
  }

  /** Throws NOT_FOUND, INPUT_INVALID (no such node, item or step), and what a start throws. */
  async fork(request: ForkRequest, by: By): Promise<{ runId: RunId }> {
    const row = await this.#parts.rows.run(request.run, by.tenant);
    const graph = editedGraph(pinnedGraph(row.graph), request);
    const tasks = await this.#parts.rows.tasksOfRun(row);
    const undone = compensated(graph, tasks);
    const { node } = request.from;
    const again = new Set(
      node === undefined ? graph.nodes.map(({ id }) => id) : [...undone, ...behind(graph, node)],
    );
    const begin = tasks.find((task) => isAt(task, request.from));
    if (node !== undefined && begin === undefined) throw neverReached(row, request.from);
    const kept = new Map(
      tasks
        .filter(
          (task) => counts(task) && !(again.has(task.node ?? '') && !isSibling(task, request.from)),
        )
        .map((task) => [nameOf(task), task]),
    );
    const remade = new Map<string, Remade>();
    if (begin !== undefined) {
      const { step, occurrence = 0 } = request.from;
      remade.set(nameOf(begin), {
        from: begin.key,
        steps:
          step === undefined ? 'none' : { before: await this.#step(begin, { step, occurrence }) },
        ...(request.nodeInputJson === undefined ? {} : { input: request.nodeInputJson }),
      });
    }
    return this.#begin(
      { row, graph, inputJson: request.inputJson ?? row.input, plan: { kept, remade } },
      { by, kind: 'fork', from: request.from },
    );
  }

  /** Throws NOT_FOUND, ILLEGAL_TRANSITION. */
  async retry(run: RunId, options: By & { fresh: boolean }): Promise<{ runId: RunId }> {
    const row = await this.#parts.rows.run(run, options.tenant);
    requireState(row, ['failed', 'cancelled'], 'a retry');
    const graph = pinnedGraph(row.graph);
    const tasks = await this.#parts.rows.tasksOfRun(row);
    const undone = new Set(compensated(graph, tasks));
    const again = new Set<string>(undone);
    for (const id of undone) for (const next of behind(graph, id)) again.add(next);
    for (const task of tasks)
      if (!counts(task) && task.node !== null)
        // not the node itself: the other items of a map are kept
        for (const next of behind(graph, task.node)) if (next !== task.node) again.add(next);
    const kept = new Map<string, TaskFacts>();
    const remade = new Map<string, Remade>();
    for (const task of tasks) {
      const isAgain = again.has(task.node ?? '');
      if (counts(task) && !isAgain) kept.set(nameOf(task), task);
      else if (!undone.has(task.node ?? '') && !counts(task) && !isAsked(graph, task))
        remade.set(nameOf(task), { from: task.key, steps: options.fresh ? 'effects' : 'all' });
    }
    return this.#begin(
      { row, graph, inputJson: row.input, plan: { kept, remade } },
      { by: options, kind: 'retry', from: { fresh: options.fresh } },
    );
  }

  async #begin(
    of: { row: RunRow; graph: Graph; inputJson: string; plan: Plan },
    how: { by: By; kind: 'fork' | 'retry'; from: unknown },
  ): Promise<{ runId: RunId }> {
    const { ids, clock, intake } = this.#parts;
    const { row, graph, inputJson, plan } = of;
    checkStart(graph, inputJson);
    const start: RunStart = {
      id: ids.make('run'),
      tenant: row.tenant,
      project: row.project,
      graph,
      routes: await intake.routesOfGraph(graph),
      title: row.title,
      inputJson,
      origin: JSON.stringify({ kind: how.kind, run: row.id, from: how.from }),
    };
    const nowMs = clock.now();
    const { run, tasks, copies, last, end } = await this.#play(start, { plan, nowMs });
    // The play-through happened nowhere: the new run begins with version 0 and its first event.
    run.seq = end === undefined ? 1 : 2;
    const unit: EnqueueUnit = {
      run: runRow(start, { run, change: last }),
      tasks,
      copies,
      events: [
        {
          type: 'run.started',
          tenant: run.tenant,
          atMs: nowMs,
          run: run.id,
          seq: 1,
          data: { workflow: run.workflow, title: run.title, [how.kind]: row.id },
        },
        ...(end === undefined ? [] : [{ ...end, seq: 2 }]),
      ],
      audit: {
        tenant: row.tenant,
        atMs: nowMs,
        actor: how.by.actor,
        action: `run.${how.kind}`,
        subject: row.id,
        data: { run: run.id },
      },
    };
    const { runId } = await intake.insertRun(unit, run);
    return { runId };
  }

  /** Lets what is kept happen again on paper: what advance() then wants and is not kept is what the new run begins with. */
  async #play(start: RunStart, of: { plan: Plan; nowMs: number }): Promise<Played> {
    const { ids, random } = this.#parts;
    const { plan, nowMs } = of;
    const { graph } = start;
    const run = unbornRun({ ...start, graph: withoutLimits(graph) }, nowMs);
    const context = { ids, nowMs, reserve: () => undefined };
    let tasks: NewTask[] = [];
    let copies: TaskCopy[] = [];
    let last: RunChange | undefined;
    let end: NewEvent | undefined;
    const events: RunEvent[] = [startEvent(graph, start.inputJson)];
    for (let event = events.shift(); event !== undefined; event = events.shift()) {
      const change = runChange({ run, event }, { ...context, token: newToken(random) });
      last = change.run;
      if (change.sweep !== undefined) {
        // The run ends badly before it begins: what was open is not written at all.
        tasks = [];
        copies = copies.filter((copy) => copy.as === 'ended');
      }
      const wanted = change.insert ?? [];
      const outcomes = await this.#outcomes(wanted, { plan, graph });
      for (const task of wanted) {
        const name = nameOf({ node: task.node ?? null, item: task.item ?? null });
        const kept = plan.kept.get(name);
        const remade = plan.remade.get(name);
        if (kept !== undefined) {
          copies.push({ from: kept.key, id: task.id, as: 'ended', steps: 'all' });
          const outcome = outcomes.get(name);
          if (outcome !== undefined) events.push(outcome);
        } else if (remade !== undefined) copies.push({ ...remade, id: task.id, as: 'ready' });
        else tasks.push(task);
      }
      if (!isRunTerminal(run.state)) continue;
      end = change.events.at(-1);
      break;
    }
    run.graph = graph;
    const { progress, fresh } = withinLimits(graph, run.progress, tasks);
    run.progress = progress;
    return { run, tasks: fresh, copies, last, end };
  }

  /** What advance() is told of kept tasks: how they ended, how long the lists are that maps unfold, which way a decision went. */
  async #outcomes(
    wanted: readonly NewTask[],
    of: { plan: Plan; graph: Graph },
  ): Promise<Map<string, RunEvent>> {
    const outcomes = new Map<string, RunEvent>();
    for (const task of wanted) {
      const at = { node: task.node ?? null, item: task.item ?? null };
      const kept = of.plan.kept.get(nameOf(at));
      if (kept === undefined || at.node === null) continue;
      const isSkipped = kept.state === 'skipped';
      const needsResult = !isSkipped && needsResultOf(of.graph, at.node);
      const result = needsResult ? await this.#result(kept) : 'null';
      const items = needsResult ? itemCounts(of.graph, at.node, result) : {};
      const { taken } = needsResult
        ? ((JSON.parse(result) ?? {}) as { taken?: readonly string[] })
        : {};
      outcomes.set(nameOf(at), {
        type: 'taskEnded',
        node: at.node,
        item: at.item,
        outcome: isSkipped ? 'skipped' : 'succeeded',
        ...(Object.keys(items).length === 0 ? {} : { items }),
        ...(taken === undefined ? {} : { taken }),
      });
    }
    return outcomes;
  }

  async #result(task: TaskFacts): Promise<string> {
    const [row] = await this.#parts.rows.query<{ result: string | null }>(
      'select result from tasks where key = $1',
      [task.key],
    );
    return row?.result ?? 'null';
  }

  async #step(
    task: TaskFacts,
    of: { step: string; occurrence: number },
  ): Promise<{ name: string; occurrence: number }> {
    const rows = await this.#parts.rows.query<{ name: string; occurrence: number }>(
      'select name, occurrence from journal where task = $1 order by position',
      [task.key],
    );
    const found = rows.find(
      (row) => row.name === of.step && Number(row.occurrence) === of.occurrence,
    );
    if (found !== undefined) return { name: found.name, occurrence: Number(found.occurrence) };
    const names = [...new Set(rows.map((row) => row.name))].slice(0, 20).join(', ');
    throw hiveError('INPUT_INVALID', {
      message: `node "${task.node ?? ''}" has no step "${of.step}"${of.occurrence === 0 ? '' : ` (occurrence ${of.occurrence})`}; ${names === '' ? 'it recorded none' : `it recorded ${names}`}`,
    });
  }
}

/** Whether advance() looks into what the node gave: how long a list is, which way a decision went. The items of a map are counted already. */
function needsResultOf(graph: Graph, id: string): boolean {
  const { at, feeds } = graphIndex(graph);
  const { kind } = nodeAt(graph, id);
  return kind === 'decision' || (kind !== 'map' && (feeds[at.get(id) ?? -1] ?? []).length > 0);
}

function nameOf(task: { node: string | null; item: number | null }): string {
  return `${task.node ?? ''}#${task.item ?? ''}`;
}

/** Whether the end of a task counts as done in another run (K1). A node that went on without its result is tried anew. */
function counts(task: TaskFacts): boolean {
  return task.state === 'succeeded' || (task.state === 'skipped' && task.reason === 'branch');
}

/** An approval that was rejected or expired is asked anew: with its old answer a retry would fail at once. */
function isAsked(graph: Graph, task: TaskFacts): boolean {
  return task.node !== null && nodeAt(graph, task.node).kind === 'approval';
}

function isAt(task: TaskFacts, from: ForkPoint): boolean {
  return task.node === from.node && task.item === (from.item ?? null);
}

/** Another item of the map that a fork begins at one item of: it is kept. */
function isSibling(task: TaskFacts, from: ForkPoint): boolean {
  return from.item !== undefined && task.node === from.node && task.item !== from.item;
}

/** A node and all that depends on it. */
function behind(graph: Graph, node: string): Set<string> {
  const index = graphIndex(graph);
  const found = new Set<number>();
  const open = [index.at.get(node) ?? -1];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at < 0 || found.has(at)) continue;
    found.add(at);
    open.push(...(index.next[at] ?? []));
  }
  return new Set([...found].map((at) => nodeAt(graph, at).id));
}

/** Nodes that were undone when the run ended (K2). */
function compensated(graph: Graph, tasks: readonly TaskFacts[]): string[] {
  return tasks.flatMap((task) => {
    const node = task.node === null ? undefined : nodeAt(graph, task.node);
    return node?.kind === 'compensate' ? [node.undoes] : [];
  });
}

function editedGraph(graph: Graph, request: ForkRequest): Graph {
  const { node: id } = request.from;
  if (id !== undefined && !graphIndex(graph).at.has(id)) {
    throw hiveError('INPUT_INVALID', {
      message: `the run has no node "${id}"; it has ${graph.nodes
        .slice(0, 30)
        .map((node) => node.id)
        .join(', ')}`,
    });
  }
  if (request.nodeInputJson === undefined) return graph;
  const input = JSON.parse(request.nodeInputJson) as Json;
  return knownGraph({
    ...graph,
    nodes: graph.nodes.map((node) =>
      node.id === id && 'input' in node ? { ...node, input } : node,
    ),
  });
}

function neverReached(row: RunRow, from: ForkPoint): Error {
  const what =
    from.item === undefined ? `node "${from.node}"` : `item ${from.item} of node "${from.node}"`;
  return hiveError('INPUT_INVALID', {
    message: `${row.id} never reached ${what}; fork from a node that it reached, see \`hive run show ${row.id}\``,
  });
}
