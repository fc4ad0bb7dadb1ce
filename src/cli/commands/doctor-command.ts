/** `hive doctor`: what is well and what to mend. Also answers where no hive can be opened: that is when it is needed. */
import { toHiveError } from '../../contract/index.ts';
import type { DoctorCheck, Tone } from '../../contract/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withHive } from '../hive-door.ts';
import { oneLine } from '../output/plain-text.ts';
import { paintFor } from '../output/paint.ts';
import { hasColor, wantsJson, writeJson, writeLines } from '../session.ts';
import type { Session } from '../session.ts';

export async function doctorCommand(session: Session): Promise<ExitCode> {
  const answer = await examine(session);
  if (wantsJson(session)) writeJson(session, answer);
  else
    writeLines(
      session,
      answer.checks.flatMap((check) => checkLines(session, check)),
    );
  return answer.isHealthy ? exitCodes.ok : exitCodes.failed;
}

async function examine(
  session: Session,
): Promise<{ checks: readonly DoctorCheck[]; isHealthy: boolean }> {
  try {
    return await withHive(session, { purpose: 'look' }, ({ client }) =>
      client.call('hive.doctor', {}),
    );
  } catch (thrown) {
    const { code, message, advice } = toHiveError(thrown);
    const checks: DoctorCheck[] = [
      { name: 'node', status: 'ok', message: `Node ${process.version}`, fix: null },
      { name: 'hive', status: 'fail', message: `${message} (${code})`, fix: advice },
    ];
    return { checks, isHealthy: false };
  }
}

const tones: Readonly<Record<DoctorCheck['status'], Tone>> = {
  ok: 'success',
  warn: 'warning',
  fail: 'danger',
};

function checkLines(session: Session, { name, status, message, fix }: DoctorCheck): string[] {
  const paint = paintFor(hasColor(session, session.terminal.out));
  const line = `${paint.tone(tones[status], status.padEnd(4))}  ${name.padEnd(13)} ${oneLine(message)}`;
  return fix === null || status === 'ok' ? [line] : [line, `      fix: ${oneLine(fix)}`];
}
