// 'Why is this waiting?' (design 5.2): one plain sentence, a code for machines and links, for every state that a task can be in.
//
// Owns: the words. Does not own: gathering the facts (a read, done when somebody asks; nothing is kept for this).
// W1 Every state and every reason has an answer. W2 A sentence about something a person can mend ends with the command that does it.
// W3 The most basic hindrance is told first: no host, then no agent, then draining, then a cap, then busy agents, then the queue.

import { MAX_CRASHES } from '../contract/index.ts';
import type { TaskReason, TaskState } from '../contract/index.ts';
import { unreachable } from '../kernel/index.ts';
import { answer, because, runLink } from './waiting-reason-answer.ts';
import { whyEnded } from './waiting-reason-ended.ts';
import { whyReady } from './waiting-reason-ready.ts';
import { durationWords, plural, quotedList } from './waiting-reason-words.ts';

export interface WaitingFacts {
  nowMs: number;
  task: {
    id: string;
    runId: string | null;
    state: TaskState;
    reason: TaskReason;
    dueMs: number | null;
    /** The next or present try, from 1, and how many the preset allows. */
    attempt: number;
    maxAttempts: number;
    crashes: number;
    createdMs: number;
    endedMs: number | null;
    error: { code: string; message: string } | null;
  };
  /** Capabilities that the task needs. */
  needed: readonly string[];
  /** Every agent that a live host offers. */
  agents: readonly AgentFact[];
  hosts: readonly { id: string; alive: boolean; draining: boolean }[];
  /** Ready tasks that would be claimed before this one, as far as known. */
  ahead: number | null;
  /** The cap that this task counts against and that is reached now, if any. */
  cap: {
    scope: 'tenant' | 'project' | 'agent' | 'key';
    name: string;
    limit: number;
    inUse: number;
  } | null;
  /** Only for leased. */
  lease: { agent: string; host: string; startedMs: number | null; untilMs: number } | null;
  /** Only for blocked: what it waits for and has not ended. */
  dependencies: readonly { taskId: string | null; node: string; state: TaskState }[];
}

export interface AgentFact {
  name: string;
  capabilities: readonly string[];
  slots: number;
  busy: number;
  /** Id of its host. */
  host: string;
}

export interface WaitingAnswer {
  sentence: string;
  /** Stable, `state.why`, e.g. ready.no_agent. */
  code: string;
  links: readonly WaitingLink[];
}

export interface WaitingLink {
  kind: 'task' | 'run' | 'agent' | 'host';
  id: string;
}

const LINKS_SHOWN = 5; // a sentence with more names is not read

/** The answer. Total: it never throws for facts of a known state. */
export function whyWaiting(facts: WaitingFacts): WaitingAnswer {
  const { task } = facts;
  switch (task.state) {
    case 'blocked':
      return whyBlocked(facts);
    case 'waiting':
      return whyTimed(facts);
    case 'ready':
      return whyReady(facts);
    case 'leased':
      return whyLeased(facts);
    case 'paused':
      return whyPaused(facts);
    case 'uncertain':
      return answer(
        'uncertain.effect',
        [],
        `It stopped in the middle of an effect that may or may not have happened, and only a person can tell; look at it with \`hive task show ${task.id}\`, or give it up with \`hive task cancel ${task.id}\`.`,
      );
    case 'succeeded':
    case 'failed':
    case 'dead':
    case 'cancelled':
    case 'skipped':
      return whyEnded(facts, task.state);
    default:
      return unreachable(task.state);
  }
}

function whyBlocked(facts: WaitingFacts): WaitingAnswer {
  const open = facts.dependencies;
  const run = facts.task.runId;
  if (open.length === 0) {
    return answer(
      'blocked.release',
      runLink(run),
      `Everything it waited for has ended; it will be released at once.${run === null ? '' : ` If not, see \`hive run show ${run}\`.`}`,
    );
  }
  const named = open.slice(0, LINKS_SHOWN);
  const more = open.length - named.length;
  const links = named.flatMap(({ taskId }): WaitingLink[] =>
    taskId === null ? [] : [{ kind: 'task', id: taskId }],
  );
  const names = quotedList(named.map(({ node, state }) => ({ name: node, note: state })));
  return answer(
    'blocked.dependency',
    [...links, ...runLink(run)],
    `It waits for ${plural(open.length, 'other task')} of its run to end: ${names}${more > 0 ? ` and ${more} more` : ''}.`,
  );
}

function whyTimed(facts: WaitingFacts): WaitingAnswer {
  const { task, nowMs } = facts;
  const left = task.dueMs === null ? null : task.dueMs - nowMs;
  const when =
    left === null
      ? 'at a time that is not set'
      : left <= 0
        ? 'now: its time has come and it becomes ready within a second'
        : `in ${durationWords(left)}`;
  const links = runLink(task.runId);
  if (left !== null && left <= 0 && !facts.hosts.some(({ alive }) => alive)) {
    return answer(
      'waiting.no_host',
      links,
      'Its time has come, but no host of the hive is running; start one with `hive start`.',
    );
  }
  const cancel = `cancel it with \`hive task cancel ${task.id}\``;
  switch (task.reason) {
    case 'retry':
      return answer(
        'waiting.retry',
        links,
        `Its last try failed${because(task.error)}; try ${task.attempt} of ${task.maxAttempts} begins ${when}. See the tries with \`hive task show ${task.id}\`.`,
      );
    case 'sleep':
      return answer(
        'waiting.sleep',
        links,
        `Its agent asked to sleep and goes on ${when}; it holds no slot meanwhile.`,
      );
    case 'event':
      return answer(
        'waiting.event',
        links,
        `Its agent waits for an event${left === null ? '' : `, at the latest ${when}`}; if none will come, ${cancel}.`,
      );
    case 'approval':
      return answer(
        'waiting.approval',
        links,
        `It waits for a person to approve it${left === null ? '' : `, at the latest ${when}`}; see what is asked with \`hive task show ${task.id}\`.`,
      );
    case 'child':
      return answer(
        'waiting.child',
        links,
        `It waits for work that it handed to others; see them with \`hive task show ${task.id}\`.`,
      );
    case 'delay':
    case 'none':
    case 'dependency':
    case 'error':
    case 'attempts':
    case 'crashes':
    case 'timeout':
    case 'upstream':
    case 'branch':
    case 'user':
    case 'run':
    case 'effect':
      return answer(
        'waiting.delay',
        links,
        `It was put in for later and becomes ready ${when}; if it is not wanted any more, ${cancel}.`,
      );
    default:
      return unreachable(task.reason);
  }
}

function whyLeased(facts: WaitingFacts): WaitingAnswer {
  const { lease, nowMs, task } = facts;
  if (lease === null) {
    return answer(
      'leased.running',
      [],
      `An agent is working on it; see \`hive task show ${task.id}\`.`,
    );
  }
  const links: WaitingLink[] = [
    { kind: 'agent', id: lease.agent },
    { kind: 'host', id: lease.host },
  ];
  if (lease.untilMs <= nowMs) {
    const crash =
      task.crashes === 0
        ? ''
        : ` It has crashed ${plural(task.crashes, 'time')}; at ${MAX_CRASHES} it is given up.`;
    return answer(
      'leased.expired',
      links,
      `Agent "${lease.agent}" on host ${lease.host} has not renewed its lease for ${durationWords(nowMs - lease.untilMs)}; the task will be taken from it and tried again${facts.hosts.some(({ alive }) => alive) ? '' : ' after the next `hive start`: no host is running'}.${crash}`,
    );
  }
  if (lease.startedMs === null) {
    return answer(
      'leased.starting',
      links,
      `It is not waiting: agent "${lease.agent}" on host ${lease.host} has it and is about to begin try ${task.attempt} of ${task.maxAttempts}.`,
    );
  }
  return answer(
    'leased.running',
    links,
    `It is not waiting: agent "${lease.agent}" on host ${lease.host} has worked on it for ${durationWords(nowMs - lease.startedMs)} (try ${task.attempt} of ${task.maxAttempts}). Stop it with \`hive task cancel ${task.id}\`.`,
  );
}

function whyPaused(facts: WaitingFacts): WaitingAnswer {
  const { task } = facts;
  const links = runLink(task.runId);
  if (task.reason === 'error') {
    return answer(
      'paused.error',
      links,
      `It was paused because a person must act first${because(task.error)}; read the advice with \`hive task show ${task.id}\`, or give it up with \`hive task cancel ${task.id}\`.`,
    );
  }
  return answer(
    'paused.user',
    links,
    `A person paused it; see by whom with \`hive task show ${task.id}\`, or give it up with \`hive task cancel ${task.id}\`.`,
  );
}
