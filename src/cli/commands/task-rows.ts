/** Tasks as rows of a table. */
import type { TaskSummary } from '../../contract/index.ts';
import { shortDuration } from '../output/durations.ts';
import type { Session } from '../session.ts';

export const taskColumns = [
  { title: 'TASK' },
  { title: 'STATE' },
  { title: 'AGENT' },
  { title: 'DURATION', isNumber: true },
  { title: 'NAME' },
];

export function taskRows(tasks: readonly TaskSummary[], nowMs: number): string[][] {
  return tasks.map((task) => [
    task.id,
    task.label.text,
    task.agent ?? '-',
    task.startedMs === null ? '-' : shortDuration((task.endedMs ?? nowMs) - task.startedMs),
    task.error === null ? task.name : `${task.name}  (${task.error.code}: ${task.error.message})`,
  ]);
}

/** Tables are cut to a terminal and never to a pipe. */
export function listWidth({ terminal }: Session): number | null {
  return terminal.out.isTerminal ? terminal.out.columns() : null;
}
