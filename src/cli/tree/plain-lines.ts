/** Progress as append-only lines, for pipes, logs and screen readers. Pure. */
import type { EventView, RunView } from '../../contract/index.ts';
import { shortDuration, timestamp } from '../output/durations.ts';
import { oneLine } from '../output/plain-text.ts';

/** `2026-01-01T10:00:00Z run_ab12 task_77 completed 4.2s`, or undefined for events that are not progress. */
export function plainLine(event: EventView, runId: string): string | undefined {
  const [noun, verb] = event.type.split('.');
  const isEnd = verb === 'completed' || verb === 'failed' || verb === 'cancelled';
  if (verb === undefined || !(isEnd || verb === 'skipped' || event.type === 'run.started')) {
    return undefined;
  }
  const { data } = event;
  const subject = noun === 'task' ? ` ${event.taskId ?? '-'}` : '';
  const node = typeof data['node'] === 'string' ? ` ${oneLine(data['node'])}` : '';
  return `${timestamp(event.atMs)} ${runId}${subject} ${verb}${took(data)}${node}${errorCode(data)}`;
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
  return `${timestamp(nowMs)} ${run.id} ${run.state} ${succeeded}/${total} done, ${running} running, ${failed} failed`;
}
