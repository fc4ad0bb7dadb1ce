/** Takes a whole run out as one document: to keep it, to send it, or to look at it without the hive. */
import { formatId, operationLimits, parseId, taskStateName } from '../contract/index.ts';
import type { EventView, ExportedRun, RunView } from '../contract/index.ts';
import { toEventView } from './event-view.ts';
import { toWaitView } from './open-waits.ts';
import { defineOperation } from './operation.ts';
import type { OperationContext } from './operation.ts';
import { readContents, readJournals, readTries } from './run-contents.ts';
import type { ContentRow, JournalRow } from './run-contents.ts';
import { locateRun, readPinnedGraph, readRun } from './run-reads.ts';
import { storedError, storedJson } from './stored-json.ts';

export const runExport = defineOperation('run.export', {
  summary: 'Export a run as one JSON document',
  permission: 'run:read',
  handler: async (context, { id }): Promise<ExportedRun> => {
    const target = await locateRun(context, id);
    const run = await readRun(context, target);
    const graphJson = await readPinnedGraph(context, target);
    const { tasks, isComplete } = await readContents(context, target);
    const names = new Map(tasks.map((task) => [task.key, formatId('task', task.id)]));
    const nameOf = (key: number): string => names.get(key) ?? '';
    const [journal, tries, events] = await Promise.all([
      readJournals(context, tasks),
      readTries(context, tasks),
      readEvents(context, id),
    ]);
    return {
      format: 'hivewright.run/1',
      run: headOf(run),
      graph: graphJson,
      tasks: tasks.map(exportTask),
      attempts: tries.map((row) => ({
        taskId: nameOf(row.task),
        attempt: row.attempt,
        fence: row.fence,
        agent: row.agent,
        outcome: row.outcome,
        startedMs: row.started_ms,
        endedMs: row.ended_ms,
        error: storedError(row.error),
      })),
      journal: journal.map((row) => exportJournal(row, nameOf(row.task))),
      events,
      approvals: journal
        .filter(({ kind }) => kind === 'approval')
        .map((row) => ({
          ...toWaitView({ ...row, kind: 'approval' }),
          taskId: nameOf(row.task),
          result: storedJson(row.result ?? row.blob),
        })),
      children: run.children,
      isComplete,
    };
  },
});

/** The run itself; its tasks and children have their own places in the document. */
function headOf(run: RunView): ExportedRun['run'] {
  const { counts: _, nodes: _nodes, active: _active, failures: _failures, ...rest } = run;
  const { waiting: _waiting, approvals: _approvals, children: _children, ...head } = rest;
  return head;
}

function exportTask(task: ContentRow): ExportedRun['tasks'][number] {
  return {
    id: formatId('task', task.id),
    node: task.node,
    item: task.item,
    name: task.name,
    type: task.type,
    capabilities: task.capabilities.split(' ').filter((each) => each !== ''),
    state: taskStateName(task.state),
    reason: task.reason,
    agent: task.agent,
    errors: task.errors,
    crashes: task.crashes,
    fence: task.fence,
    createdMs: task.created_ms,
    startedMs: task.started_ms,
    endedMs: task.ended_ms,
    input: storedJson(task.input),
    result: storedJson(task.result),
    error: storedError(task.error),
  };
}

function exportJournal(row: JournalRow, taskId: string): ExportedRun['journal'][number] {
  const stored = row.result ?? row.blob;
  return {
    taskId,
    name: row.name,
    occurrence: row.occurrence,
    kind: row.kind,
    atMs: row.at_ms,
    dueMs: row.due_ms,
    subject: row.subject,
    payload: storedJson(row.payload),
    result: storedJson(stored),
    isOpen: stored === null,
    code: row.code,
  };
}

/** All durable events of the run, oldest first. */
async function readEvents({ hive, principal }: OperationContext, id: string): Promise<EventView[]> {
  const events: EventView[] = [];
  const run = parseId('run', id);
  const limit = operationLimits.pageSize;
  for (let cursor: string | null = null; events.length < operationLimits.exportTasks * 2;) {
    const page = await hive.store.events.after({ cursor, tenant: principal.tenant, run, limit });
    events.push(...page.map(toEventView));
    cursor = page.at(-1)?.cursor ?? null;
    if (page.length < limit || cursor === null) break;
  }
  return events;
}
