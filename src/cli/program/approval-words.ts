/** `hive approval …` */
import type { Command } from 'commander';
import { given, pageOf, textOf, withPage } from './command-parts.ts';
import type { Action } from './command-parts.ts';

const load = () => import('../commands/approval-commands.ts');

export function addApprovalCommands(program: Command, action: Action): void {
  const approval = program
    .command('approval')
    .description('approvals: list, show, approve, edit, reject');
  withPage(approval.command('list').description('list what waits for a decision'))
    .option('--all', 'also what is decided')
    .action(
      action('list approvals', async (session, { local }) =>
        (await load()).approvalListCommand(session, {
          ...pageOf(local),
          all: local['all'] === true,
        }),
      ),
    );
  approval
    .command('show <id>')
    .description('show what is asked, and the decision')
    .action(
      action('show the approval', async (session, { values }) =>
        (await load()).approvalShowCommand(session, { id: values[0] ?? '' }),
      ),
    );
  for (const { name, text } of decisions) {
    approval
      .command(`${name} <id>`)
      .description(text)
      .option('--answer <json>', 'answer to the form: JSON, or @file')
      .option('--comment <text>', 'why; kept with the decision')
      .action(
        action(`${name} it`, async (session, { values, local }) =>
          (await load()).approvalDecideCommand(session, {
            id: values[0] ?? '',
            how: name,
            ...given({ answer: textOf(local['answer']), comment: textOf(local['comment']) }),
          }),
        ),
      );
  }
}

const decisions = [
  { name: 'approve', text: 'approve, with the defaults of the form or this answer' },
  { name: 'edit', text: 'approve with some fields of the answer changed' },
  { name: 'reject', text: 'reject' },
] as const;
