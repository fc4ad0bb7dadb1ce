// How states look to people: one dictionary for the dashboard, the command line and docs/states.md. A stored state, its reason and the time
// give a look; nobody else words a state. I1: every state of states.ts has a look. I2: icon, word and tone say the same thing,
// so that none of them is needed alone (WCAG 1.4.1).

import { formatWait } from './format-duration.ts';
import type { RunState, TaskReason, TaskState } from './states.ts';

/** Eight tones carry all states, because more hues cannot be told apart; a surface maps a tone to its colours. */
export const tones = [
  'neutral',
  'info',
  'active',
  'violet',
  'magenta',
  'success',
  'warning',
  'danger',
] as const;
export type Tone = (typeof tones)[number];

/** What a tone says at a glance. */
export const toneMeanings: Readonly<Record<Tone, string>> = {
  neutral: 'inert: not started, stopped or skipped',
  info: 'in line or ready',
  active: 'work happens now',
  violet: 'the platform is changing something',
  magenta: 'needs judgement',
  success: 'done well',
  warning: 'degraded, retrying or late',
  danger: 'failed',
};

export interface StateLabel {
  text: string;
  tone: Tone;
  /** Name in the line-icon set; a surface without icons leaves it out. */
  icon: string;
  /** Drawn hatched, to tell it from another state of the same tone. */
  isHatched: boolean;
}

const look = (tone: Tone, icon: string, text: string): StateLabel => ({
  text,
  tone,
  icon,
  isHatched: false,
});
const hatched = (tone: Tone, icon: string, text: string): StateLabel => ({
  text,
  tone,
  icon,
  isHatched: true,
});

/** Looks of a task, by the name that people see. */
export const taskLooks = {
  draft: look('neutral', 'pencil', 'Draft'),
  pending: look('neutral', 'clock', 'Pending'),
  blocked: hatched('neutral', 'lock', 'Blocked'),
  queued: look('info', 'layers', 'Queued'),
  assigned: look('info', 'user-check', 'Assigned'),
  running: look('active', 'spinner-arc', 'Running'),
  validating: look('magenta', 'clipboard-check', 'Validating'),
  waitingApproval: look('magenta', 'hand', 'Waiting for approval'),
  uncertain: look('magenta', 'help-circle', 'Needs a decision'),
  paused: look('neutral', 'pause', 'Paused'),
  retrying: look('warning', 'rotate', 'Retrying'),
  completed: look('success', 'check-circle', 'Completed'),
  failed: look('danger', 'octagon-x', 'Failed'),
  timedOut: hatched('danger', 'alarm', 'Timed out'),
  upstreamFailed: hatched('warning', 'link-broken', 'Upstream failed'),
  cancelled: look('neutral', 'slash', 'Cancelled'),
  skipped: look('neutral', 'chevrons', 'Skipped'),
} as const satisfies Record<string, StateLabel>;

/** Looks of a run. */
export const runLooks = {
  pending: look('neutral', 'clock', 'Pending'),
  running: look('active', 'spinner-arc', 'Running'),
  paused: look('neutral', 'pause', 'Paused'),
  stopping: look('violet', 'square-arrow', 'Stopping'),
  compensating: look('violet', 'undo', 'Undoing what was done'),
  waiting: look('neutral', 'hourglass', 'Waiting'),
  waitingApproval: look('magenta', 'hand', 'Waiting for approval'),
  uncertain: look('magenta', 'help-circle', 'Needs a decision'),
  completed: look('success', 'check-circle', 'Completed'),
  completedWithWarnings: look('warning', 'triangle', 'Completed with warnings'),
  failed: look('danger', 'octagon-x', 'Failed'),
  cancelled: look('neutral', 'slash', 'Cancelled'),
  killed: hatched('danger', 'bolt', 'Killed'),
  lostContact: look('warning', 'wifi-off', 'Lost contact'),
} as const satisfies Record<string, StateLabel>;

/** Lifecycle of an agent's instance; its health is another thing and has its own looks. */
export const agentLooks = {
  registered: look('neutral', 'id-card', 'Registered (pending)'),
  deploying: look('violet', 'rocket', 'Deploying (starting)'),
  online: look('info', 'plug', 'Online (ready)'),
  busy: look('active', 'spinner-arc', 'Busy (working)'),
  idle: look('info', 'circle-outline', 'Idle (waiting)'),
  offline: look('neutral', 'plug-off', 'Offline (stopped)'),
  error: look('danger', 'octagon-x', 'Error (failed)'),
  maintenance: look('violet', 'wrench', 'Maintenance (updating)'),
  draining: look('violet', 'arrow-to-bar', 'Draining'),
} as const satisfies Record<string, StateLabel>;
export type AgentLifecycle = keyof typeof agentLooks;

/** Health of an agent, never merged with its lifecycle. */
export const healthLooks = {
  healthy: look('success', 'check', 'Healthy'),
  degraded: look('warning', 'triangle', 'Degraded'),
  unhealthy: look('danger', 'x', 'Unhealthy'),
  unknown: look('neutral', '?', 'Unknown'),
} as const satisfies Record<string, StateLabel>;

/** What the label of a task derives from. Times in milliseconds since 1970. */
export interface TaskLabelFacts {
  state: TaskState;
  reason: TaskReason;
  /** Tries that failed so far. */
  errors: number;
  /** Tries in all that its retry policy allows, where the caller knows it. */
  maxAttempts?: number;
  /** When a waiting task becomes ready, if that is a time. */
  dueMs: number | null;
  nowMs: number;
}

/** The label of a task, with the words for its reason and its time. */
export function taskLabel(facts: TaskLabelFacts): StateLabel {
  const { state, reason } = facts;
  switch (state) {
    case 'blocked':
      return taskLooks.blocked;
    case 'waiting':
      return waitingLabel(facts);
    case 'ready':
      return taskLooks.queued;
    case 'leased':
      return facts.errors > 0
        ? { ...taskLooks.running, text: `Running (try ${nextTry(facts)})` }
        : taskLooks.running;
    case 'paused':
      return reason === 'run'
        ? { ...taskLooks.paused, text: 'Paused with its run' }
        : taskLooks.paused;
    case 'uncertain':
      return taskLooks.uncertain;
    case 'succeeded':
      return taskLooks.completed;
    case 'failed':
    case 'dead':
      return failedLabel(facts);
    case 'cancelled':
      return reason === 'run'
        ? { ...taskLooks.cancelled, text: 'Cancelled with its run' }
        : taskLooks.cancelled;
    case 'skipped':
      return reason === 'upstream' ? taskLooks.upstreamFailed : taskLooks.skipped;
    default:
      return state satisfies never;
  }
}

/** `2/3`, or `2` where the limit is not known. */
function nextTry({ errors, maxAttempts }: TaskLabelFacts): string {
  const next = errors + 1;
  return maxAttempts === undefined ? `${next}` : `${next}/${Math.max(next, maxAttempts)}`;
}

/** What a waiting task waits for. Reasons of other states cannot stand here and read as 'Pending'. */
const waitingWords: Readonly<Partial<Record<TaskReason, string>>> = {
  delay: 'Scheduled',
  sleep: 'Sleeping',
  event: 'Waiting for an event',
  child: 'Waiting for a child run',
};

function waitingLabel(facts: TaskLabelFacts): StateLabel {
  const { reason, dueMs, nowMs } = facts;
  // A task that is due is promoted within a second; until then it must not read as if it were late.
  const future = dueMs !== null && dueMs > nowMs ? ` in ${formatWait(dueMs - nowMs)}` : ' now';
  const when = dueMs === null ? '' : future;
  if (reason === 'retry') return { ...taskLooks.retrying, text: `Retry ${nextTry(facts)}${when}` };
  if (reason === 'approval') return taskLooks.waitingApproval;
  const word = waitingWords[reason] ?? taskLooks.pending.text;
  if (dueMs === null) return { ...taskLooks.pending, text: word };
  const verb = reason === 'delay' ? 'starts' : 'goes on';
  return { ...taskLooks.pending, text: `${word}, ${verb}${when}` };
}

function failedLabel({ state, reason, errors }: TaskLabelFacts): StateLabel {
  if (reason === 'timeout') return taskLooks.timedOut;
  if (state !== 'dead') return taskLooks.failed;
  if (reason === 'crashes')
    return { ...taskLooks.failed, text: 'Failed: its worker crashed too often' };
  if (reason !== 'attempts' || errors < 1) return taskLooks.failed;
  return { ...taskLooks.failed, text: `Failed after ${errors} ${errors === 1 ? 'try' : 'tries'}` };
}

/** The label of each stored run state. */
export const runLabels = {
  pending: runLooks.pending,
  running: runLooks.running,
  paused: runLooks.paused,
  completed: runLooks.completed,
  failed: runLooks.failed,
  cancelled: runLooks.cancelled,
} as const satisfies Record<RunState, StateLabel>;

/** What the label of a run derives from. */
export interface RunLabelFacts {
  state: RunState;
  /** It completed although something in it failed. */
  hasWarnings?: boolean;
  /** It undoes what succeeded before it ends. */
  isCompensating?: boolean;
  /** Why its open tasks do not go on, when none of them is ready or running. */
  waitsFor?: readonly (TaskReason | 'uncertain')[];
}

/** The label of a run. */
export function runLabel(facts: RunLabelFacts): StateLabel {
  const { state, waitsFor = [] } = facts;
  if (state === 'completed' && facts.hasWarnings === true) return runLooks.completedWithWarnings;
  if (state !== 'running') return runLabels[state];
  if (facts.isCompensating === true) return runLooks.compensating;
  if (waitsFor.includes('uncertain')) return runLooks.uncertain;
  if (waitsFor.includes('approval')) return runLooks.waitingApproval;
  const reason = waitsFor.find((each) => runWaitingWords[each] !== undefined);
  const word = reason === undefined ? undefined : runWaitingWords[reason];
  return word === undefined ? runLabels.running : { ...runLooks.waiting, text: word };
}

/** Of a run in which nothing can be worked on now. */
const runWaitingWords: Readonly<Partial<Record<TaskReason | 'uncertain', string>>> = {
  ...waitingWords,
  delay: 'Waiting for its time',
  retry: 'Waiting to try again',
};

export function agentLabel(lifecycle: AgentLifecycle): StateLabel {
  return agentLooks[lifecycle];
}
