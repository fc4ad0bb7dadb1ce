/** Progress as append-only lines, for pipes, logs and screen readers. Pure. */
import type { EventView, RunView } from '../../contract/index.ts';
import { shortDuration, timestamp } from '../output/durations.ts';
import { oneLine } from '../output/plain-text.ts';

/** Events and signals that are told, and the word for each. */
const words: Readonly<Record<string, string>> = {
  'run.started': 'started',
  'run.completed': 'completed',
  'run.failed': 'failed',
  'run.cancelled': 'cancelled',
  'run.paused': 'paused',
  'run.resumed': 'resumed',
  'run.signalled': 'got event',
  'run.compensating': 'undoes what was done',
  'task.completed': 'completed',
  'task.failed': 'failed',
  'task.cancelled': 'cancelled',
  'task.skipped': 'skipped',
  'task.progress': 'progress',
  'task.retrying': 'tries again',
  'task.uncertain': 'needs a decision',
  'task.resolved': 'resolved',
  'approval.decided': 'approval',
};

/** `2026-01-01T10:00:00Z run_ab12 task_77 completed 4.2s`, or undefined for events that are not progress. */
export function plainLine(event: EventView, runId: string): string | undefined {
  const word = words[event.type];
  if (word === undefined) return undefined;
  const { data } = event;
  const subject = event.type.startsWith('task.') ? ` ${event.taskId ?? '-'}` : '';
  const node = typeof data['node'] === 'string' ? ` ${oneLine(data['node'])}` : '';
  return `${timestamp(event.atMs)} ${runId}${subject} ${word}${took(data)}${node}${detail(event)}${errorCode(data)}`;
}

/** An approval is told when it is first seen open, with the command that decides it. */
export function approvalLine(
  { id, message, askedMs }: RunView['approvals'][number],
  runId: string,
): string {
  return `${timestamp(askedMs)} ${runId} waits for approval: ${oneLine(message)}; hive approval approve ${id}`;
}

/** Fields that every signal of a task carries. */
const commonFields = new Set(['name', 'node', 'agent', 'attempt']);
const MAX_DETAIL_CHARS = 200;

/** What an author said in ctx.progress, and the facts of other events that a reader wants. */
export function progressText({ data }: Pick<EventView, 'data'>): string {
  const { message, percent } = data;
  const known = [
    ...(typeof percent === 'number' ? [`${percent}%`] : []),
    ...(typeof message === 'string' ? [message] : []),
  ];
  const rest = Object.fromEntries(
    Object.entries(data).filter(
      ([key]) => !commonFields.has(key) && key !== 'message' && key !== 'percent',
    ),
  );
  const others = Object.keys(rest).length === 0 ? [] : [JSON.stringify(rest)];
  return oneLine([...known, ...others].join(' ')).slice(0, MAX_DETAIL_CHARS);
}

function detail(event: EventView): string {
  const text = (...fields: string[]): string =>
    fields
      .map((field) => event.data[field])
      .filter((value) => typeof value === 'string')
      .map((value) => ` ${oneLine(value)}`)
      .join('');
  switch (event.type) {
    case 'task.progress': {
      const said = progressText(event);
      return said === '' ? '' : ` ${said}`;
    }
    case 'approval.decided':
      return text('approval', 'decision', 'by');
    case 'run.signalled':
      return text('name');
    case 'task.resolved':
      return text('resolution', 'by');
    default:
      return '';
  }
}

function took(data: Readonly<Record<string, unknown>>): string {
  const { durationMs, startedMs, endedMs } = data;
  if (typeof durationMs === 'number') return ` ${shortDuration(durationMs)}`;
  if (typeof startedMs !== 'number' || typeof endedMs !== 'number') return '';
  return ` ${shortDuration(endedMs - startedMs)}`;
}

function errorCode({ error }: Readonly<Record<string, unknown>>): string {
  const code =
    typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? ` ${oneLine(code)}` : '';
}

/** Says that it is still alive when nothing else has been said for a while. */
export function heartbeatLine(run: RunView, nowMs: number): string {
  const { succeeded, total, running, failed } = run.counts;
  return `${timestamp(nowMs)} ${run.id} ${run.label.text.toLowerCase()} ${succeeded}/${total} done, ${running} running, ${failed} failed`;
}
