/** One run as lines for people: its state, its nodes, what it waits for with the command that helps, and its child runs. */
import { formatWait } from '../../contract/index.ts';
import type { RunSummary, RunView, WaitView } from '../../contract/index.ts';
import { systemClock } from '../../kernel/index.ts';
import { shortDuration, timestamp } from '../output/durations.ts';
import { oneLine } from '../output/plain-text.ts';
import { textTable } from '../output/text-table.ts';
import type { Session } from '../session.ts';
import { listWidth, taskColumns, taskRows } from './task-rows.ts';

export function runLines(session: Session, run: RunView): string[] {
  const nowMs = systemClock.now();
  const { counts } = run;
  const width = listWidth(session);
  const lines = [
    `${run.id}  ${run.label.text}`,
    oneLine(run.title),
    `created ${timestamp(run.createdMs)}${run.startedMs === null ? '' : `, took ${shortDuration((run.endedMs ?? nowMs) - run.startedMs)}`}${run.deadlineMs === null || run.endedMs !== null ? '' : `, must end by ${timestamp(run.deadlineMs)}`}`,
    ...whereFrom(run),
    `tasks ${counts.succeeded}/${counts.total} done, ${counts.running} running, ${counts.waiting} waiting, ${counts.failed} failed`,
  ];
  if (run.error !== null) lines.push(`error ${run.error.code}: ${oneLine(run.error.message)}`);
  if (run.state === 'paused' && !run.isSingleTask) {
    lines.push(`go on with: hive run resume ${run.id}`);
  }
  if (run.nodes.length > 0) {
    const rows = run.nodes.map((node) => [
      node.title,
      node.state,
      `${node.counts.succeeded}/${node.counts.total}`,
      String(node.counts.failed),
    ]);
    lines.push('', ...textTable(nodeColumns, rows, { width }));
  }
  lines.push(...waitingLines(run, nowMs));
  const shown = [...run.active, ...run.failures];
  if (shown.length > 0)
    lines.push('', ...textTable(taskColumns, taskRows(shown, nowMs), { width }));
  lines.push(...childLines(run.children));
  return lines;
}

const nodeColumns = [
  { title: 'NODE' },
  { title: 'STATE' },
  { title: 'DONE', isNumber: true },
  { title: 'FAILED', isNumber: true },
];

function whereFrom({ parent, origin }: RunSummary): string[] {
  return [
    ...(parent === null ? [] : [`child of ${parent.runId}, for its task ${parent.taskId}`]),
    ...(origin === null
      ? []
      : [
          `${oneLine(origin.kind)} of ${origin.runId}${origin.from === null ? '' : ` from ${oneLine(origin.from)}`}`,
        ]),
  ];
}

/** Approvals first, each with the command that decides it; then the other waits. */
function waitingLines({ id, approvals, waiting }: RunView, nowMs: number): string[] {
  const asked = approvals.map(
    (approval) =>
      `? ${oneLine(approval.message)}${dueWords(approval.deadlineMs, nowMs)}: hive approval approve ${approval.id}   or: hive approval reject ${approval.id}`,
  );
  const others = waiting.flatMap(({ task, waits }) => {
    const open = waits.filter(({ kind }) => kind !== 'approval');
    if (task.state === 'uncertain') {
      return [`! ${oneLine(task.name)} needs a decision: hive task why ${task.id}`];
    }
    return open.map((wait) => `~ ${oneLine(task.name)}: ${waitWords(wait, { runId: id, nowMs })}`);
  });
  const lines = [...asked, ...others];
  return lines.length === 0 ? [] : ['', ...lines];
}

function waitWords(wait: WaitView, { runId, nowMs }: { runId: string; nowMs: number }): string {
  const subject = oneLine(wait.subject ?? wait.name);
  const due = dueWords(wait.dueMs, nowMs);
  switch (wait.kind) {
    case 'sleep':
      return `sleeps${due}`;
    case 'event':
      return `waits for the event ${subject}${due}: hive run signal ${runId} ${subject}`;
    case 'child':
      return `waits for its child run: hive run show ${subject}`;
    case 'approval':
      return `waits for approval ${subject}`;
    case 'effect':
      return `began the effect ${subject}`;
    default:
      return wait.kind satisfies never;
  }
}

const dueWords = (dueMs: number | null, nowMs: number): string =>
  dueMs === null ? '' : ` (${dueMs <= nowMs ? 'now' : formatWait(dueMs - nowMs)} left)`;

function childLines(children: readonly RunSummary[]): string[] {
  if (children.length === 0) return [];
  return [
    '',
    ...children.map(({ id, label, title }) => `child ${id}  ${label.text}  ${oneLine(title)}`),
  ];
}
