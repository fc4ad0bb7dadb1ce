/** `hive run …` */
import { Argument, Option } from 'commander';
import type { Command } from 'commander';
import type { OperationRequest } from '../../contract/index.ts';
import {
  count,
  duration,
  given,
  names,
  numberOf,
  pageOf,
  textOf,
  withState,
  withWaiting,
} from './command-parts.ts';
import type { Action, ById } from './command-parts.ts';

type Strategy = NonNullable<OperationRequest<'run.start'>['strategy']>;
/** Written out: the schema library would be loaded for every command. */
const strategies = ['sequential', 'parallel', 'adaptive'] as const satisfies readonly Strategy[];

export function addRunCommands(program: Command, action: Action): void {
  const run = program
    .command('run')
    .description('runs: start, look at, steer, do again, compare, export, prune');
  addStart(run, action);
  withState(run.command('list').description('list runs, newest first'))
    .option('--children', 'also child runs')
    .action(
      action('list runs', async (session, { local }) =>
        (await looking()).runListCommand(session, {
          ...pageOf(local),
          ...(local['children'] === true ? { children: true } : {}),
        }),
      ),
    );
  const one = (name: string, text: string, load: () => Promise<ById>): void => {
    run
      .command(`${name} <id>`)
      .description(text)
      .action(
        action(`${name} the run`, async (session, { values }) =>
          (await load())(session, { id: values[0] ?? '' }),
        ),
      );
  };
  one(
    'show',
    'show a run: its nodes, and what it waits for',
    async () => (await looking()).runShowCommand,
  );
  one(
    'watch',
    'follow a run until it ends; exit code 6 when it does not end well',
    async () => (await looking()).runWatchCommand,
  );
  one('cancel', 'cancel a run', async () => (await looking()).runCancelCommand);
  one('pause', 'start nothing new of a run', async () => (await steering()).runPauseCommand);
  one('resume', 'let a paused run go on', async () => (await steering()).runResumeCommand);
  addAgain(run, action);
  addReading(run, action);
  addPrune(run, action);
  addRetention(run, action);
}

const looking = () => import('../commands/run-commands.ts');
const steering = () => import('../commands/run-verb-commands.ts');

function addStart(run: Command, action: Action): void {
  const start = run
    .command('start <task>')
    .description('have agents work on a task, without a workflow file')
    .requiredOption('--agents <names>', 'names of agents, separated by commas', names)
    .addOption(
      new Option('--strategy <name>', 'one after the other, side by side, or as results demand')
        .choices(strategies)
        .default('sequential'),
    )
    .option('--input <json>', 'input of the run: JSON, or @file')
    .option('--title <text>', 'what lists show')
    .option('--time-limit <time>', 'the run fails when it has not ended by then', duration)
    .option('--idempotency-key <key>', 'the same key and content start one run only');
  withWaiting(start).action(
    action('start the run', async (session, { values, local }) => {
      const { runStartCommand } = await import('../commands/run-start-command.ts');
      return runStartCommand(session, {
        task: values[0] ?? '',
        agents: local['agents'] as string[],
        strategy: strategies.find((each) => each === local['strategy']) ?? 'sequential',
        ...startOptions(local),
      });
    }),
  );
}

/** What every command that starts a run takes. */
export function startOptions(local: Readonly<Record<string, unknown>>) {
  return {
    ...given({
      input: textOf(local['input']),
      title: textOf(local['title']),
      timeoutMs: numberOf(local['timeLimit']),
      idempotencyKey: textOf(local['idempotencyKey']),
      waitMs: numberOf(local['wait']),
    }),
    detach: local['detach'] === true,
  };
}

function addAgain(run: Command, action: Action): void {
  run
    .command('retry <id>')
    .description('do again what failed or was cancelled, as a new run that keeps what succeeded')
    .option('--fresh', 'without the recorded steps of what is done again; effects are kept')
    .action(
      action('retry the run', async (session, { values, local }) =>
        (await steering()).runRetryCommand(session, {
          id: values[0] ?? '',
          fresh: local['fresh'] === true,
        }),
      ),
    );
  run
    .command('fork <id>')
    .description('begin a new run from a place in another one, with other input if wanted')
    .option('--from <place>', 'node, node#item or node:step; without it everything is done anew')
    .option('--input <json>', 'input of the new run: JSON, or @file')
    .option('--node-input <json>', 'input of the node that it begins at: JSON, or @file')
    .action(
      action('fork the run', async (session, { values, local }) =>
        (await steering()).runForkCommand(session, {
          id: values[0] ?? '',
          ...given({
            from: textOf(local['from']),
            input: textOf(local['input']),
            nodeInput: textOf(local['nodeInput']),
          }),
        }),
      ),
    );
  run
    .command('signal <id> <event>')
    .description('send an event to a run')
    .addArgument(new Argument('[payload]', 'data of the event: JSON, or @file'))
    .option('--key <key>', 'the same key is delivered once')
    .action(
      action('send the event', async (session, { values, local }) =>
        (await steering()).runSignalCommand(session, {
          id: values[0] ?? '',
          name: values[1] ?? '',
          ...given({ payload: values[2], key: textOf(local['key']) }),
        }),
      ),
    );
  run
    .command('replay <id>')
    .description('check that the code still does what the run recorded; calls and writes nothing')
    .action(
      action('replay the run', async (session, { values }) =>
        (await steering()).runReplayCommand(session, { id: values[0] ?? '' }),
      ),
    );
}

function addReading(run: Command, action: Action): void {
  run
    .command('diff <a> <b>')
    .description('compare two runs node by node')
    .action(
      action('compare the runs', async (session, { values }) => {
        const { runDiffCommand } = await import('../commands/run-diff-command.ts');
        return runDiffCommand(session, { a: values[0] ?? '', b: values[1] ?? '' });
      }),
    );
  run
    .command('export <id>')
    .description('print a whole run as one JSON document')
    .option('--out <file>', 'write it to this file instead')
    .action(
      action('export the run', async (session, { values, local }) => {
        const { runExportCommand } = await import('../commands/run-export-command.ts');
        return runExportCommand(session, {
          id: values[0] ?? '',
          ...given({ out: textOf(local['out']) }),
        });
      }),
    );
}

function addPrune(run: Command, action: Action): void {
  run
    .command('prune')
    .description('delete runs that ended long ago, with everything that belongs to them')
    .requiredOption('--older-than <time>', 'ended longer ago than this, e.g. 30d', duration)
    .option('--keep <n>', 'the newest ended runs that stay in any case', count)
    .option('--dry-run', 'only count')
    .action(
      action('prune runs', async (session, { local }) => {
        const { runPruneCommand } = await import('../commands/run-prune-command.ts');
        return runPruneCommand(session, {
          olderThanMs: numberOf(local['olderThan']) ?? 0,
          ...given({ keep: numberOf(local['keep']) }),
          dryRun: local['dryRun'] === true,
        });
      }),
    );
}

function addRetention(run: Command, action: Action): void {
  const orDefault = (text: string): number | string => (text === 'default' ? text : count(text));
  const numberFor = (name: string, value: unknown): object =>
    value === undefined ? {} : { [name]: value === 'default' ? null : value };
  run
    .command('retention')
    .description('show how long ended runs of the project are kept, or set it')
    .option('--days <n>', 'days; 0 keeps them for ever; default: as the hive', orDefault)
    .option('--runs <n>', 'ended runs that are kept at most; default: as the hive', orDefault)
    .action(
      action('change the retention', async (session, { local }) => {
        const { runRetentionCommand } = await import('../commands/run-retention-command.ts');
        return runRetentionCommand(session, {
          ...numberFor('days', local['days']),
          ...numberFor('runs', local['runs']),
        });
      }),
    );
}
