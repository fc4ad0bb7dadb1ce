/** `hive task …` */
import type { Command } from 'commander';
import {
  count,
  duration,
  given,
  numberOf,
  pageOf,
  textOf,
  withState,
  withWaiting,
} from './command-parts.ts';
import type { Action, ById } from './command-parts.ts';

export function addTaskCommands(program: Command, action: Action): void {
  const task = program
    .command('task')
    .description('tasks: create, batch, list, show, why, cancel, requeue, resolve');
  task
    .command('create <name>')
    .description('create a single task')
    .requiredOption('--needs <capability...>', 'capabilities that its agent must have')
    .option('--input <json>', 'its input: JSON, or @file')
    .option('--type <type>', 'its type')
    .option('--description <text>', 'what it is about')
    .option('--priority <n>', '-100 to 100; higher goes first', (text) => Number(text))
    .option('--retry <preset>', 'default, seeds-1-2, seeds-2-4-8 or none')
    .option('--time-limit <time>', 'of one try', duration)
    .option('--delay <time>', 'start after this time', duration)
    .option('--concurrency-key <key>', 'tasks with the same key share one limit')
    .option('--idempotency-key <key>', 'the same key and content create one task only')
    .option('--wait', 'wait for its end and print its result', false)
    .action(
      action('create the task', async (session, { values, local }) => {
        const { taskCreateCommand } = await import('../commands/task-commands.ts');
        const { needs, timeLimit, delay, wait, ...rest } = local;
        return taskCreateCommand(session, {
          ...given({ ...rest, timeoutMs: timeLimit as number, delayMs: delay as number }),
          name: values[0] ?? '',
          capabilities: needs as string[],
          wait: wait === true,
        });
      }),
    );
  withState(task.command('list').description('list tasks, newest first'))
    .option('--run <id>', 'only those of this run')
    .action(
      action('list tasks', async (session, { local }) => {
        const { taskListCommand } = await import('../commands/task-commands.ts');
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
  addBatch(task, action);
  addMending(task, action);
}

function addBatch(task: Command, action: Action): void {
  const batch = task
    .command('batch <file>')
    .description(
      'create many tasks as one run: one JSON object per line, {"needs": […], "input": {…}}',
    )
    .option('--at-once <n>', 'of each kind, at most so many at the same time', count)
    .option('--title <text>', 'what lists show')
    .option('--idempotency-key <key>', 'the same key and content start one run only');
  withWaiting(batch).action(
    action('create the tasks', async (session, { values, local }) => {
      const { taskBatchCommand } = await import('../commands/task-batch-command.ts');
      return taskBatchCommand(session, {
        file: values[0] ?? '',
        ...given({
          concurrency: numberOf(local['atOnce']),
          title: textOf(local['title']),
          idempotencyKey: textOf(local['idempotencyKey']),
          waitMs: numberOf(local['wait']),
        }),
        detach: local['detach'] === true,
      });
    }),
  );
}

function addMending(task: Command, action: Action): void {
  task
    .command('requeue <id>')
    .description('put a paused or dead task back in line')
    .option('--fresh', 'without its recorded steps; effects are kept')
    .action(
      action('requeue the task', async (session, { values, local }) => {
        const { taskRequeueCommand } = await import('../commands/task-mending-commands.ts');
        return taskRequeueCommand(session, {
          id: values[0] ?? '',
          fresh: local['fresh'] === true,
        });
      }),
    );
  task
    .command('resolve <id>')
    .description('say what became of an effect whose outcome is unknown')
    .option('--done', 'it happened')
    .option('--retry', 'it did not happen: do it again')
    .option('--fail', 'give the task up')
    .option('--result <json>', 'with --done, what it gave: JSON, or @file')
    .action(
      action('resolve the task', async (session, { values, local }) => {
        const { taskResolveCommand } = await import('../commands/task-mending-commands.ts');
        const chosen = (['done', 'retry', 'fail'] as const).filter((each) => local[each] === true);
        return taskResolveCommand(session, {
          id: values[0] ?? '',
          chosen,
          ...given({ result: textOf(local['result']) }),
        });
      }),
    );
}

const tasks = () => import('../commands/task-commands.ts');
