// From an event of a run to the one atomic unit that applies it: advance() decides, this file words the decision as rows.
// Pure but for ids and time, which are handed in. Callers: RunKeeper.
// Tasks that are cancelled because their run ended get no end event each: the run's own event says it, once, for however many they are.

import { hiveError } from '../contract/index.ts';
import type {
  Lease,
  NewEvent,
  NewTask,
  RunState,
  SettleUnit,
  TaskChange,
  TaskId,
  TaskKey,
  TaskState,
} from '../contract/index.ts';
import type { IdSource, Random } from '../kernel/index.ts';
import { unreachable } from '../kernel/index.ts';
import { advance } from './advance.ts';
import type { RunCommand, RunEvent } from './advance.ts';
import { nodeAt } from './graph-index.ts';
import { encodeProgress } from './progress.ts';
import type { RunPhase } from './progress.ts';
import type { CachedRun } from './run-cache.ts';

export interface OpenTask {
  key: TaskKey;
  id: TaskId;
}

export interface RunChangeRequest {
  run: CachedRun;
  event: RunEvent;
  /** The task whose end causes it, with the event of its end (seq is filled in here). */
  outcome?: { change: TaskChange; events: readonly NewEvent[] };
  /** Open tasks of the run, needed when the event may end the run early. */
  open?: readonly OpenTask[];
  actor?: string;
}

export interface RunChangeContext {
  ids: IdSource;
  /** A fresh random number below 2^48. */
  token: number;
  nowMs: number;
  /** A lease for a new task when a matching slot is free here (local dispatch). */
  reserve(route: number): Lease | undefined;
}

const openStates: TaskState[] = ['blocked', 'waiting', 'ready', 'leased', 'paused', 'uncertain'];

/** Computes the unit and moves the cached copy on. Throws STALE_VERSION when the copy is behind the event. */
export function runChange(request: RunChangeRequest, context: RunChangeContext): SettleUnit {
  const { run, event } = request;
  const { state: progress, commands } = advance(run.graph, run.progress, event);
  const events: NewEvent[] = [...(request.outcome?.events ?? [])];
  const insert: NewTask[] = [];
  const also: TaskChange[] = [];
  let end: NewEvent | undefined;
  let output: string | undefined;
  for (const command of commands) {
    if (command.type === 'createTasks') insert.push(...newTasks(run, command, context));
    else if (command.type === 'cancelOpen') also.push(...cancellations(request, context.nowMs));
    else if (
      command.type === 'completeRun' &&
      event.type === 'taskEnded' &&
      command.outputNode === event.node
    )
      output = request.outcome?.change.result;
    end ??= runEnd(run, command, context.nowMs);
  }
  if (end !== undefined) events.push(end);
  if (event.type === 'start') events.unshift(runStarted(run, context.nowMs));
  const numbered = events.map((each, at) => ({ ...each, run: run.id, seq: run.seq + at + 1 }));
  const state = runStateOf(progress.phase);
  const unit: SettleUnit = {
    flushLane: run.key,
    run: {
      key: run.key,
      id: run.id,
      expectVersion: run.version,
      expectToken: run.token,
      token: context.token,
      state,
      progress: encodeProgress(progress),
      seq: run.seq + numbered.length,
      ...(output === undefined ? {} : { output }),
      ...(end?.data['error'] === undefined
        ? {}
        : {
            error: hiveError('RUN_FAILED', {
              message: endMessage(end),
            }).toRecord(),
          }),
      ...(end === undefined ? {} : { endedMs: context.nowMs }),
    },
    ...(request.outcome === undefined ? {} : { change: request.outcome.change }),
    insert,
    also,
    events: numbered,
  };
  run.version++;
  run.token = context.token;
  run.seq += numbered.length;
  run.progress = progress;
  run.state = state;
  return unit;
}

const TOKENS = 2 ** 48;

/** Which change made a version of a run: see RunChange.token. */
export function newToken(random: Random): number {
  return Math.floor(random() * TOKENS);
}

function endMessage(end: NewEvent): string {
  const { message } = end.data;
  return typeof message === 'string' ? message : 'the run failed';
}

function runStateOf(phase: RunPhase): RunState {
  switch (phase) {
    case 'new':
    case 'open':
      return 'running';
    case 'completed':
    case 'failed':
    case 'cancelled':
      return phase;
    default:
      return unreachable(phase);
  }
}

export function runStarted(
  run: Pick<CachedRun, 'tenant' | 'workflow' | 'title'>,
  nowMs: number,
): NewEvent {
  return {
    type: 'run.started',
    tenant: run.tenant,
    atMs: nowMs,
    data: { workflow: run.workflow, title: run.title },
  };
}

function runEnd(run: CachedRun, command: RunCommand, nowMs: number): NewEvent | undefined {
  const durationMs = nowMs - run.createdMs;
  switch (command.type) {
    case 'completeRun':
      return {
        type: 'run.completed',
        tenant: run.tenant,
        atMs: nowMs,
        data: { durationMs, output: command.outputNode },
      };
    case 'failRun':
      return {
        type: 'run.failed',
        tenant: run.tenant,
        atMs: nowMs,
        data: {
          durationMs,
          node: command.node,
          item: command.item,
          message: command.message,
          error: { code: 'RUN_FAILED', message: command.message },
        },
      };
    case 'cancelRun':
      return {
        type: 'run.cancelled',
        tenant: run.tenant,
        atMs: nowMs,
        data: { durationMs, reason: command.reason },
      };
    case 'createTasks':
    case 'skipNode':
    case 'cancelOpen':
      return undefined;
    default:
      return unreachable(command);
  }
}

/** The rows of a node's tasks, ready at once (decision 0004). */
export function newTasks(
  run: CachedRun,
  command: Extract<RunCommand, { type: 'createTasks' }>,
  context: RunChangeContext,
): NewTask[] {
  const node = nodeAt(run.graph, command.node);
  if (node.kind === 'join')
    throw hiveError('INTERNAL', { message: `join ${node.id} has no tasks` });
  const route = run.routes.get(node.id);
  if (route === undefined) throw hiveError('INTERNAL', { message: `node ${node.id} has no route` });
  const title = node.title ?? node.id;
  const input = JSON.stringify(node.input);
  const tasks: NewTask[] = [];
  for (let at = 0; at < (command.items ?? 1); at++) {
    const lease = context.reserve(route);
    tasks.push({
      id: context.ids.make('task'),
      tenant: run.tenant,
      project: run.project,
      run: run.id,
      node: node.id,
      ...(command.items === null ? {} : { item: at }),
      name: command.items === null ? title : `${title} [${at + 1}/${command.items}]`,
      type: node.kind,
      priority: node.priority,
      route,
      input,
      state: 'ready',
      reason: 'none',
      timeoutMs: node.timeoutMs,
      retry: node.retry as NewTask['retry'],
      createdMs: context.nowMs,
      ...(lease === undefined ? {} : { lease }),
    });
  }
  return tasks;
}

function cancellations(request: RunChangeRequest, nowMs: number): TaskChange[] {
  if (request.open === undefined)
    throw hiveError('INTERNAL', { message: 'a run ends early and its open tasks were not read' });
  const reason = request.event.type === 'cancel' ? 'user' : 'run';
  return request.open
    .filter((task) => task.key !== request.outcome?.change.key)
    .map((task) => ({
      key: task.key,
      id: task.id,
      guard: { states: openStates },
      to: 'cancelled',
      reason,
      endedMs: nowMs,
    }));
}
