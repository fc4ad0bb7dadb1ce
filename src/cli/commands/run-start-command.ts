/** `hive run start "<task>" --agents a,b` */
import type { OperationRequest } from '../../contract/index.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withHive } from '../hive-door.ts';
import type { Session } from '../session.ts';
import { followRun } from './follow-run.ts';
import { jsonArgument } from './json-argument.ts';

/** What every command that starts a run takes. */
export interface StartOptions {
  /** JSON text, or @file. */
  input?: string;
  title?: string;
  /** Of the run. */
  timeoutMs?: number;
  idempotencyKey?: string;
  waitMs?: number;
  detach: boolean;
}

export interface RunStartOptions extends StartOptions {
  task: string;
  agents: string[];
  strategy: NonNullable<OperationRequest<'run.start'>['strategy']>;
}

export async function runStartCommand(
  session: Session,
  { task, agents, strategy, ...options }: RunStartOptions,
): Promise<ExitCode> {
  return startAndFollow(session, { task, agents, strategy }, options);
}

/** Also of `workflow run`: the same start with a workflow. */
export async function startAndFollow(
  session: Session,
  what: Pick<OperationRequest<'run.start'>, 'task' | 'agents' | 'strategy' | 'workflow'>,
  { input, waitMs, detach, ...rest }: StartOptions,
): Promise<ExitCode> {
  const body = input === undefined ? {} : { input: await jsonArgument('--input', input) };
  const purpose = detach ? 'look' : 'follow';
  return withHive(session, { purpose }, async (hive) => {
    const { runId, duplicate } = await hive.client.call('run.start', { ...what, ...rest, ...body });
    return followRun(session, hive, {
      runId,
      answer: { runId, duplicate },
      detach,
      ...(waitMs === undefined ? {} : { waitMs }),
    });
  });
}
