/** Everything that the store holds of a run, read in pages: its tasks with their payloads, their tries and their journals. */
import { operationLimits } from '../contract/index.ts';
import type { OperationContext } from './operation.ts';
import type { RunTarget } from './run-reads.ts';
import { selectRows } from './select-rows.ts';
import type { QueryRow } from './select-rows.ts';
import { taskQuery } from './task-reads.ts';

/** Rows of one read: with payloads of a few KB each some MB. */
const PAGE = 500;

function contentQuery(context: OperationContext, { kind, key }: RunTarget) {
  return taskQuery(context)
    .innerJoin('routes', 'routes.key', 'tasks.route')
    .where(kind === 'graph' ? 'tasks.run' : 'tasks.key', '=', key)
    .orderBy('tasks.key')
    .limit(PAGE)
    .select([
      'tasks.input as input',
      'tasks.result as result',
      'tasks.crashes as crashes',
      'tasks.fence as fence',
      'tasks.journal_steps as journal_steps',
      'routes.capabilities as capabilities',
    ]);
}
export type ContentRow = QueryRow<ReturnType<typeof contentQuery>>;

/** The tasks in the order of their making, at most exportTasks of them. */
export async function readContents(
  context: OperationContext,
  target: RunTarget,
): Promise<{ tasks: ContentRow[]; isComplete: boolean }> {
  const tasks: ContentRow[] = [];
  for (;;) {
    const from = tasks.at(-1)?.key ?? 0;
    const rows = await selectRows(
      context,
      contentQuery(context, target).where('tasks.key', '>', from),
    );
    tasks.push(...rows);
    if (rows.length < PAGE) return { tasks, isComplete: true };
    if (tasks.length >= operationLimits.exportTasks) return { tasks, isComplete: false };
  }
}

function journalQuery({ hive, principal }: OperationContext) {
  return hive.sql
    .selectFrom('journal')
    .leftJoin('blobs', (join) =>
      join.onRef('blobs.hash', '=', 'journal.blob').onRef('blobs.tenant', '=', 'journal.tenant'),
    )
    .where('journal.tenant', '=', principal.tenant)
    .orderBy('journal.task')
    .orderBy('journal.position')
    .select([
      'journal.task as task',
      'journal.name as name',
      'journal.occurrence as occurrence',
      'journal.kind as kind',
      'journal.result as result',
      'blobs.data as blob',
      'journal.subject as subject',
      'journal.payload as payload',
      'journal.code as code',
      'journal.due_ms as due_ms',
      'journal.at_ms as at_ms',
    ]);
}
export type JournalRow = QueryRow<ReturnType<typeof journalQuery>>;

/** The journals of these tasks; each in the order of its writing. */
export async function readJournals(
  context: OperationContext,
  tasks: readonly ContentRow[],
): Promise<JournalRow[]> {
  const keys = tasks.filter(({ journal_steps: steps }) => steps > 0).map(({ key }) => key);
  return inPages(keys, (page) =>
    selectRows(context, journalQuery(context).where('journal.task', 'in', page)),
  );
}

/** Tries that did not end a task well. */
export async function readTries(context: OperationContext, tasks: readonly ContentRow[]) {
  const keys = tasks.map(({ key }) => key);
  return inPages(keys, (page) =>
    selectRows(
      context,
      context.hive.sql
        .selectFrom('attempts')
        .where('tenant', '=', context.principal.tenant)
        .where('task', 'in', page)
        .orderBy('key')
        .select([
          'task',
          'attempt',
          'fence',
          'agent',
          'outcome',
          'started_ms',
          'ended_ms',
          'error',
        ]),
    ),
  );
}

async function inPages<Row>(
  keys: readonly number[],
  read: (page: number[]) => Promise<Row[]>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let at = 0; at < keys.length; at += PAGE) {
    rows.push(...(await read(keys.slice(at, at + PAGE))));
  }
  return rows;
}
