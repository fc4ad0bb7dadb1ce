/** The first page: the hive, recent runs, agents. */
import { html } from 'hono/html';
import { agentLooks } from '../../contract/index.ts';
import type { AgentView, HiveStatus, RunSummary, StateLabel } from '../../contract/index.ts';
import { badge, duration, figures, foreign, table, time } from './page-parts.ts';
import { pageShell } from './page-shell.ts';
import type { Html } from './page-shell.ts';

export interface HomeFacts {
  status: HiveStatus;
  runs: readonly RunSummary[];
  nowMs: number;
}

export function homePage({ status, runs, nowMs }: HomeFacts): Html {
  const { tasks, store, agents } = status;
  const running = status.runs['running'] ?? 0;
  const body = html`
    ${figures([
      ['Runs running', running],
      ['Tasks running', tasks.running],
      ['Tasks waiting', tasks.waiting],
      ['Tasks completed', tasks.succeeded],
      ['Tasks failed', tasks.failed],
      ['Store', `${store.dialect}, ${store.durability}`],
      ['Version', status.version],
    ])}
    ${store.accepting ? '' : html`<p>${badge({ text: 'Disk space low: new work is refused', tone: 'danger' })}</p>`}
    <h2>Runs</h2>
    ${table(
      'Runs',
      runColumns,
      runs.map((run) => runRow(run, nowMs)),
    )}
    <h2>Agents</h2>
    ${table('Agents', agentColumns, agents.map(agentRow))}
  `;
  return pageShell({ title: `${running} running - Hivewright`, body });
}

const runColumns = [
  { title: 'State' },
  { title: 'Run' },
  { title: 'Started' },
  { title: 'Duration', isNumber: true },
];

const runRow = (run: RunSummary, nowMs: number): Html[] => [
  badge(run.label),
  html`<a href="/runs/${run.id}">${foreign(run.title)}</a><br /><span class="id">${run.id}</span>`,
  time(run.startedMs ?? run.createdMs),
  html`${duration(run.startedMs, run.endedMs ?? nowMs)}`,
];

const agentColumns = [
  { title: 'State' },
  { title: 'Agent' },
  { title: 'Capabilities' },
  { title: 'Busy slots', isNumber: true },
];

const agentRow = (agent: AgentView): Html[] => [
  badge(lookOf(agent)),
  html`${foreign(agent.name)} ${agent.version}`,
  foreign(agent.capabilities.join(', ')),
  html`${agent.busy} / ${agent.slots}`,
];

function lookOf({ status }: AgentView): StateLabel {
  const known = Object.entries(agentLooks).find(([name]) => name === status);
  return known?.[1] ?? { ...agentLooks.registered, text: status };
}
