/** `hive workflow run | validate` */
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withHive } from '../hive-door.ts';
import { oneLine } from '../output/plain-text.ts';
import { note, wantsJson, writeJson, writeLines } from '../session.ts';
import type { Session } from '../session.ts';
import { startAndFollow } from './run-start-command.ts';
import type { StartOptions } from './run-start-command.ts';
import { readWorkflowFile } from './workflow-file.ts';

export async function workflowRunCommand(
  session: Session,
  { file, ...options }: StartOptions & { file: string },
): Promise<ExitCode> {
  return startAndFollow(session, { workflow: await readWorkflowFile(file) }, options);
}

export async function workflowValidateCommand(
  session: Session,
  { file }: { file: string },
): Promise<ExitCode> {
  const workflow = await readWorkflowFile(file);
  return withHive(session, { purpose: 'look' }, async ({ client }) => {
    const answer = await client.call('workflow.validate', { workflow });
    if (wantsJson(session)) writeJson(session, { file, ...answer });
    else {
      const { name, version, nodes, missing, cannotRun } = answer;
      writeLines(session, [
        `${oneLine(name)} version ${oneLine(version)} is valid: ${nodes} ${nodes === 1 ? 'node' : 'nodes'}`,
      ]);
      for (const set of missing) note(session, `note: no agent offers ${oneLine(set)}`);
      for (const kind of cannotRun) note(session, `note: this version cannot run ${kind} nodes`);
    }
    return exitCodes.ok;
  });
}
