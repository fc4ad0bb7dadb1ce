// A run that begins: from a checked graph to the unit that inserts it with its first tasks. Used by starts, child runs, forks and retries.
// N1: nothing is accepted that no agent of this hive could do, or whose rooms do not exist yet.

import { hiveError, missingRooms, schemaMismatches } from '../contract/index.ts';
import type {
  EnqueueUnit,
  Graph,
  Json,
  NewRun,
  RouteKey,
  RunChange,
  RunId,
  RunParent,
} from '../contract/index.ts';
import type { RunEvent } from './advance.ts';
import { missingRoomOf } from './graph-check.ts';
import { inputItemCounts } from './graph-items.ts';
import { graphText } from './known-graphs.ts';
import { newProgress } from './progress.ts';
import { encodeProgress } from './progress-text.ts';
import type { CachedRun } from './run-cache.ts';
import { runChange } from './run-change.ts';
import type { RunChangeContext } from './run-tasks.ts';

export interface RunStart {
  id: RunId;
  tenant: number;
  project: number;
  graph: Graph;
  routes: ReadonlyMap<string, RouteKey>;
  title: string;
  /** JSON text within the limits of encodeJson. */
  inputJson: string;
  parent?: RunParent;
  /** A child of a run that is paused waits for its resumption too. */
  isPaused?: boolean;
  /** JSON text, see NewRun.origin. */
  origin?: string;
  deadlineMs?: number;
  idempotencyKey?: string;
  bodyHash?: string;
}

/** Throws FEATURE_MISSING (a node kind whose room does not exist yet), INPUT_INVALID (the input does not match the graph's schema). */
export function checkStart(graph: Graph, inputJson: string): void {
  const missing = missingRoomOf(graph);
  if (missing !== null) {
    throw hiveError('FEATURE_MISSING', {
      message: `node "${missing.node}" is of kind ${missing.kind} and needs the room "${missing.room}", which this version does not have`,
      details: { node: missing.node, kind: missing.kind, room: missing.room, rooms: missingRooms },
    });
  }
  if (graph.input === undefined) return;
  const problems = schemaMismatches(graph.input, JSON.parse(inputJson) as Json);
  if (problems.length > 0) {
    throw hiveError('INPUT_INVALID', {
      message: `the input of workflow "${graph.name}" is not valid: ${problems.join('; ')}`,
      details: { problems },
    });
  }
}

/** A run before its first event; key and version are the store's to give. */
export function unbornRun(start: RunStart, nowMs: number): CachedRun {
  return {
    key: 0,
    id: start.id,
    tenant: start.tenant,
    project: start.project,
    graph: start.graph,
    routes: start.routes,
    input: start.inputJson,
    title: start.title,
    workflow: start.graph.name,
    createdMs: nowMs,
    startedMs: nowMs,
    version: 0,
    token: 0, // set by the first change
    seq: 0,
    state: start.isPaused === true ? 'paused' : 'running',
    progress: newProgress(start.graph),
    parent: start.parent ?? null,
    inFlight: 0,
    results: new Map(),
  };
}

/** The event that begins a run: it carries how long the lists in the run's input are that map nodes unfold. */
export function startEvent(graph: Graph, inputJson: string): RunEvent {
  const items = inputItemCounts(graph, inputJson);
  return Object.keys(items).length === 0 ? { type: 'start' } : { type: 'start', items };
}

/** The unit, and the run as it is after it. */
export function newRun(
  start: RunStart,
  context: RunChangeContext,
): { unit: EnqueueUnit; run: CachedRun } {
  const run = unbornRun(start, context.nowMs);
  const first = runChange({ run, event: startEvent(start.graph, start.inputJson) }, context);
  return {
    unit: {
      run: runRow(start, { run, change: first.run }),
      tasks: first.insert ?? [],
      events: first.events,
    },
    run,
  };
}

/** The row of a run as it is after its first changes; `change` is the last of them. */
export function runRow(
  start: RunStart,
  of: { run: CachedRun; change: RunChange | undefined },
): NewRun {
  const { run, change } = of;
  const timeoutMs = start.graph.timeoutMs;
  const deadlineMs =
    start.deadlineMs ?? (timeoutMs === undefined ? undefined : run.createdMs + timeoutMs);
  return {
    id: run.id,
    token: run.token,
    tenant: run.tenant,
    project: run.project,
    workflow: run.workflow,
    title: run.title,
    graph: graphText(start.graph),
    state: run.state,
    progress: encodeProgress(run.progress),
    input: start.inputJson,
    createdMs: run.createdMs,
    ...(change?.endedMs === undefined ? {} : { ended: endedPart(change, change.endedMs) }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(start.parent === undefined ? {} : { parent: start.parent }),
    ...(start.origin === undefined ? {} : { origin: start.origin }),
    ...(start.idempotencyKey === undefined ? {} : { idempotencyKey: start.idempotencyKey }),
    ...(start.bodyHash === undefined ? {} : { bodyHash: start.bodyHash }),
  };
}

function endedPart(change: RunChange, atMs: number): NonNullable<NewRun['ended']> {
  const { output, error } = change;
  return {
    atMs,
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
  };
}
