/** `hive version` */
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { wantsJson, writeJson, writeLines } from '../session.ts';
import type { Session } from '../session.ts';

export function versionCommand(session: Session): ExitCode {
  const { version } = session;
  if (wantsJson(session)) writeJson(session, { version, node: process.version });
  else writeLines(session, [`hivewright ${version}, node ${process.version}`]);
  return exitCodes.ok;
}
