/**
 * The commands and their options, as commander knows them. Nothing heavy is imported here: a command's code is loaded
 * when it runs, so that `hive --help` answers at once.
 */
import { Command, Option } from 'commander';
import type { ExitCode } from '../exit-codes.ts';
import type { Session } from '../session.ts';
import { progressKinds } from '../settings.ts';
import type { RawOptions } from '../settings.ts';
import { addApprovalCommands } from './approval-words.ts';
import { duration } from './command-parts.ts';
import type { ActionHandler, Work } from './command-parts.ts';
import { addHelpCommand, addHiveCommands } from './hive-words.ts';
import { addRunCommands } from './run-words.ts';
import { addTaskCommands } from './task-words.ts';
import { addWorkflowCommands } from './workflow-words.ts';

export interface ProgramOptions {
  version: string;
  write: { out(text: string): void; err(text: string): void };
  /** Runs a command's code; `doing` completes the sentence 'Cannot …'. */
  run(request: {
    doing: string;
    globals: RawOptions;
    work: (session: Session) => Promise<ExitCode> | ExitCode;
  }): Promise<void>;
}

export function createProgram(options: ProgramOptions): Command {
  const program = new Command('hive')
    .description(
      'Runs a workforce of agents on your own machine: durable tasks that survive a crash.',
    )
    .version(options.version, '-V, --version', 'print the version')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        options.write.out(text);
      },
      // Shown once, in the product's own format, by whoever catches the error.
      writeErr: () => undefined,
    });
  addGlobalOptions(program);
  const action = (doing: string, work: Work): ActionHandler => {
    return (...args) => {
      const values = args.slice(0, -2) as (string | undefined)[];
      const local = args.at(-2) as RawOptions;
      const globals = program.opts<RawOptions>();
      return options.run({ doing, globals, work: (session) => work(session, { values, local }) });
    };
  };
  addHiveCommands(program, action);
  addRunCommands(program, action);
  addWorkflowCommands(program, action);
  addApprovalCommands(program, action);
  addTaskCommands(program, action);
  addHelpCommand(program, action);
  return program;
}

function addGlobalOptions(program: Command): void {
  program
    .option('--json', 'print one JSON document')
    .option('--jsonl', 'print JSON on one line each')
    .option('-q, --ids', 'print ids only')
    .option('--quiet', 'print nothing but the answer')
    .option('-v, --verbose', 'print more')
    .option('--debug', 'print stack traces')
    .option('--data <dir>', 'data directory (HIVE_DATA)')
    .option('--port <port>', 'port of the API (API_PORT)')
    .option('--url <url>', 'hive to talk to (HIVE_URL)')
    .option('--color', 'colour even into a pipe')
    .option('--no-color', 'no colour')
    .option('--ascii', 'plain characters only')
    .addOption(
      new Option('--progress <kind>', 'how to show progress')
        .choices(progressKinds)
        .default('auto'),
    )
    .option('--no-input', 'never ask')
    .option('--timeout <time>', 'give up waiting after this time', duration)
    .option('--threads <n>', 'worker threads (HIVE_THREADS)')
    .option('--concurrency <n>', 'tasks at the same time (HIVE_CONCURRENCY)')
    .option('--distribution <name>', 'how agents are chosen (DISTRIBUTION_STRATEGY)')
    .option('--log-level <level>', 'least level that is logged (HIVE_LOG_LEVEL)');
}
