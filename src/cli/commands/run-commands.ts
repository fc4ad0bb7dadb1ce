/** `hive run list | show | watch | cancel` */
import type { HiveClient } from '../../client/index.ts';
import { isHiveError } from '../../contract/index.ts';
import type { OperationRequest } from '../../contract/index.ts';
import { systemClock } from '../../kernel/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withHive } from '../hive-door.ts';
import { ago, shortDuration } from '../output/durations.ts';
import { textTable } from '../output/text-table.ts';
import { suggestingRecent } from '../recent-ids.ts';
import { note, wantsJson, writeJson, writeLines } from '../session.ts';
import type { Session } from '../session.ts';
import { watchRun } from '../watch-run.ts';
import { runEndError } from './follow-inspection.ts';
import { runLines } from './run-lines.ts';
import { listWidth } from './task-rows.ts';

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
      note(
        session,
        'no runs yet; start one with: hive inspect <path>   or: hive workflow run <file>',
      );
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
  return withHive(session, { purpose: 'follow' }, async ({ client, mode }) => {
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
