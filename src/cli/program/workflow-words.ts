/** `hive workflow …` */
import type { Command } from 'commander';
import { duration, withWaiting } from './command-parts.ts';
import type { Action } from './command-parts.ts';
import { startOptions } from './run-words.ts';

export function addWorkflowCommands(program: Command, action: Action): void {
  const workflow = program.command('workflow').description('workflows: run, validate, list');
  const run = workflow
    .command('run <file>')
    .description('run a workflow file: .yaml, .json, or a .ts of your own, which is executed')
    .option('--input <json>', 'input of the run: JSON, or @file')
    .option('--title <text>', 'what lists show')
    .option('--time-limit <time>', 'the run fails when it has not ended by then', duration)
    .option('--idempotency-key <key>', 'the same key and content start one run only');
  withWaiting(run).action(
    action('run the workflow', async (session, { values, local }) => {
      const { workflowRunCommand } = await import('../commands/workflow-commands.ts');
      return workflowRunCommand(session, { file: values[0] ?? '', ...startOptions(local) });
    }),
  );
  workflow
    .command('validate <file>')
    .description('check a workflow file without running it')
    .action(
      action('validate the workflow', async (session, { values }) => {
        const { workflowValidateCommand } = await import('../commands/workflow-commands.ts');
        return workflowValidateCommand(session, { file: values[0] ?? '' });
      }),
    );
  workflow
    .command('list')
    .description('list the files of ./workflows, and the workflows that were run')
    .action(
      action('list workflows', async (session) => {
        const { workflowListCommand } = await import('../commands/workflow-list-command.ts');
        return workflowListCommand(session);
      }),
    );
}
