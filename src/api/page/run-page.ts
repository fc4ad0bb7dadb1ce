/**
 * One run: its nodes with their counts, what runs, what failed, and the figures of an inspection's report.
 * Messages of errors stay out: they may quote files. `hive run show` has them.
 */
import { html } from 'hono/html';
import type { Json, NodeView, RunView, TaskSummary, Tone } from '../../contract/index.ts';
import { badge, duration, figures, foreign, idText, table, time } from './page-parts.ts';
import { pageShell } from './page-shell.ts';
import type { Html } from './page-shell.ts';

export function runPage(run: RunView, nowMs: number): Html {
  const { counts } = run;
  const body = html`
    <h2>${foreign(run.title)}</h2>
    <p>${badge(run.label)} ${idText(run.id)}</p>
    ${figures([
      ['Completed', `${counts.succeeded} of ${counts.total}`],
      ['Running', counts.running],
      ['Waiting', counts.waiting],
      ['Failed', counts.failed],
      ['Duration', duration(run.startedMs, run.endedMs ?? nowMs)],
    ])}
    <p>Started ${time(run.startedMs ?? run.createdMs)}</p>
    ${reportPart(run.output)}
    <h2>Nodes</h2>
    ${table('Nodes', nodeColumns, run.nodes.map(nodeRow))}
    <h2>Running now</h2>
    ${table(
      'Running tasks',
      taskColumns,
      run.active.map((task) => taskRow(task, nowMs)),
    )}
    <h2>Failed</h2>
    ${table(
      'Failed tasks',
      taskColumns,
      run.failures.map((task) => taskRow(task, nowMs)),
    )}
  `;
  return pageShell({ title: `${run.label.text}: ${run.title} - Hivewright`, body });
}

const nodeTones: Readonly<Record<NodeView['state'], Tone>> = {
  pending: 'neutral',
  waiting: 'neutral',
  running: 'active',
  completed: 'success',
  failed: 'danger',
  cancelled: 'neutral',
  skipped: 'neutral',
};

const nodeColumns = [
  { title: 'State' },
  { title: 'Node' },
  { title: 'Done', isNumber: true },
  { title: 'Running', isNumber: true },
  { title: 'Failed', isNumber: true },
];

const nodeRow = ({ title, state, counts }: NodeView): Html[] => [
  badge({ text: state, tone: nodeTones[state] }),
  foreign(title),
  html`${counts.succeeded} / ${counts.total}`,
  html`${counts.running}`,
  html`${counts.failed}`,
];

const taskColumns = [
  { title: 'State' },
  { title: 'Task' },
  { title: 'Agent' },
  { title: 'Duration', isNumber: true },
];

const taskRow = (task: TaskSummary, nowMs: number): Html[] => [
  badge(task.label),
  html`${foreign(task.name)}<br />${idText(task.id)}${task.error === null ? '' : html` <code>${task.error.code}</code>`}`,
  foreign(task.agent ?? '-'),
  html`${duration(task.startedMs, task.endedMs ?? nowMs)}`,
];

/** What an inspection says about its report: where it lies, and findings by severity. */
function reportPart(output: Json): Html | string {
  if (!isRecord(output) || typeof output['report'] !== 'string') return '';
  const { report, findings, bySeverity } = output;
  const counts = isRecord(bySeverity) ? Object.entries(bySeverity) : [];
  const numbers = [['Findings', findings] as const, ...counts].filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  return html`<h2>Report</h2>
    ${figures(numbers)}
    <p><code>${report}</code></p>`;
}

const isRecord = (value: unknown): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
