/** `hive run list | show | watch | cancel` */
import type { HiveClient } from '../../client/index.ts';
import { isHiveError } from '../../contract/index.ts';
import type { OperationRequest, RunView } from '../../contract/index.ts';
import { systemClock } from '../../kernel/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withHive } from '../hive-door.ts';
import { ago, shortDuration, timestamp } from '../output/durations.ts';
import { oneLine } from '../output/plain-text.ts';
import { textTable } from '../output/text-table.ts';
import { suggestingRecent } from '../recent-ids.ts';
import { note, wantsJson, writeJson, writeLines } from '../session.ts';
import type { Session } from '../session.ts';
import { watchRun } from '../watch-run.ts';
import { runEndError } from './follow-inspection.ts';
import { listWidth, taskRows, taskColumns } from './task-rows.ts';

export async function runListCommand(
  session: Session,
  request: OperationRequest<'run.list'>,
): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client }) => {
    const answer = await client.call('run.list', request);
    if (wantsJson(session)) writeJson(session, answer);
    else if (session.settings.idsOnly)
      writeLines(
        session,
        answer.runs.map(({ id }) => id),
      );
    else if (answer.runs.length === 0)
      note(session, 'no runs yet; start one with: hive inspect <path>');
    else {
      const nowMs = systemClock.now();
      const rows = answer.runs.map((run) => [
        run.id,
        run.label.text,
        ago(run.createdMs, nowMs),
        run.startedMs === null ? '-' : shortDuration((run.endedMs ?? nowMs) - run.startedMs),
        run.title,
      ]);
      writeLines(session, textTable(runColumns, rows, { width: listWidth(session) }));
      if (answer.next !== null) note(session, `more: hive run list --cursor ${answer.next}`);
    }
    return exitCodes.ok;
  });
}

const runColumns = [
  { title: 'RUN' },
  { title: 'STATE' },
  { title: 'CREATED' },
  { title: 'DURATION', isNumber: true },
  { title: 'TITLE' },
];

export async function runShowCommand(session: Session, { id }: { id: string }): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client }) => {
    const run = await suggestingRecent(client, 'run', () => client.call('run.show', { id }));
    if (wantsJson(session)) writeJson(session, run);
    else writeLines(session, runLines(session, run));
    return exitCodes.ok;
  });
}

function runLines(session: Session, run: RunView): string[] {
  const nowMs = systemClock.now();
  const { counts } = run;
  const width = listWidth(session);
  const lines = [
    `${run.id}  ${run.label.text}`,
    oneLine(run.title),
    `created ${timestamp(run.createdMs)}${run.startedMs === null ? '' : `, took ${shortDuration((run.endedMs ?? nowMs) - run.startedMs)}`}`,
    `tasks ${counts.succeeded}/${counts.total} done, ${counts.running} running, ${counts.waiting} waiting, ${counts.failed} failed`,
  ];
  if (run.error !== null) lines.push(`error ${run.error.code}: ${oneLine(run.error.message)}`);
  if (run.nodes.length > 0) {
    const rows = run.nodes.map((node) => [
      node.title,
      node.state,
      `${node.counts.succeeded}/${node.counts.total}`,
      String(node.counts.failed),
    ]);
    lines.push('', ...textTable(nodeColumns, rows, { width }));
  }
  const shown = [...run.active, ...run.failures];
  if (shown.length > 0)
    lines.push('', ...textTable(taskColumns, taskRows(shown, nowMs), { width }));
  return lines;
}

const nodeColumns = [
  { title: 'NODE' },
  { title: 'STATE' },
  { title: 'DONE', isNumber: true },
  { title: 'FAILED', isNumber: true },
];

export async function runCancelCommand(
  session: Session,
  { id }: { id: string },
): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client }) => {
    const answer = await suggestingRecent(client, 'run', () => client.call('run.cancel', { id }));
    if (wantsJson(session)) writeJson(session, answer);
    else writeLines(session, [`${answer.id} cancelled`]);
    return exitCodes.ok;
  });
}

export async function runWatchCommand(session: Session, { id }: { id: string }): Promise<ExitCode> {
  return withHive(session, { purpose: 'any' }, async ({ client, mode }) => {
    await suggestingRecent(client, 'run', () => untilThere(session, client, id));
    const hint = mode === 'embedded' ? 'Ctrl+C stops' : 'Ctrl+C detaches';
    const watch = { client, runId: id, from: 'start', linesTo: 'out', hint } as const;
    const end = await watchRun(session, watch);
    if (end.kind === 'interrupted') {
      note(
        session,
        `follow it again with: hive run watch ${id}   or end it with: hive run cancel ${id}`,
      );
      return exitCodes.interrupted;
    }
    if (end.run.state !== 'completed') throw runEndError(end.run);
    note(session, `${id} completed`);
    return exitCodes.ok;
  });
}

/** Scripts start a run and watch it at once: it may not be there yet. */
const APPEAR_MS = 30_000;
const LOOK_EVERY_MS = 500;

async function untilThere(session: Session, client: HiveClient, id: string): Promise<void> {
  const patienceMs = Math.min(APPEAR_MS, session.settings.timeoutMs ?? APPEAR_MS);
  const deadline = systemClock.mono() + patienceMs;
  for (;;) {
    try {
      await client.call('run.watch', { id, cursor: 'head', waitMs: 0 });
      return;
    } catch (error) {
      const mayCome = isHiveError(error) && error.code === 'NOT_FOUND' && !session.signal.aborted;
      if (!mayCome || systemClock.mono() >= deadline) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, LOOK_EVERY_MS);
      });
    }
  }
}
