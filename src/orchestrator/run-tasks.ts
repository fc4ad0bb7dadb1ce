// The rows of tasks that advance() wants created. Pure but for ids, time and reserved slots, which are handed in.

import { hiveError } from '../contract/index.ts';
import type { GraphNode, Lease, NewTask } from '../contract/index.ts';
import type { IdSource } from '../kernel/index.ts';
import { unreachable } from '../kernel/index.ts';
import type { RunCommand } from './advance.ts';
import { nodeAt } from './graph-index.ts';
import type { CachedRun } from './run-cache.ts';

export interface RunChangeContext {
  ids: IdSource;
  /** A fresh random number below 2^48. */
  token: number;
  nowMs: number;
  /** A lease for a new task when a matching slot is free here (local dispatch). */
  reserve(route: number): Lease | undefined;
}

/** One turn of a control node's task is short; what it waits for has deadlines of its own. */
const FLOW_TURN_MS = 600_000;

/** The rows of a node's tasks, ready at once (decision 0004); in a paused run they wait for its resumption. */
export function newTasks(
  run: CachedRun,
  command: Extract<RunCommand, { type: 'createTasks' }>,
  context: RunChangeContext,
): NewTask[] {
  const node = nodeAt(run.graph, command.node);
  const route = run.routes.get(node.id);
  if (route === undefined) throw hiveError('INTERNAL', { message: `node ${node.id} has no route` });
  const isPaused = run.state === 'paused';
  const common = {
    tenant: run.tenant,
    project: run.project,
    run: run.id,
    node: node.id,
    type: node.kind,
    route,
    ...workOf(node),
    state: isPaused ? 'paused' : 'ready',
    reason: isPaused ? 'run' : 'none',
    createdMs: context.nowMs,
  } as const;
  const title = node.title ?? node.id;
  const tasks: NewTask[] = [];
  for (let at = 0; at < (command.items ?? 1); at++) {
    const lease = isPaused ? undefined : context.reserve(route);
    const item = command.from + at;
    tasks.push({
      id: context.ids.make('task'),
      ...common,
      ...(command.items === null ? {} : { item }),
      name:
        command.items === null ? title : `${title} [${item + 1}/${command.total ?? command.items}]`,
      ...(lease === undefined ? {} : { lease }),
    });
  }
  return tasks;
}

function workOf(node: GraphNode): Pick<NewTask, 'priority' | 'input' | 'timeoutMs' | 'retry'> {
  switch (node.kind) {
    case 'agent':
    case 'map':
    case 'compensate':
      return {
        priority: node.priority,
        input: JSON.stringify(node.input),
        timeoutMs: node.timeoutMs,
        retry: node.retry as NewTask['retry'],
      };
    case 'workflow':
    case 'loop':
      return { ...flowWork, input: JSON.stringify(node.input) };
    case 'decision':
    case 'approval':
    case 'wait':
      return flowWork;
    case 'join':
    case 'command':
    case 'gate':
    case 'knowledge':
      throw hiveError('INTERNAL', { message: `${node.kind} ${node.id} has no tasks` });
    default:
      return unreachable(node);
  }
}

const flowWork = { priority: 0, input: 'null', timeoutMs: FLOW_TURN_MS, retry: 'default' } as const;
