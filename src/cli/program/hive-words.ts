/** The commands about the hive as a whole, and the inspection. */
import type { Command } from 'commander';
import { textOf } from './command-parts.ts';
import type { Action } from './command-parts.ts';

export function addHiveCommands(program: Command, action: Action): void {
  program
    .command('start')
    .description('start the hive with its API and page, until Ctrl+C')
    .action(
      action('start the hive', async (session) => {
        const { startCommand } = await import('../commands/start-command.ts');
        return startCommand(session);
      }),
    );
  program
    .command('main')
    .description('start the hive, inspect a directory, stay up (npm start)')
    .argument('[path]', 'directory to inspect', '.')
    .action(
      action('run the hive', async (session, { values }) => {
        const { mainCommand } = await import('../commands/main-command.ts');
        return mainCommand(session, { path: values[0] ?? '.' });
      }),
    );
  program
    .command('inspect')
    .description('inspect a directory and write a report')
    .argument('<path>', 'directory to inspect')
    .option('--sarif <file>', 'also write the SARIF report to this file')
    .option('--output <dir>', 'also write the reports into this directory')
    .action(
      action('inspect the directory', async (session, { values, local }) => {
        const { inspectCommand } = await import('../commands/inspect.ts');
        const sarif = textOf(local['sarif']);
        const output = textOf(local['output']);
        return inspectCommand(session, {
          path: values[0] ?? '.',
          ...(sarif === undefined ? {} : { sarif }),
          ...(output === undefined ? {} : { output }),
        });
      }),
    );
  program
    .command('doctor')
    .description('check the hive and say what to mend')
    .action(
      action('examine the hive', async (session) => {
        const { doctorCommand } = await import('../commands/doctor-command.ts');
        return doctorCommand(session);
      }),
    );
  program
    .command('version')
    .description('print the version')
    .action(
      action('print the version', async (session) => {
        const { versionCommand } = await import('../commands/version-command.ts');
        return versionCommand(session);
      }),
    );
}

export function addHelpCommand(program: Command, action: Action): void {
  program
    .command('help [topic...]')
    .description('help for a command, for exit-codes, or for an error code')
    .action((topics: string[], ...rest: unknown[]) => {
      const [first] = topics;
      if (first === undefined) return program.help();
      let command: Command | undefined = program;
      for (const topic of topics) command = command?.commands.find((each) => each.name() === topic);
      if (command !== undefined) return command.help();
      const tell = action('help', async (session) => {
        const { helpCommand } = await import('../commands/help-command.ts');
        return helpCommand(session, first);
      });
      return tell(...rest);
    });
}
