/**
 * The commands and their options, as commander knows them. Nothing heavy is imported here: a command's code is loaded
 * when it runs, so that `hive --help` answers at once.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ExitCode } from './exit-codes.ts';
import type { Session } from './session.ts';
import { parseDuration, progressKinds } from './settings.ts';
import type { RawOptions } from './settings.ts';

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
  addTaskCommands(program, action);
  addHelpCommand(program, action);
  return program;
}

interface Given {
  /** Arguments in their order. */
  values: readonly (string | undefined)[];
  local: RawOptions;
}
type Work = (session: Session, given: Given) => Promise<ExitCode> | ExitCode;
type ActionHandler = (...args: unknown[]) => Promise<void>;
type Action = (doing: string, work: Work) => ActionHandler;

function addGlobalOptions(program: Command): void {
  const duration = (text: string): number => {
    const ms = parseDuration(text);
    if (ms === undefined) throw new InvalidArgumentError('Use a time such as 90, 30s, 5m or 2h.');
    return ms;
  };
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
    .option('--strategy <name>', 'how agents are chosen (DISTRIBUTION_STRATEGY)')
    .option('--log-level <level>', 'least level that is logged (HIVE_LOG_LEVEL)');
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** The object without what was not given: a missing option must not override a default. */
function given<Fields extends object>(
  fields: Fields,
): { [K in keyof Fields]: Exclude<Fields[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof Fields]: Exclude<Fields[K], undefined> };
}

function addHiveCommands(program: Command, action: Action): void {
  program
    .command('start')
    .description('start the hive with its API and page, until Ctrl+C')
    .action(
      action('start the hive', async (session) => {
        const { startCommand } = await import('./commands/start-command.ts');
        return startCommand(session);
      }),
    );
  program
    .command('main')
    .description('start the hive, inspect a directory, stay up (npm start)')
    .argument('[path]', 'directory to inspect', '.')
    .action(
      action('run the hive', async (session, { values }) => {
        const { mainCommand } = await import('./commands/main-command.ts');
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
        const { inspectCommand } = await import('./commands/inspect.ts');
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
        const { doctorCommand } = await import('./commands/doctor-command.ts');
        return doctorCommand(session);
      }),
    );
  program
    .command('version')
    .description('print the version')
    .action(
      action('print the version', async (session) => {
        const { versionCommand } = await import('./commands/version-command.ts');
        return versionCommand(session);
      }),
    );
}

const withPage = (command: Command): Command =>
  command
    .option('--limit <n>', 'how many', (text) => Number(text))
    .option('--cursor <cursor>', 'go on after the page before')
    .option('--state <state>', 'only those in this state');

/** Checked against the operation's schema by whoever answers. */
const pageOf = ({ limit, cursor, state }: RawOptions): object => given({ limit, cursor, state });

function addRunCommands(program: Command, action: Action): void {
  const run = program.command('run').description('runs: list, show, watch, cancel');
  withPage(run.command('list').description('list runs, newest first')).action(
    action('list runs', async (session, { local }) => {
      const { runListCommand } = await import('./commands/run-commands.ts');
      return runListCommand(session, pageOf(local));
    }),
  );
  run
    .command('show <id>')
    .description('show a run and the progress of its nodes')
    .action(
      action('show the run', async (session, { values }) => {
        const { runShowCommand } = await import('./commands/run-commands.ts');
        return runShowCommand(session, { id: values[0] ?? '' });
      }),
    );
  run
    .command('watch <id>')
    .description('follow a run until it ends; exit code 6 when it does not end well')
    .action(
      action('watch the run', async (session, { values }) => {
        const { runWatchCommand } = await import('./commands/run-commands.ts');
        return runWatchCommand(session, { id: values[0] ?? '' });
      }),
    );
  run
    .command('cancel <id>')
    .description('cancel a run')
    .action(
      action('cancel the run', async (session, { values }) => {
        const { runCancelCommand } = await import('./commands/run-commands.ts');
        return runCancelCommand(session, { id: values[0] ?? '' });
      }),
    );
}

function addTaskCommands(program: Command, action: Action): void {
  const task = program.command('task').description('tasks: create, list, show, why, cancel');
  task
    .command('create <name>')
    .description('create a single task')
    .requiredOption('--needs <capability...>', 'capabilities that its agent must have')
    .option('--input <json>', 'its input: JSON, or @file')
    .option('--type <type>', 'its type')
    .option('--description <text>', 'what it is about')
    .option('--priority <n>', '-100 to 100; higher goes first', (text) => Number(text))
    .option('--retry <preset>', 'default, seeds-1-2, seeds-2-4-8 or none')
    .option('--time-limit <time>', 'of one try', (text) => parseDuration(text) ?? Number.NaN)
    .option('--delay <time>', 'start after this time', (text) => parseDuration(text) ?? Number.NaN)
    .option('--concurrency-key <key>', 'tasks with the same key share one limit')
    .option('--idempotency-key <key>', 'the same key and content create one task only')
    .option('--wait', 'wait for its end and print its result', false)
    .action(
      action('create the task', async (session, { values, local }) => {
        const { taskCreateCommand } = await import('./commands/task-commands.ts');
        const { needs, timeLimit, delay, wait, ...rest } = local;
        return taskCreateCommand(session, {
          ...given({ ...rest, timeoutMs: timeLimit as number, delayMs: delay as number }),
          name: values[0] ?? '',
          capabilities: needs as string[],
          wait: wait === true,
        });
      }),
    );
  withPage(task.command('list').description('list tasks, newest first'))
    .option('--run <id>', 'only those of this run')
    .action(
      action('list tasks', async (session, { local }) => {
        const { taskListCommand } = await import('./commands/task-commands.ts');
        const run = textOf(local['run']);
        return taskListCommand(session, {
          ...pageOf(local),
          ...(run === undefined ? {} : { run }),
        });
      }),
    );
  const one = (name: string, text: string, load: () => Promise<ById>): void => {
    task
      .command(`${name} <id>`)
      .description(text)
      .action(
        action(text, async (session, { values }) =>
          (await load())(session, { id: values[0] ?? '' }),
        ),
      );
  };
  one('show', 'show the task and its attempts', async () => (await tasks()).taskShowCommand);
  one('why', 'say why the task is waiting', async () => (await tasks()).taskWhyCommand);
  one('cancel', 'cancel the task', async () => (await tasks()).taskCancelCommand);
}

type ById = (session: Session, given: { id: string }) => Promise<ExitCode>;
const tasks = () => import('./commands/task-commands.ts');

function addHelpCommand(program: Command, action: Action): void {
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
        const { helpCommand } = await import('./commands/help-command.ts');
        return helpCommand(session, first);
      });
      return tell(...rest);
    });
}
