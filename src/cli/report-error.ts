/** Shows an error to the user and gives the exit code that stands for it. */
import type { ErrorCode, HiveError } from '../contract/index.ts';
import { exitCodeOf } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { describeError, errorLines } from './output/error-format.ts';
import { paintFor } from './output/paint.ts';
import { hasColor, wantsJson, writeJson } from './session.ts';
import type { Session } from './session.ts';

/** The command did what it could: it is the work that did not end, or not well. */
const happened: Readonly<Partial<Record<ErrorCode, string>>> = {
  RUN_FAILED: 'The run did not end well',
  TIMEOUT: 'Not over in time',
};

export function reportError(session: Session, error: HiveError): ExitCode {
  const { terminal, settings } = session;
  const shown = describeError(error, happened[error.code] ?? `Cannot ${session.doing}`);
  if (wantsJson(session)) writeJson(session, { error: shown });
  const lines = errorLines(shown, paintFor(hasColor(session, terminal.err)));
  if (settings.debug) lines.push(...stackLines(error));
  terminal.err.write(`${lines.join('\n')}\n`);
  return exitCodeOf(error.code);
}

/** Only with --debug, and with every cause. */
function stackLines(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const own = (error.stack ?? error.message).split('\n').map((line) => `  ${line}`);
  return error.cause === undefined ? own : [...own, '  caused by', ...stackLines(error.cause)];
}
