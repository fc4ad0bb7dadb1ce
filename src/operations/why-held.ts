/**
 * Answers of `task why` that only the journal and the run can give: which approval, event or child run a task waits
 * for, which effect a person must look at, and that its run is paused. Pure; everything else is whyWaiting's.
 */
import type { TaskState, WaitView } from '../contract/index.ts';
import { formatWait } from '../contract/index.ts';

export interface HeldFacts {
  nowMs: number;
  taskId: string;
  /** Null for a task that is its own run. */
  runId: string | null;
  state: TaskState;
  reason: string;
  /** Its run is paused and it goes on only to its next wait. */
  isHeld: boolean;
  waits: readonly WaitView[];
  error: {
    code: string;
    message: string;
    details?: Readonly<Record<string, unknown>> | undefined;
  } | null;
}

export interface HeldAnswer {
  code: string;
  sentence: string;
  links: { kind: string; id: string }[];
}

/** Waits that are named; a sentence with more is not read. */
const MAX_NAMED = 3;

/** The answer, or undefined when there is nothing in the journal or the run to tell. */
export function whyHeld(facts: HeldFacts): HeldAnswer | undefined {
  switch (facts.state) {
    case 'waiting':
      return whyWaits(facts);
    case 'uncertain':
      return whyUncertain(facts);
    case 'paused':
      return facts.reason === 'run' ? pausedRun(facts) : pausedTask(facts);
    case 'leased':
      return facts.isHeld && facts.runId !== null ? heldRun(facts, facts.runId) : undefined;
    case 'blocked':
    case 'ready':
    case 'succeeded':
    case 'failed':
    case 'dead':
    case 'cancelled':
    case 'skipped':
      return undefined;
    default:
      return facts.state satisfies never;
  }
}

const wordedKinds = ['approval', 'event', 'child'] as const;

function whyWaits(facts: HeldFacts): HeldAnswer | undefined {
  for (const kind of wordedKinds) {
    if (facts.reason !== kind) continue;
    const own = facts.waits.filter((wait) => wait.kind === kind && wait.subject !== null);
    if (own.length > 0) return worded(kind, own, facts);
  }
  return undefined;
}

function worded(
  kind: (typeof wordedKinds)[number],
  waits: readonly WaitView[],
  facts: HeldFacts,
): HeldAnswer {
  const more = waits.length > MAX_NAMED ? ` and ${waits.length - MAX_NAMED} more` : '';
  const shown = waits.slice(0, MAX_NAMED);
  const first = shown[0]?.subject ?? '';
  const run = facts.runId ?? facts.taskId.replace(/^tsk_/, 'run_');
  const due = dueWords(waits, facts.nowMs);
  const subjects = shown.map(({ subject }) => subject ?? '');
  switch (kind) {
    case 'approval': {
      const asked = shown.map(({ subject, message }) =>
        message === null ? (subject ?? '') : `${subject} (${message})`,
      );
      return {
        code: 'waiting.approval',
        sentence: `It waits for a person to decide ${asked.join(', ')}${more}${due}: \`hive approval show ${first}\`, then \`hive approval approve ${first}\` or \`hive approval reject ${first}\`.`,
        links: subjects.map((id) => ({ kind: 'approval', id })),
      };
    }
    case 'event':
      return {
        code: 'waiting.event',
        sentence: `It waits for the event ${subjects.map((name) => `"${name}"`).join(', ')}${more}${due}; send it with \`hive run signal ${run} ${first}\`.`,
        links: [{ kind: 'run', id: run }],
      };
    case 'child':
      return {
        code: 'waiting.child',
        sentence: `It waits for ${waits.length === 1 ? 'its child run' : `${waits.length} child runs`} ${subjects.join(', ')}${more}${due}; see \`hive run show ${first}\`.`,
        links: subjects.map((id) => ({ kind: 'run', id })),
      };
    default:
      return kind satisfies never;
  }
}

/** The earliest end of the waits, where there is one. */
function dueWords(waits: readonly WaitView[], nowMs: number): string {
  const due = waits.flatMap(({ dueMs }) => (dueMs === null ? [] : [dueMs]));
  if (due.length === 0) return '';
  const leftMs = Math.min(...due) - nowMs;
  return leftMs <= 0 ? '; its deadline has passed' : `, at the latest in ${formatWait(leftMs)}`;
}

function whyUncertain({ taskId, waits, error }: HeldFacts): HeldAnswer {
  const detail: unknown = error?.details?.['effect'];
  const open = waits.find(({ kind }) => kind === 'effect');
  const key = typeof detail === 'string' ? detail : open?.name;
  const subject = open?.subject ?? null;
  const what = key === undefined ? 'an effect' : `the effect "${key}"`;
  return {
    code: 'uncertain.effect',
    sentence: `It stopped in the middle of ${what}, which may or may not have happened${subject === null ? '' : ` (idempotency key ${subject})`}; look at the receiver, then \`hive task resolve ${taskId} --done\`, \`--retry\` or \`--fail\`.`,
    links: [],
  };
}

function pausedRun({ runId, taskId }: HeldFacts): HeldAnswer {
  const run = runId ?? taskId.replace(/^tsk_/, 'run_');
  return {
    code: 'paused.run',
    sentence: `Its run is paused; go on with \`hive run resume ${run}\`.`,
    links: [{ kind: 'run', id: run }],
  };
}

function pausedTask({ taskId, error, runId }: HeldFacts): HeldAnswer {
  const why =
    error === null
      ? 'It is paused'
      : `It was paused because a person must act first (${error.code}: ${error.message.replace(/\.$/, '')})`;
  return {
    code: error === null ? 'paused.user' : 'paused.error',
    sentence: `${why}; go on with \`hive task requeue ${taskId}\`, or give it up with \`hive task cancel ${taskId}\`.`,
    links: runId === null ? [] : [{ kind: 'run', id: runId }],
  };
}

function heldRun({ taskId }: HeldFacts, runId: string): HeldAnswer {
  return {
    code: 'leased.held',
    sentence: `Its run is paused: what began goes on to its end, its next wait or its next try, and stays there until \`hive run resume ${runId}\`. Stop it now with \`hive task cancel ${taskId}\`.`,
    links: [{ kind: 'run', id: runId }],
  };
}
