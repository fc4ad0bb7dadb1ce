/** `hive task requeue | resolve`: for tasks that cannot go on without a person. */
import { hiveError } from '../../contract/index.ts';
import type { OperationRequest } from '../../contract/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withHive } from '../hive-door.ts';
import { suggestingRecent } from '../recent-ids.ts';
import { note, wantsJson, writeJson, writeLines } from '../session.ts';
import type { Session } from '../session.ts';
import { jsonArgument } from './json-argument.ts';
import { noteIdle } from './run-verb-commands.ts';

export async function taskRequeueCommand(
  session: Session,
  request: { id: string; fresh: boolean },
): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client, mode }) => {
    const answer = await suggestingRecent(client, 'task', () =>
      client.call('task.requeue', request),
    );
    if (wantsJson(session)) writeJson(session, { ...answer, from: request.id });
    else writeLines(session, [answer.taskId]);
    if (answer.taskId !== request.id) note(session, `a new task: ${request.id} had ended`);
    noteIdle(session, mode);
    return exitCodes.ok;
  });
}

export interface ResolveOptions {
  id: string;
  /** The flags that were given. */
  chosen: readonly OperationRequest<'task.resolve'>['resolution'][];
  /** JSON text, or @file. */
  result?: string;
}

export async function taskResolveCommand(
  session: Session,
  { id, chosen, result }: ResolveOptions,
): Promise<ExitCode> {
  const [resolution, ...others] = chosen;
  if (resolution === undefined || others.length > 0) {
    throw hiveError('USAGE', {
      message: 'say what became of the effect: exactly one of --done, --retry, --fail',
      details: { fix: [`hive task why ${id}   tells which effect it is`] },
    });
  }
  const request = {
    id,
    resolution,
    ...(result === undefined ? {} : { result: await jsonArgument('--result', result) }),
  };
  return withHive(session, { purpose: 'look' }, async ({ client, mode }) => {
    const answer = await suggestingRecent(client, 'task', () =>
      client.call('task.resolve', request),
    );
    if (wantsJson(session)) writeJson(session, answer);
    else writeLines(session, [`${answer.id} resolved: ${answer.resolution}`]);
    noteIdle(session, mode);
    return exitCodes.ok;
  });
}
