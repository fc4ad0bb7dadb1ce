// Task and run states and the one table of legal transitions (design 5.2). Labels for people derive from state, reason and time.
// I1: a terminal state never changes. I2: only a leased task has an owner. I3: numbers are stored; they never change meaning.

export const taskStates = {
  blocked: 0, // waits for other tasks of its run
  waiting: 1, // waits for a timer, event, approval or child; also a retry's back-off (see reason)
  ready: 2, // may be claimed
  leased: 3, // one live attempt owns it under lease and fence
  paused: 4, // a human stopped it
  uncertain: 5, // an effect may or may not have happened; a human resolves it
  succeeded: 6,
  failed: 7, // an error of kind stop
  dead: 8, // attempts or crashes exhausted: the dead letters
  cancelled: 9,
  skipped: 10, // not needed: its branch was not taken or an earlier task failed
} as const;
export type TaskState = keyof typeof taskStates;
export type TaskStateCode = (typeof taskStates)[TaskState];

export const taskTransitions: Readonly<Record<TaskState, readonly TaskState[]>> = {
  blocked: ['ready', 'waiting', 'leased', 'cancelled', 'skipped', 'paused'],
  waiting: ['ready', 'cancelled', 'skipped', 'paused', 'failed', 'succeeded'],
  ready: ['leased', 'cancelled', 'skipped', 'paused', 'waiting', 'failed'],
  leased: [
    'succeeded',
    'failed',
    'dead',
    'waiting',
    'ready',
    'paused',
    'uncertain',
    'cancelled',
    'skipped',
  ],
  paused: ['ready', 'waiting', 'cancelled', 'failed'],
  uncertain: ['succeeded', 'failed', 'ready', 'cancelled'],
  succeeded: [],
  failed: [],
  dead: [],
  cancelled: [],
  skipped: [],
};

const names = Object.keys(taskStates) as TaskState[];
const byCode: TaskState[] = [];
for (const name of names) byCode[taskStates[name]] = name;

/** Stored number -> state name. Throws on a number that no version ever wrote. */
export function taskStateName(code: number): TaskState {
  const name = byCode[code];
  if (name === undefined) throw new RangeError(`task state ${code}`);
  return name;
}

export function isTerminal(state: TaskState): boolean {
  return taskTransitions[state].length === 0;
}

/** States that a task can still leave. */
export const openStates: readonly TaskState[] = names.filter((name) => !isTerminal(name));

export function canTransition(from: TaskState, to: TaskState): boolean {
  return taskTransitions[from].includes(to);
}

/** Why a task is in its state, stored beside it as text. */
export const taskReasons = [
  'none',
  'dependency', // blocked
  'delay', // waiting: was enqueued for later
  'retry', // waiting: back-off after an error
  'sleep', // waiting: ctx.sleep
  'event',
  'approval',
  'child',
  'error', // failed: error of kind stop
  'attempts', // dead: attempts exhausted
  'crashes', // dead: crashes exhausted
  'timeout', // dead or failed: deadline
  'upstream', // skipped: an earlier task failed
  'branch', // skipped: branch not taken
  'user', // cancelled or paused by a person
  'run', // cancelled because its run ended, or paused with its run
  'effect', // uncertain: an effect may or may not have happened
] as const;
export type TaskReason = (typeof taskReasons)[number];

export const runStates = {
  pending: 0,
  running: 1,
  paused: 2,
  completed: 3,
  failed: 4,
  cancelled: 5,
} as const;
export type RunState = keyof typeof runStates;
const runNames = Object.keys(runStates) as RunState[];

export function runStateName(code: number): RunState {
  const name = runNames.find((each) => runStates[each] === code);
  if (name === undefined) throw new RangeError(`run state ${code}`);
  return name;
}

export function isRunTerminal(state: RunState): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}
