/**
 * What happened in a run since a cursor, waiting for something new (a long poll). Durable events are the history,
 * signals are extras, and the run's view is always present: a watcher that missed something is right again with
 * the next answer.
 */
import { hiveError, isRunTerminal, operationLimits, parseId } from '../contract/index.ts';
import type { EventView, HiveEvent, OperationOutput, RunId, RunView } from '../contract/index.ts';
import { canonicalHash } from './canonical-hash.ts';
import { openInbox } from './change-inbox.ts';
import type { ChangeInbox } from './change-inbox.ts';
import { toEventView } from './event-view.ts';
import { defineOperation } from './operation.ts';
import type { OperationContext } from './operation.ts';
import { locateRun, readRun } from './run-reads.ts';
import type { RunTarget } from './run-reads.ts';

/** Watchers at once on one host: each holds a listener and a timer. */
const MAX_WATCHERS = 1_000;
let watchers = 0;

type Answer = OperationOutput<'run.watch'>;

export const runWatch = defineOperation('run.watch', {
  summary: 'Follow a run: events since a cursor, waiting for new ones',
  permission: 'run:read',
  handler: async (context, { id, cursor, heard, mark, waitMs }) => {
    const target = await locateRun(context, id);
    const runId = parseId('run', id);
    if (watchers >= MAX_WATCHERS) {
      throw hiveError('QUEUE_FULL', { message: `${MAX_WATCHERS} watchers are connected` });
    }
    watchers++;
    const inbox = openInbox({
      hive: context.hive,
      clock: context.clock,
      isMine: concerns(id),
      signal: context.signal,
      heard,
    });
    try {
      const from = cursor === 'head' ? await context.hive.store.events.head() : (cursor ?? null);
      const watch = { context, target, runId, from };
      const deadline = context.clock.mono() + waitMs;
      for (;;) {
        const answer = await look(watch, inbox);
        const leftMs = deadline - context.clock.mono();
        const isNews =
          answer.events.length > 0 ||
          answer.signals.length > 0 ||
          answer.isOver ||
          (mark !== undefined && answer.mark !== mark);
        if (isNews || leftMs <= 0 || context.signal?.aborted === true) return answer;
        await inbox.changed(leftMs);
      }
    } finally {
      inbox.close();
      watchers--;
    }
  },
});

/** Signals of a single task may carry only its task id. */
function concerns(runId: string): (signal: HiveEvent) => boolean {
  const taskId = runId.replace(/^run_/, 'tsk_');
  return (signal) => signal.runId === runId || signal.taskId === taskId;
}

interface Watch {
  context: OperationContext;
  target: RunTarget;
  runId: RunId;
  from: string | null;
}

/**
 * Signals are taken before the run is read, so that whoever is told of a change sees it in the run too; the run is read before its events: when it is
 * over, all of them are there to be read.
 */
async function look(watch: Watch, inbox: ChangeInbox): Promise<Answer> {
  const { context, target, runId, from } = watch;
  const { signals, heard } = inbox.signals();
  const run = await readRun(context, target);
  const limit = operationLimits.pageSize;
  const { tenant } = context.principal;
  const events =
    target.kind === 'single'
      ? []
      : await context.hive.store.events.after({ cursor: from, tenant, run: runId, limit });
  const isOver = isRunTerminal(run.state) && events.length < limit;
  return {
    run,
    events: target.kind === 'single' && isOver ? [endOfSingle(run)] : events.map(toEventView),
    signals: signals.map(toEventView),
    heard,
    mark: markOf(run),
    cursor: events.at(-1)?.cursor ?? from,
    isOver,
  };
}

/** Of what a run waits for: approvals and waits leave no durable event, and signals of other hosts do not come here. */
function markOf({ state, version, approvals, waiting }: RunView): string {
  const waits = waiting.map(({ task, waits: open }) => [task.id, task.state, open.length]);
  return canonicalHash([state, version, approvals.map(({ id }) => id), waits]).slice(0, 16);
}

/** A single task's row is the record of its end; a watcher gets it as the event it stands for. */
function endOfSingle(run: RunView): EventView {
  const type = { completed: 'task.completed', failed: 'task.failed' }[run.state as string];
  return {
    type: type ?? 'task.cancelled',
    cursor: null,
    atMs: run.endedMs ?? run.createdMs,
    runId: run.id,
    taskId: run.id.replace(/^run_/, 'tsk_'),
    seq: null,
    data: {
      createdMs: run.createdMs,
      startedMs: run.startedMs,
      endedMs: run.endedMs ?? run.createdMs,
      ...(run.error === null ? {} : { error: run.error }),
    },
  };
}
