/** Follows one run to its end, showing progress. Ends early when the user interrupts or --timeout is over. */
import { hiveError, isHiveError, operationLimits } from '../contract/index.ts';
import type { OperationOutput, RunView } from '../contract/index.ts';
import { systemClock } from '../kernel/index.ts';
import type { HiveClient } from '../client/index.ts';
import type { Session } from './session.ts';
import type { ProgressKind } from './settings.ts';
import { openProgress } from './tree/progress-view.ts';
import type { ProgressView } from './tree/progress-view.ts';

export interface WatchOptions {
  client: HiveClient;
  runId: string;
  /** 'start': everything that happened; 'now': only what comes. */
  from: 'start' | 'now';
  linesTo: 'out' | 'err';
  /** What an interrupt does, for the tree's footer. */
  hint: string;
  /** Told once the view is up, to print above it. */
  onOpen?(view: ProgressView): void;
}

export type WatchEnd = { kind: 'over'; run: RunView } | { kind: 'interrupted' };

export async function watchRun(session: Session, options: WatchOptions): Promise<WatchEnd> {
  const { client, runId, from } = options;
  const kind = await progressKind(session, options.linesTo);
  const view = openProgress({ session, clock: systemClock, kind, ...options });
  const deadline = deadlineOf(session);
  let cursor: string | undefined = from === 'now' ? 'head' : undefined;
  let heard: number | undefined;
  let mark: string | undefined;
  try {
    options.onOpen?.(view);
    while (!session.signal.aborted) {
      const waitMs = Math.min(operationLimits.watchMs, Math.max(0, deadline - systemClock.mono()));
      const answer = await ask(session, client, {
        id: runId,
        cursor,
        heard,
        mark,
        waitMs: Math.floor(waitMs),
      });
      if (answer === undefined) break;
      view.update(answer);
      if (answer.isOver) return { kind: 'over', run: answer.run };
      cursor = answer.cursor ?? cursor;
      ({ heard, mark } = answer);
      if (systemClock.mono() >= deadline) throw tooLate(session, answer.run);
    }
    return { kind: 'interrupted' };
  } finally {
    view.close();
  }
}

/** One long poll; undefined when the user interrupted it. */
async function ask(
  session: Session,
  client: HiveClient,
  request: {
    id: string;
    cursor: string | undefined;
    heard: number | undefined;
    mark: string | undefined;
    waitMs: number;
  },
): Promise<OperationOutput<'run.watch'> | undefined> {
  const { id, cursor, heard, mark, waitMs } = request;
  try {
    const wanted = {
      id,
      waitMs,
      ...(cursor === undefined ? {} : { cursor }),
      ...(heard === undefined ? {} : { heard }),
      ...(mark === undefined ? {} : { mark }),
    };
    return await client.call('run.watch', wanted, { signal: session.signal });
  } catch (error) {
    if (session.signal.aborted && isHiveError(error)) return undefined;
    throw error;
  }
}

const deadlineOf = ({ settings }: Session): number =>
  settings.timeoutMs === null ? Infinity : systemClock.mono() + settings.timeoutMs;

function tooLate({ settings }: Session, run: RunView): Error {
  const seconds = (settings.timeoutMs ?? 0) / 1_000;
  return hiveError('TIMEOUT', { message: `${run.id} is still ${run.state} after ${seconds} s` });
}

/** A tree only where it can be repainted and somebody looks at it. */
async function progressKind(
  { settings, terminal, door }: Session,
  linesTo: 'out' | 'err',
): Promise<Exclude<ProgressKind, 'auto'>> {
  if (settings.progress !== 'auto') return settings.progress;
  if (linesTo === 'out' && (settings.json || settings.jsonl)) return 'json';
  if (settings.quiet && linesTo === 'err') return 'none';
  if (!terminal.err.isTerminal || !terminal.out.isTerminal) return 'plain';
  const { terminalFacts } = await door();
  const { isDumb, isCi } = terminalFacts();
  return isDumb || isCi ? 'plain' : 'tree';
}
