/** `hive start`: the hive with its API and page, until it is told to stop. */
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withHive } from '../hive-door.ts';
import { wantsJson, writeJson, writeLines } from '../session.ts';
import type { Session } from '../session.ts';
import { untilStopped } from '../until-stopped.ts';

export async function startCommand(session: Session): Promise<ExitCode> {
  return withHive(session, { purpose: 'serve' }, async ({ url }) => {
    if (wantsJson(session)) writeJson(session, { url: url ?? null });
    else writeLines(session, [`Hivewright is ready at ${url ?? 'an unknown address'}`]);
    await untilStopped(session);
    return exitCodes.ok;
  });
}
