// From an event of a run to the one atomic unit that applies it: advance() decides, this file words the decision as rows.
// Pure but for ids and time, which are handed in. Callers: RunKeeper.
// Tasks that are cancelled because their run ended get no end event each: the run's own event says it, once, for however many they are.

import { hiveError, openStates } from '../contract/index.ts';
import type {
  ErrorRecord,
  NewEvent,
  NewTask,
  RunState,
  RunSweep,
  SettleUnit,
  TaskChange,
  TaskState,
  WaitAnswer,
  WaitResult,
} from '../contract/index.ts';
import type { Random } from '../kernel/index.ts';
import { unreachable } from '../kernel/index.ts';
import { advance } from './advance.ts';
import type { RunCommand, RunEvent } from './advance.ts';
import { encodeProgress } from './progress-text.ts';
import type { FailureCode, RunPhase, RunProgress } from './progress.ts';
import type { CachedRun } from './run-cache.ts';
import { newTasks } from './run-tasks.ts';
import type { RunChangeContext } from './run-tasks.ts';

/** What a person does to a whole run; advance() knows nothing of it, because no node changes. */
export type HoldEvent = { type: 'pause'; by: string } | { type: 'resume'; by: string };

export interface RunChangeRequest {
  run: CachedRun;
  event: RunEvent | HoldEvent;
  /** The task whose end causes it, with the event of its end (seq is filled in here). */
  outcome?: { change: TaskChange; events: readonly NewEvent[] };
}

/** States that a pause stops; leased tasks go on to their next boundary under the hold mark (S11), uncertain ones wait for a person anyway. */
const pausableStates: TaskState[] = ['blocked', 'waiting', 'ready'];

/** Computes the unit and moves the cached copy on. Throws STALE_VERSION when the copy is behind the event. */
export function runChange(request: RunChangeRequest, context: RunChangeContext): SettleUnit {
  const { event } = request;
  return event.type === 'pause' || event.type === 'resume'
    ? hold(request.run, event, context)
    : advanced({ ...request, event }, context);
}

function advanced(
  request: RunChangeRequest & { event: RunEvent },
  context: RunChangeContext,
): SettleUnit {
  const { run, event } = request;
  const { state: progress, commands } = advance(run.graph, run.progress, event);
  // What ends a paused run also ends its pause: undoing would wait for a resumption that nobody thinks of. It can be paused again.
  if (commands.some((command) => command.type === 'beginCompensation')) run.state = 'running';
  const events: NewEvent[] = [...(request.outcome?.events ?? [])];
  const insert: NewTask[] = [];
  let sweep: RunSweep | undefined;
  let end: NewEvent | undefined;
  let output: string | undefined;
  for (const command of commands) {
    if (command.type === 'createTasks') insert.push(...newTasks(run, command, context));
    else if (command.type === 'cancelOpen') sweep = cancellation(request, context.nowMs);
    else if (command.type === 'beginCompensation') events.push(compensating(run, command, context));
    else if (
      command.type === 'completeRun' &&
      event.type === 'taskEnded' &&
      command.outputNode === event.node &&
      event.item === null
    )
      output = request.outcome?.change.result;
    end ??= runEnd(run, command, context.nowMs);
  }
  if (end !== undefined) events.push(end);
  if (event.type === 'start') events.unshift(runStarted(run, context.nowMs));
  const error = end === undefined ? undefined : errorOf(request, end);
  const unit = changed(run, context, {
    progress,
    state: runStateOf(progress.phase, run.state),
    events,
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
    ...(end === undefined ? {} : { endedMs: context.nowMs }),
  });
  const answer = end === undefined ? undefined : parentAnswer(run, { end, error }, context.nowMs);
  return {
    ...unit,
    ...(request.outcome === undefined ? {} : { change: request.outcome.change }),
    insert,
    ...(sweep === undefined ? {} : { sweep }),
    ...(answer === undefined ? {} : { answers: [answer] }),
  };
}

/** Pause and resume: the run's state, a sweep over its tasks, an event. */
function hold(run: CachedRun, event: HoldEvent, context: RunChangeContext): SettleUnit {
  const isPause = event.type === 'pause';
  if (run.state !== (isPause ? 'running' : 'paused')) {
    throw hiveError('ILLEGAL_TRANSITION', {
      message: `${run.id} is ${run.state}; only a ${isPause ? 'running' : 'paused'} run can be ${isPause ? 'paused' : 'resumed'}`,
    });
  }
  const unit = changed(run, context, {
    progress: run.progress,
    state: isPause ? 'paused' : 'running',
    events: [
      {
        type: isPause ? 'run.paused' : 'run.resumed',
        tenant: run.tenant,
        atMs: context.nowMs,
        data: { by: event.by },
      },
    ],
  });
  const sweep: RunSweep = isPause
    ? { run: run.key, from: pausableStates, to: 'paused', reason: 'run', hold: 1 }
    : { run: run.key, from: ['paused'], to: 'ready', reason: 'none', onlyReason: 'run', hold: 0 };
  return { ...unit, sweep };
}

interface Next {
  progress: RunProgress;
  state: RunState;
  events: readonly NewEvent[];
  output?: string;
  error?: ErrorRecord;
  endedMs?: number;
}

/** The run's part of a unit, and the cached copy moved on to it. */
function changed(run: CachedRun, context: RunChangeContext, next: Next): SettleUnit {
  const { progress, state, events, ...rest } = next;
  const numbered = events.map((each, at) => ({ ...each, run: run.id, seq: run.seq + at + 1 }));
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
      ...rest,
    },
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

function runStateOf(phase: RunPhase, before: RunState): RunState {
  switch (phase) {
    case 'new':
    case 'open':
    case 'compensating':
      return before === 'paused' ? 'paused' : 'running';
    case 'completed':
    case 'failed':
    case 'cancelled':
      return phase;
    default:
      return unreachable(phase);
  }
}

/** The error of a run that failed, as its row keeps it. */
function errorOf(request: RunChangeRequest, end: NewEvent): ErrorRecord | undefined {
  const {
    error,
    node = null,
    item = null,
  } = end.data as {
    error?: { code: FailureCode; message: string };
    node?: string | null;
    item?: number | null;
  };
  if (error === undefined) return undefined;
  const cause = request.outcome?.change.error;
  return hiveError(error.code, {
    message: cause === undefined ? error.message : `${error.message}: ${cause.message}`,
    details: {
      run: request.run.id,
      node,
      item,
      ...(cause === undefined ? {} : { cause: { code: cause.code, message: cause.message } }),
    },
  }).toRecord();
}

/** What the end of a child run tells the task that waits for it. The output stays in the child's rows; the waiting task reads it when it resumes. */
function parentAnswer(
  run: CachedRun,
  how: { end: NewEvent; error: ErrorRecord | undefined },
  nowMs: number,
): WaitAnswer | undefined {
  if (run.parent === null) return undefined;
  const { task, name, occurrence } = run.parent;
  const result: WaitResult =
    how.end.type === 'run.completed'
      ? { status: 'ok', run: run.id }
      : {
          status: 'failed',
          error:
            how.error ??
            hiveError('CHILD_FAILED', {
              message: `the child run ${run.id} was cancelled`,
              details: { run: run.id },
            }).toRecord(),
        };
  return {
    task,
    name,
    occurrence,
    subject: run.id,
    result: JSON.stringify(result),
    atMs: nowMs,
  };
}

function compensating(
  run: CachedRun,
  command: Extract<RunCommand, { type: 'beginCompensation' }>,
  context: RunChangeContext,
): NewEvent {
  const { end, message } = command;
  return {
    type: 'run.compensating',
    tenant: run.tenant,
    atMs: context.nowMs,
    data: { end, message },
  };
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
          error: { code: command.code, message: command.message },
        },
      };
    case 'cancelRun':
      return {
        type: 'run.cancelled',
        tenant: run.tenant,
        atMs: nowMs,
        data: {
          durationMs,
          reason: command.reason,
          ...(command.error === null ? {} : { error: command.error }),
        },
      };
    case 'createTasks':
    case 'skipNode':
    case 'beginCompensation':
    case 'cancelOpen':
      return undefined;
    default:
      return unreachable(command);
  }
}

function cancellation(request: RunChangeRequest, nowMs: number): RunSweep {
  return {
    run: request.run.key,
    from: openStates,
    to: 'cancelled',
    reason: request.event.type === 'cancel' ? 'user' : 'run',
    endedMs: nowMs,
    ...(request.outcome === undefined ? {} : { except: request.outcome.change.key }),
  };
}
