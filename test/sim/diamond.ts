// The runs of the simulation: a and b in parallel, then c, which joins them. Written as an advance() of its own, small enough to be plainly right,
// so that what fails is the store. The last of a and b to finish inserts c; two that finish at once must not lose it (I5, lost joins).

import { formatId, idBytes } from '../../src/contract/index.ts';
import type {
  ClaimedTask,
  NewEvent,
  NewRun,
  NewTask,
  RunId,
  SettleUnit,
  TaskChange,
  TaskState,
} from '../../src/contract/index.ts';
import { isTerminal, runStateName, taskStateName } from '../../src/contract/index.ts';
import type { IdSource } from '../../src/kernel/index.ts';
import type { SimStore } from './sim-store.ts';

export interface TaskMaker {
  ids: IdSource;
  route: number;
  nowMs: () => number;
  /** Tells one change of a run from every other. */
  token: () => number;
}

export function newTask(make: TaskMaker, over: Partial<NewTask> = {}): NewTask {
  return {
    id: make.ids.make('task'),
    tenant: 1,
    project: 1,
    name: 'sim',
    type: 'sim',
    priority: 0,
    route: make.route,
    input: 'null',
    state: 'ready',
    reason: 'none',
    timeoutMs: 60_000,
    retry: 'default',
    createdMs: make.nowMs(),
    ...over,
  };
}

const event = (
  run: RunId,
  seq: number,
  over: Pick<NewEvent, 'type' | 'atMs' | 'data'>,
): NewEvent => ({ tenant: 1, run, seq, ...over });

export function newDiamond(make: TaskMaker): { run: NewRun; tasks: NewTask[]; events: NewEvent[] } {
  const id = make.ids.make('run');
  const atMs = make.nowMs();
  return {
    run: {
      id,
      tenant: 1,
      project: 1,
      workflow: 'diamond',
      title: 'diamond',
      graph: '{}',
      state: 'running',
      progress: '{"done":[]}',
      input: 'null',
      createdMs: atMs,
      token: make.token(),
    },
    tasks: ['a', 'b'].map((node) => newTask(make, { run: id, node })),
    events: [
      event(id, 1, { type: 'run.started', atMs, data: { workflow: 'diamond', title: 'diamond' } }),
    ],
  };
}

interface RunState {
  version: number;
  token: number;
  seq: number;
  state: number;
  progress: string;
}

/** What an outcome of a run's task means for the run, computed from the row as it is now. Null when the run needs nothing. */
export function advanceDiamond(
  store: SimStore,
  make: TaskMaker,
  outcome: { task: ClaimedTask; change: TaskChange },
): SettleUnit | null {
  const { task, change } = outcome;
  if (task.runKey === null || task.runId === null) {
    const isEnd = isTerminal(change.to);
    const type = change.to === 'succeeded' ? 'task.completed' : 'task.failed';
    return {
      flushLane: 0,
      change,
      events: isEnd
        ? [
            {
              type,
              tenant: 1,
              atMs: make.nowMs(),
              task: task.id,
              data: { agent: change.agent ?? null },
            },
          ]
        : [],
    };
  }
  const [row] = store.all<RunState>(
    'select version, token, seq, state, progress from runs where key = ?',
    task.runKey,
  );
  if (row === undefined) throw new Error(`run ${task.runKey} is not there`);
  if (runStateName(row.state) !== 'running' || !isTerminal(change.to))
    return { flushLane: task.runKey, change, events: [] };
  const { done } = JSON.parse(row.progress) as { done: string[] };
  if (done.includes(task.node ?? '')) return null; // an earlier answer was lost: it is all written
  const atMs = make.nowMs();
  const isGood = change.to === 'succeeded';
  const after = isGood ? [...done, task.node ?? ''] : done;
  const isOver = !isGood || task.node === 'c';
  const events = [
    event(task.runId, row.seq + 1, {
      type: isGood ? 'task.completed' : 'task.failed',
      atMs,
      data: { node: task.node },
    }),
  ];
  if (isOver)
    events.push(
      event(task.runId, row.seq + 2, {
        type: isGood ? 'run.completed' : 'run.failed',
        atMs,
        data: { durationMs: 1 },
      }),
    );
  return {
    flushLane: task.runKey,
    change,
    run: {
      key: task.runKey,
      id: task.runId,
      expectVersion: row.version,
      expectToken: row.token,
      token: make.token(),
      state: isGood ? (isOver ? 'completed' : 'running') : 'failed',
      progress: JSON.stringify({ done: after }),
      seq: row.seq + events.length,
      ...(isOver ? { endedMs: atMs } : {}),
    },
    insert: isGood && after.length === 2 ? [newTask(make, { run: task.runId, node: 'c' })] : [],
    also: isGood ? [] : siblings(store, task),
    events,
  };
}

/** A failed run cancels what is left of it. */
function siblings(store: SimStore, task: ClaimedTask): TaskChange[] {
  const live: TaskState[] = ['ready', 'waiting', 'leased'];
  return store
    .all<{ key: number; id: Uint8Array; state: number }>(
      'select key, id, state from tasks where run = ? and key <> ?',
      task.runKey ?? 0,
      task.key,
    )
    .filter((row) => live.includes(taskStateName(row.state)))
    .map((row) => ({
      key: row.key,
      id: formatId('task', row.id),
      guard: { states: live },
      to: 'cancelled',
      reason: 'run',
    }));
}

export const runBytes = (id: RunId): Uint8Array => idBytes('run', id);
