/** `hive run retention`: how long ended runs of the project are kept, shown or set. */
import type { OperationRequest } from '../../contract/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withHive } from '../hive-door.ts';
import { wantsJson, writeJson, writeLines } from '../session.ts';
import type { Session } from '../session.ts';

export async function runRetentionCommand(
  session: Session,
  change: OperationRequest<'retention.set'>,
): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client }) => {
    const answer =
      Object.keys(change).length === 0
        ? await client.call('retention.show', {})
        : await client.call('retention.set', change);
    if (wantsJson(session)) writeJson(session, answer);
    else {
      const { days, runs, own } = answer;
      const whose = (value: number | null): string => (value === null ? 'the hive' : 'the project');
      writeLines(session, [
        `days ${days === 0 ? 'for ever' : days} (set by ${whose(own.days)})`,
        `runs ${runs ?? 'any number'} (set by ${whose(own.runs)})`,
      ]);
    }
    return exitCodes.ok;
  });
}
