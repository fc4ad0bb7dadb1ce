/**
 * What each control node of a workflow does, as ordinary agent code: it evaluates, asks, waits and starts
 * child runs by its context, so all of it survives whatever an agent's task survives.
 * I1: every expression is evaluated from input and recorded answers alone, so a resumed attempt takes
 * the same way. I2: a loop ends by its condition or with LOOP_BOUND.
 */
import { hiveError, isHiveError } from '../../contract/index.ts';
import type { ApprovalAnswer, GraphInput, Json } from '../../contract/index.ts';
import type { AgentContext } from '../authoring/agent-context.ts';
import { childInput, describe, evaluated, evaluatedFields, holds } from './flow-data.ts';
import type { FlowInput, FlowTask } from './flow-data.ts';

type Context = AgentContext<FlowInput>;

/** A child run's name is shorter than a node's title may be. */
const MAX_NAME_CHARS = 100;

/** Takes the first choice that holds, else `otherwise`. */
export function decide(task: FlowTask<'decision'>): { taken: string[] } {
  const { choices, otherwise } = task.node;
  return { taken: choices.find(({ when }) => holds(when, task))?.to ?? otherwise };
}

/** Throws APPROVAL_REJECTED or APPROVAL_EXPIRED unless the node goes on with it. */
export async function approve(
  task: FlowTask<'approval'>,
  context: Context,
): Promise<ApprovalAnswer> {
  const { id, title = id, message, show, form, assignee, deadlineMs, escalate } = task.node;
  const answer = await context.approve({
    title,
    name: id,
    message,
    ...(show === undefined ? {} : { show: evaluatedFields(show, task) }),
    ...(form === undefined ? {} : { form }),
    ...(assignee === undefined ? {} : { assignee }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    // without a deadline nothing ever escalates
    ...(escalate === undefined || deadlineMs === undefined ? {} : { escalateTo: escalate.to }),
    ...(escalate?.deadlineMs === undefined ? {} : { escalateDeadlineMs: escalate.deadlineMs }),
  });
  const { onReject, onExpire } = task.node;
  if (answer.decision === 'rejected' && onReject === 'fail') {
    const comment = answer.comment === null ? '' : `: ${answer.comment}`;
    throw hiveError('APPROVAL_REJECTED', {
      message: `${answer.by} rejected "${title}"${comment}`,
      details: { by: answer.by, comment: answer.comment },
    });
  }
  if (answer.decision === 'expired' && onExpire === 'fail') {
    throw hiveError('APPROVAL_EXPIRED', { message: `nobody decided "${title}" in time` });
  }
  return answer;
}

/** Null after a time, the event, or {timedOut: true}. Throws WAIT_TIMEOUT unless the node goes on without the event. */
export async function wait(task: FlowTask<'wait'>, context: Context): Promise<Json> {
  const { forMs, until, event, timeoutMs, onTimeout } = task.node;
  if (forMs !== undefined) {
    await context.sleep(forMs);
    return null;
  }
  if (until !== undefined) {
    await context.sleepUntil(timeOf(evaluated(until, task), task));
    return null;
  }
  try {
    const options = timeoutMs === undefined ? {} : { timeoutMs };
    return { ...(await context.waitFor(event ?? '', options)) };
  } catch (error) {
    if (onTimeout === 'continue' && isHiveError(error) && error.code === 'WAIT_TIMEOUT')
      return { timedOut: true };
    throw error;
  }
}

/** The child's output. Throws CHILD_FAILED. */
export function runWorkflow(task: FlowTask<'workflow'>, context: Context): Promise<Json> {
  const { id, title = id, graph, graphFrom } = task.node;
  const given = graphFrom === undefined ? graph : evaluated(graphFrom, task);
  return context.run({ title: nameOf(title), graph: given as GraphInput, input: childInput(task) });
}

/** The last iteration's output. Throws CHILD_FAILED, or LOOP_BOUND. */
export async function loop(task: FlowTask<'loop'>, context: Context): Promise<Json> {
  const { id, title = id, body, until, max } = task.node;
  const input = childInput(task);
  let last: Json = null;
  for (let iteration = 1; iteration <= max; iteration++) {
    last = await context.run({
      title: nameOf(title, ` #${iteration}`),
      graph: body as GraphInput,
      input: { input, last, iteration },
    });
    if (holds(until, task, { last, iteration })) return last;
  }
  throw hiveError('LOOP_BOUND', {
    message: `the loop ${id} ran ${max} times and ${until} did not hold`,
    details: { node: id, max, last: describe(last) },
  });
}

function nameOf(title: string, ending = ''): string {
  const cut = title.slice(0, MAX_NAME_CHARS - ending.length);
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}${ending}`; // not through a character of two units
}

function timeOf(value: Json, { node }: FlowTask<'wait'>): number {
  const ms = typeof value === 'string' ? Date.parse(value) : value;
  if (typeof ms === 'number' && Number.isFinite(ms)) return ms;
  throw hiveError('EXPRESSION_FAILED', {
    message: `until of node ${node.id} gave ${describe(value)}: give milliseconds since 1970 or an ISO time`,
  });
}
