/** Answers 'why is this waiting?' for one task: gathers the facts, the orchestrator words them. */
import { sql } from 'kysely';
import {
  formatId,
  hiveError,
  idBytes,
  isTerminal,
  taskReasons,
  taskStateName,
  taskStates,
} from '../contract/index.ts';
import type { Graph, TaskState } from '../contract/index.ts';
import { whyWaiting } from '../orchestrator/index.ts';
import type { WaitingFacts } from '../orchestrator/index.ts';
import { readOpenWaits } from './open-waits.ts';
import { defineOperation } from './operation.ts';
import type { OperationContext } from './operation.ts';
import { liveHosts, readAgents } from './read-agents.ts';
import { selectRows } from './select-rows.ts';
import type { QueryRow } from './select-rows.ts';
import { storedError, storedJson } from './stored-json.ts';
import { maxAttemptsOf, taskQuery, toTaskSummary } from './task-reads.ts';
import { whyHeld } from './why-held.ts';

/** Counting stops here: '10,000 tasks are ahead of it' says enough. */
const MAX_AHEAD = 10_000;
/** Tasks that one waits for and that are named; a map before it may have many. */
const MAX_DEPENDENCIES = 100;

const openStates = (Object.keys(taskStates) as TaskState[])
  .filter((state) => !isTerminal(state))
  .map((state) => taskStates[state]);

export const taskWhy = defineOperation('task.why', {
  summary: 'Why is this task waiting?',
  permission: 'task:read',
  handler: async (context, { id }) => {
    const [row] = await selectRows(context, waitingQuery(context, id));
    if (row === undefined) throw hiveError('NOT_FOUND', { message: `there is no task ${id}` });
    const facts = await gather(context, row);
    const held = whyHeld({
      nowMs: facts.nowMs,
      taskId: id,
      runId: facts.task.runId,
      state: facts.task.state,
      reason: row.reason,
      isHeld: row.hold === 1,
      waits: isTerminal(facts.task.state)
        ? []
        : ((await readOpenWaits(context, [row.key])).get(row.key) ?? []),
      error: storedError(row.error),
    });
    const { sentence, code, links } = held ?? whyWaiting(facts);
    return { taskId: id, state: facts.task.state, code, answer: sentence, links: [...links] };
  },
});

function waitingQuery(context: OperationContext, id: string) {
  return taskQuery(context)
    .where('tasks.id', '=', idBytes('task', id))
    .innerJoin('routes', 'routes.key', 'tasks.route')
    .innerJoin('lanes', 'lanes.key', 'tasks.lane')
    .leftJoin('hosts', 'hosts.key', 'tasks.host')
    .leftJoin('run_pins', 'run_pins.run', 'tasks.run')
    .select([
      'routes.capabilities as capabilities',
      'tasks.lane as lane',
      'tasks.project as project',
      'tasks.crashes as crashes',
      'tasks.hold as hold',
      'tasks.lease_until_ms as lease_until_ms',
      'lanes.cap_key as cap_key',
      'hosts.id as host_id',
      'run_pins.graph as graph',
    ]);
}
type Row = QueryRow<ReturnType<typeof waitingQuery>>;

async function gather(context: OperationContext, row: Row): Promise<WaitingFacts> {
  const nowMs = context.clock.now();
  const summary = toTaskSummary(row, nowMs);
  const needed = row.capabilities.split(' ').filter((each) => each !== '');
  const { state } = summary;
  const isReady = state === 'ready';
  const agents = await readAgents(context);
  return {
    nowMs,
    task: {
      id: summary.id,
      runId: row.run === null ? null : summary.runId,
      state,
      reason: taskReasons.find((reason) => reason === row.reason) ?? 'none',
      dueMs: row.due_ms,
      attempt: row.errors + 1,
      maxAttempts: maxAttemptsOf(row.retry),
      crashes: row.crashes,
      createdMs: row.created_ms,
      endedMs: row.ended_ms,
      error: summary.error,
    },
    needed,
    agents,
    hosts: liveHosts(context, agents),
    ahead: isReady ? await countAhead(context, row) : null,
    cap: isReady ? await findFullCap(context, { row, needed }) : null,
    lease:
      state === 'leased'
        ? {
            agent: row.agent ?? 'unknown',
            host: row.host_id ?? 'unknown',
            startedMs: row.started_ms,
            untilMs: row.lease_until_ms ?? nowMs,
          }
        : null,
    dependencies: state === 'blocked' ? await openDependencies(context, row) : [],
  };
}

async function countAhead(context: OperationContext, row: Row): Promise<number> {
  const query = context.hive.sql
    .selectFrom('tasks')
    .where('tenant', '=', context.principal.tenant)
    .where('lane', '=', row.lane)
    .where('state', '=', sql.lit(taskStates.ready)) // a literal, for the partial index
    .where((eb) =>
      eb.or([
        eb('priority', '>', row.priority),
        eb.and([eb('priority', '=', row.priority), eb('key', '<', row.key)]),
      ]),
    )
    .limit(MAX_AHEAD)
    .select('key');
  return (await selectRows(context, query)).length;
}

/** The first limit of its lane that is reached. Subjects are written as the caps table writes them. */
async function findFullCap(
  context: OperationContext,
  { row, needed }: { row: Row; needed: readonly string[] },
): Promise<WaitingFacts['cap']> {
  const agents = needed.filter((each) => each.startsWith('agent:'));
  const subjects = ['tenant', `project:${row.project}`, ...agents];
  if (row.cap_key !== '') subjects.push(`key:${row.cap_key}`);
  const query = context.hive.sql
    .selectFrom('caps')
    .where('tenant', '=', context.principal.tenant)
    .where('subject', 'in', subjects)
    .whereRef('running', '>=', 'max_running')
    .orderBy('key')
    .limit(1)
    .select(['subject', 'running', 'max_running']);
  const [cap] = await selectRows(context, query);
  if (cap === undefined) return null;
  const [scope = '', ...name] = cap.subject.split(':');
  const scopes = ['tenant', 'project', 'agent', 'key'] as const;
  return {
    scope: scopes.find((each) => each === scope) ?? 'key',
    name: name.join(':') || cap.subject,
    limit: cap.max_running,
    inUse: cap.running,
  };
}

async function openDependencies(
  context: OperationContext,
  row: Row,
): Promise<WaitingFacts['dependencies']> {
  // Checked when the run was started; a pinned graph never changes.
  const graph = storedJson(row.graph) as unknown as Graph | null;
  const node = graph?.nodes.find(({ id }) => id === row.node);
  const over = node?.kind === 'map' && node.over !== undefined ? [node.over] : [];
  const before = [...(node?.after ?? []), ...over];
  if (row.run === null || before.length === 0) return [];
  const query = context.hive.sql
    .selectFrom('tasks')
    .where('tenant', '=', context.principal.tenant)
    .where('run', '=', row.run)
    .where('node', 'in', before)
    .where('state', 'in', openStates)
    .orderBy('key')
    .limit(MAX_DEPENDENCIES);
  const rows = await selectRows(context, query.select(['id', 'node', 'state']));
  const tasks = rows.map(({ id, node: name, state }) => ({
    taskId: formatId('task', id),
    node: name ?? '',
    state: taskStateName(state),
  }));
  if (tasks.length > 0) return tasks;
  // A join, or a map that is not spread yet, has no task rows.
  return before.map((name) => ({ taskId: null, node: name, state: 'blocked' }));
}
