/** `hive run pause | resume | retry | fork | signal | replay` */
import { hiveError } from '../../contract/index.ts';
import type { OperationOutput, OperationRequest } from '../../contract/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withHive } from '../hive-door.ts';
import type { OpenHive } from '../hive-door.ts';
import { shortDuration } from '../output/durations.ts';
import { oneLine } from '../output/plain-text.ts';
import { suggestingRecent } from '../recent-ids.ts';
import { note, wantsJson, writeJson, writeLines } from '../session.ts';
import type { Session } from '../session.ts';
import { jsonArgument } from './json-argument.ts';

export async function runPauseCommand(session: Session, { id }: { id: string }): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client }) => {
    const answer = await suggestingRecent(client, 'run', () => client.call('run.pause', { id }));
    tell(session, answer, `${answer.id} paused; go on with: hive run resume ${answer.id}`);
    return exitCodes.ok;
  });
}

export async function runResumeCommand(
  session: Session,
  { id }: { id: string },
): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client, mode }) => {
    const answer = await suggestingRecent(client, 'run', () => client.call('run.resume', { id }));
    tell(session, answer, `${answer.id} goes on`);
    noteIdle(session, mode);
    return exitCodes.ok;
  });
}

export async function runRetryCommand(
  session: Session,
  request: { id: string; fresh: boolean },
): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client, mode }) => {
    const answer = await suggestingRecent(client, 'run', () => client.call('run.retry', request));
    tell(session, { ...answer, from: request.id }, answer.runId);
    noteStarted(session, mode, answer.runId);
    return exitCodes.ok;
  });
}

export interface RunForkOptions {
  id: string;
  /** node, node#item, node:step, node#item:step or node:step#occurrence. */
  from?: string;
  input?: string;
  nodeInput?: string;
}

export async function runForkCommand(
  session: Session,
  { id, from, input, nodeInput }: RunForkOptions,
): Promise<ExitCode> {
  const request: OperationRequest<'run.fork'> = {
    id,
    ...(from === undefined ? {} : { from: forkPoint(from) }),
    ...(input === undefined ? {} : { input: await jsonArgument('--input', input) }),
    ...(nodeInput === undefined
      ? {}
      : { nodeInput: await jsonArgument('--node-input', nodeInput) }),
  };
  return withHive(session, { purpose: 'look' }, async ({ client, mode }) => {
    const answer = await suggestingRecent(client, 'run', () => client.call('run.fork', request));
    tell(session, { ...answer, from: id }, answer.runId);
    noteStarted(session, mode, answer.runId);
    return exitCodes.ok;
  });
}

/** `review`, `each#3`, `review:draft`, `each#3:draft`, `review:draft#2` (the third use of that step). Throws USAGE. */
export function forkPoint(text: string): NonNullable<OperationRequest<'run.fork'>['from']> {
  const match = /^([a-z][a-z0-9_-]*)(?:#(\d{1,9}))?(?::(.+?)(?:#(\d{1,9}))?)?$/.exec(text);
  const [, node, item, step, occurrence] = match ?? [];
  if (node === undefined) {
    throw hiveError('USAGE', {
      message: `--from ${text} names no place`,
      details: { fix: ['--from node   or node#item, node:step, node#item:step'] },
    });
  }
  return {
    node,
    ...(item === undefined ? {} : { item: Number(item) }),
    ...(step === undefined ? {} : { step }),
    ...(occurrence === undefined ? {} : { occurrence: Number(occurrence) }),
  };
}

export interface RunSignalOptions {
  id: string;
  name: string;
  payload?: string;
  key?: string;
}

export async function runSignalCommand(
  session: Session,
  { id, name, payload, key }: RunSignalOptions,
): Promise<ExitCode> {
  const request = {
    id,
    name,
    ...(payload === undefined ? {} : { data: await jsonArgument('the payload', payload) }),
    ...(key === undefined ? {} : { idempotencyKey: key }),
  };
  return withHive(session, { purpose: 'look' }, async ({ client, mode }) => {
    const answer = await suggestingRecent(client, 'run', () => client.call('run.signal', request));
    const where = answer.delivered ? 'delivered' : 'kept until something waits for it';
    tell(session, answer, `${oneLine(answer.name)} ${where}`);
    if (answer.delivered) noteIdle(session, mode);
    return exitCodes.ok;
  });
}

export async function runReplayCommand(
  session: Session,
  { id }: { id: string },
): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client }) => {
    const report = await suggestingRecent(client, 'run', () => client.call('run.replay', { id }));
    if (wantsJson(session)) writeJson(session, report);
    else writeLines(session, replayLines(report));
    return report.diverged === 0 ? exitCodes.ok : exitCodes.unsuccessful;
  });
}

function replayLines(report: OperationOutput<'run.replay'>): string[] {
  const diverged = report.tasks.filter(({ verdict }) => verdict === 'diverged');
  return [
    `${report.runId}: ${report.same} same, ${report.diverged} diverged, ${report.skipped} skipped, in ${shortDuration(report.durationMs)}`,
    ...diverged.map(
      ({ taskId, node, item, error }) =>
        `  diverged ${taskId} ${node ?? ''}${item === null ? '' : `#${item}`}${error === null ? '' : `: ${error.code}: ${oneLine(error.message)}`}`,
    ),
  ];
}

function tell(session: Session, document: object, line: string): void {
  if (wantsJson(session)) writeJson(session, document);
  else writeLines(session, [line]);
}

function noteStarted(session: Session, mode: OpenHive['mode'], runId: string): void {
  note(session, `a new run; follow it with: hive run watch ${runId}`);
  noteIdle(session, mode);
}

/** A hive that lives in this command only answers. */
export function noteIdle(session: Session, mode: OpenHive['mode']): void {
  if (mode === 'embedded') note(session, 'it is worked on while a hive runs: hive start');
}
