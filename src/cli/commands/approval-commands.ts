/** `hive approval list | show | approve | edit | reject` */
import { hiveError } from '../../contract/index.ts';
import type { ApprovalView, Json, OperationRequest } from '../../contract/index.ts';
import type { HiveClient } from '../../client/index.ts';
import { systemClock } from '../../kernel/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withHive } from '../hive-door.ts';
import { ago, shortDuration, timestamp } from '../output/durations.ts';
import { oneLine, safeLines } from '../output/plain-text.ts';
import { textTable } from '../output/text-table.ts';
import { suggestingRecent } from '../recent-ids.ts';
import { note, wantsJson, writeJson, writeLines } from '../session.ts';
import type { Session } from '../session.ts';
import { jsonArgument } from './json-argument.ts';
import { noteIdle } from './run-verb-commands.ts';
import { listWidth } from './task-rows.ts';

export async function approvalListCommand(
  session: Session,
  request: OperationRequest<'approval.list'>,
): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client }) => {
    const answer = await client.call('approval.list', request);
    if (wantsJson(session)) writeJson(session, answer);
    else if (session.settings.idsOnly)
      writeLines(
        session,
        answer.approvals.map(({ id }) => id),
      );
    else if (answer.approvals.length === 0) note(session, 'nothing waits for a decision');
    else {
      const rows = answer.approvals.map(listRow);
      writeLines(session, textTable(columns, rows, { width: listWidth(session) }));
      if (answer.next !== null) note(session, `more: hive approval list --cursor ${answer.next}`);
    }
    return exitCodes.ok;
  });
}

const columns = [
  { title: 'APPROVAL' },
  { title: 'STATE' },
  { title: 'ASKED' },
  { title: 'LEFT', isNumber: true },
  { title: 'FOR' },
  { title: 'MESSAGE' },
];

function listRow(approval: ApprovalView): string[] {
  const nowMs = systemClock.now();
  const { state, deadlineMs } = approval;
  const left = state !== 'open' || deadlineMs === null ? '-' : shortDuration(deadlineMs - nowMs);
  return [
    approval.id,
    state,
    ago(approval.askedMs, nowMs),
    left,
    approval.assignee ?? 'anybody',
    approval.message,
  ];
}

export async function approvalShowCommand(
  session: Session,
  { id }: { id: string },
): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client }) => {
    const approval = await suggestingRecent(client, 'approval', () =>
      client.call('approval.show', { id }),
    );
    if (wantsJson(session)) writeJson(session, approval);
    else writeLines(session, showLines(approval));
    return exitCodes.ok;
  });
}

function showLines(approval: ApprovalView): string[] {
  const { id, state, by, comment, deadlineMs, escalateTo, assignee } = approval;
  const lines = [
    `${id}  ${state}${by === null ? '' : ` by ${oneLine(by)}`}`,
    oneLine(approval.title),
    ...safeLines(approval.message).map((line) => `  ${line}`),
    `run ${approval.runId}  ${oneLine(approval.runTitle)}`,
    `task ${approval.taskId}`,
    `asked ${timestamp(approval.askedMs)}${assignee === null ? '' : ` of ${oneLine(assignee)}`}${deadlineMs === null ? '' : `, until ${timestamp(deadlineMs)}`}${escalateTo === null ? '' : `, then ${oneLine(escalateTo)}`}`,
    ...valueLines('show', approval.show),
    ...valueLines('form', approval.form),
    ...valueLines('answer', approval.answer),
    ...(comment === null ? [] : [`comment ${oneLine(comment)}`]),
  ];
  if (state === 'open') {
    lines.push(
      '',
      `hive approval approve ${id}`,
      `hive approval edit ${id} --answer '{…}'`,
      `hive approval reject ${id} --comment '…'`,
    );
  }
  return lines;
}

function valueLines(name: string, value: Json): string[] {
  if (value === null) return [];
  const [first = '', ...more] = safeLines(JSON.stringify(value, null, 2));
  return [`${name} ${first}`, ...more];
}

export interface DecideOptions {
  id: string;
  how: 'approve' | 'edit' | 'reject';
  /** JSON text, or @file. */
  answer?: string;
  comment?: string;
}

export async function approvalDecideCommand(
  session: Session,
  options: DecideOptions,
): Promise<ExitCode> {
  const answer =
    options.answer === undefined ? undefined : await jsonArgument('--answer', options.answer);
  return withHive(session, { purpose: 'look' }, async ({ client, mode }) => {
    const decided = await suggestingRecent(client, 'approval', () =>
      decide(client, options, answer),
    );
    if (wantsJson(session)) writeJson(session, decided);
    else writeLines(session, [`${decided.id} ${decided.decision}`]);
    noteIdle(session, mode);
    return exitCodes.ok;
  });
}

function decide(
  client: HiveClient,
  { id, how, comment }: DecideOptions,
  answer: Json | undefined,
): Promise<{ id: string; decision: string }> {
  const rest = comment === undefined ? {} : { comment };
  if (how !== 'edit') {
    return client.call(`approval.${how}`, {
      id,
      ...(answer === undefined ? {} : { answer }),
      ...rest,
    });
  }
  if (answer === undefined) {
    throw hiveError('USAGE', {
      message: 'edit needs the fields that change',
      details: { fix: [`hive approval edit ${id} --answer '{"field": "value"}'`] },
    });
  }
  return client.call('approval.edit', { id, answer, ...rest });
}
