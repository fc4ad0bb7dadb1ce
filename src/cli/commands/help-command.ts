/** `hive help exit-codes` and `hive help <ERROR_CODE>`. */
import { errorCodes, hiveError } from '../../contract/index.ts';
import type { ErrorCode } from '../../contract/index.ts';
import { exitCodeMeanings, exitCodeOf, exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { nearest } from '../../kernel/index.ts';
import { wantsJson, writeJson, writeLines } from '../session.ts';
import type { Session } from '../session.ts';

export function helpCommand(session: Session, topic: string): ExitCode {
  if (topic === 'exit-codes') {
    const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
    const rows = names.map((name) => ({ code: exitCodes[name], meaning: exitCodeMeanings[name] }));
    if (wantsJson(session)) writeJson(session, { exitCodes: rows });
    else
      writeLines(
        session,
        rows.map(({ code, meaning }) => `${String(code).padStart(3)}  ${meaning}`),
      );
    return exitCodes.ok;
  }
  const code = topic.toUpperCase();
  if (!Object.hasOwn(errorCodes, code)) {
    const guess = nearest(code, Object.keys(errorCodes)) ?? nearest(topic, ['exit-codes']);
    throw hiveError('USAGE', {
      message: `there is no command, error code or topic "${topic}"`,
      ...(guess === undefined ? {} : { details: { fix: [`hive help ${guess}`] } }),
    });
  }
  const entry = errorCodes[code as ErrorCode];
  const kinds = {
    retry: 'it may pass when tried again',
    stop: 'trying again does not help',
    pause: 'a person must act first',
    cancelled: 'somebody asked for it',
  } as const;
  const { kind, status, message, advice } = entry;
  const exitCode = exitCodeOf(code as ErrorCode);
  if (wantsJson(session)) writeJson(session, { code, kind, status, message, advice, exitCode });
  else {
    writeLines(session, [
      `${code}: ${message}`,
      `  What to do: ${advice}`,
      `  Kind: ${kind} (${kinds[kind]}); HTTP status ${status}; exit code ${exitCode}`,
    ]);
  }
  return exitCodes.ok;
}
