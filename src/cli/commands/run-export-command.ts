/** `hive run export <id>`: one JSON document, also without --json, because there is no other form of it. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hiveError } from '../../contract/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withHive } from '../hive-door.ts';
import { suggestingRecent } from '../recent-ids.ts';
import { note, wantsJson, writeJson, writeLines } from '../session.ts';
import type { Session } from '../session.ts';

export async function runExportCommand(
  session: Session,
  { id, out }: { id: string; out?: string },
): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client }) => {
    const document = await suggestingRecent(client, 'run', () => client.call('run.export', { id }));
    if (!document.isComplete) note(session, 'note: the run has more tasks than one document holds');
    if (out === undefined) {
      writeJson(session, document);
      return exitCodes.ok;
    }
    const file = path.resolve(out);
    await save(file, `${JSON.stringify(document, null, 2)}\n`);
    if (wantsJson(session)) writeJson(session, { runId: id, file });
    else writeLines(session, [file]);
    return exitCodes.ok;
  });
}

async function save(file: string, text: string): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw hiveError('PATH_INVALID', {
      message: `${file} cannot be written (${why})`,
      cause: error,
      details: { fix: ['choose a folder that this user may write to'] },
    });
  }
}
