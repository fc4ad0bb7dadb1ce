/** `hive task create | list | show | why | cancel` */
import type { Json, OperationRequest, TaskView } from '../../contract/index.ts';
import { systemClock } from '../../kernel/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withHive } from '../hive-door.ts';
import { shortDuration, timestamp } from '../output/durations.ts';
import { oneLine, safeLines } from '../output/plain-text.ts';
import { textTable } from '../output/text-table.ts';
import { suggestingRecent } from '../recent-ids.ts';
import { note, wantsJson, writeJson, writeLines } from '../session.ts';
import type { Session } from '../session.ts';
import { watchRun } from '../watch-run.ts';
import { runEndError } from './follow-inspection.ts';
import { jsonArgument } from './json-argument.ts';
import { listWidth, taskColumns, taskRows } from './task-rows.ts';

export interface TaskCreateOptions extends Omit<OperationRequest<'task.create'>, 'input'> {
  /** JSON text, or @file. */
  input?: string;
  wait: boolean;
}

export async function taskCreateCommand(
  session: Session,
  { input, wait, ...request }: TaskCreateOptions,
): Promise<ExitCode> {
  const body = input === undefined ? {} : { input: await jsonArgument('--input', input) };
  return withHive(session, { purpose: 'any' }, async ({ client, mode }) => {
    const answer = await client.call('task.create', { ...request, ...body });
    if (!wait) {
      if (wantsJson(session)) writeJson(session, answer);
      else writeLines(session, [answer.taskId]);
      if (mode === 'embedded') {
        note(session, 'it is kept, and worked on while a hive runs: hive start   (or use --wait)');
      }
      return exitCodes.ok;
    }
    const { runId } = answer;
    const hint = 'Ctrl+C stops waiting';
    const end = await watchRun(session, { client, runId, from: 'start', linesTo: 'err', hint });
    if (end.kind === 'interrupted') return exitCodes.interrupted;
    if (end.run.state !== 'completed') throw runEndError(end.run);
    if (wantsJson(session)) writeJson(session, { ...answer, result: end.run.output });
    else writeLines(session, [answer.taskId, JSON.stringify(end.run.output)]);
    return exitCodes.ok;
  });
}

export async function taskListCommand(
  session: Session,
  request: OperationRequest<'task.list'> & { run?: string },
): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client }) => {
    const { run, ...page } = request;
    const answer =
      run === undefined
        ? await client.call('task.list', page)
        : await suggestingRecent(client, 'run', () =>
            client.call('run.tasks', { ...page, id: run }),
          );
    if (wantsJson(session)) writeJson(session, answer);
    else if (session.settings.idsOnly)
      writeLines(
        session,
        answer.tasks.map(({ id }) => id),
      );
    else if (answer.tasks.length === 0) note(session, 'no tasks');
    else {
      const rows = taskRows(answer.tasks, systemClock.now());
      writeLines(session, textTable(taskColumns, rows, { width: listWidth(session) }));
      if (answer.next !== null) note(session, `more: --cursor ${answer.next}`);
    }
    return exitCodes.ok;
  });
}

export async function taskShowCommand(session: Session, { id }: { id: string }): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client }) => {
    const task = await suggestingRecent(client, 'task', () => client.call('task.show', { id }));
    if (wantsJson(session)) writeJson(session, task);
    else writeLines(session, taskLines(task));
    return exitCodes.ok;
  });
}

/** Payloads longer than this are for --json. */
const MAX_PAYLOAD_CHARS = 400;

function taskLines(task: TaskView): string[] {
  const times = [
    `created ${timestamp(task.createdMs)}`,
    ...(task.startedMs === null ? [] : [`started ${timestamp(task.startedMs)}`]),
    ...(task.endedMs === null ? [] : [`ended ${timestamp(task.endedMs)}`]),
  ];
  return [
    `${task.id}  ${task.label.text}`,
    oneLine(task.name),
    `run ${task.runId}${task.node === null ? '' : `, node ${task.node}`}`,
    `needs ${task.capabilities.join(', ')}${task.agent === null ? '' : `; agent ${oneLine(task.agent)} (${task.assignment ?? 'assigned'})`}`,
    times.join(', '),
    `tries failed ${task.errors}, crashes ${task.crashes}, retry ${task.retry}, time limit ${shortDuration(task.timeoutMs)}`,
    `input  ${payload(task.input)}`,
    ...(task.result === null ? [] : [`result ${payload(task.result)}`]),
    ...(task.error === null ? [] : errorOf(task.error)),
    ...(task.isHeld ? ['its run is paused: it goes on to its next wait or try'] : []),
    ...task.waits.map(
      ({ kind, name, subject, dueMs }) =>
        `waits ${kind} ${oneLine(name)}${subject === null ? '' : ` ${oneLine(subject)}`}${dueMs === null ? '' : `, until ${timestamp(dueMs)}`}`,
    ),
    ...task.attempts.map(
      (each) =>
        `try ${each.attempt}: ${each.outcome}, agent ${oneLine(each.agent)}, ${timestamp(each.endedMs)}${each.error === null ? '' : `, ${each.error.code}: ${oneLine(each.error.message)}`}`,
    ),
  ];
}

function errorOf(error: NonNullable<TaskView['error']>): string[] {
  const [first = '', ...more] = safeLines(error.message);
  return [
    `error  ${error.code}: ${first}`,
    ...more.map((line) => `       ${line}`),
    `       ${oneLine(error.advice)}`,
  ];
}

function payload(value: Json): string {
  const text = oneLine(JSON.stringify(value));
  return text.length <= MAX_PAYLOAD_CHARS
    ? text
    : `${text.slice(0, MAX_PAYLOAD_CHARS)}… (--json shows all)`;
}

export async function taskWhyCommand(session: Session, { id }: { id: string }): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client }) => {
    const why = await suggestingRecent(client, 'task', () => client.call('task.why', { id }));
    if (wantsJson(session)) writeJson(session, why);
    else writeLines(session, [oneLine(why.answer)]);
    return exitCodes.ok;
  });
}

export async function taskCancelCommand(
  session: Session,
  { id }: { id: string },
): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client }) => {
    const answer = await suggestingRecent(client, 'task', () => client.call('task.cancel', { id }));
    if (wantsJson(session)) writeJson(session, answer);
    else writeLines(session, [`${answer.id} cancelled`]);
    return exitCodes.ok;
  });
}
