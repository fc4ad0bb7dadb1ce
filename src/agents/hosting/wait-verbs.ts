/**
 * The context's waiting verbs (sleep, approve, waitFor, run, delegate, request) in terms of open waits.
 * Owns: what each is called in the journal, what its row carries, what its answer means to the author.
 * I1: names derive from what the author gives, so that a resumed attempt finds the same rows.
 */
import { agentName, errorCodes, graphLimits, hiveError, jsonSchema } from '../../contract/index.ts';
import type {
  ApprovalAnswer,
  ApprovalForm,
  ErrorCode,
  GraphInput,
  Json,
  WaitResult,
} from '../../contract/index.ts';
import type {
  ApprovalQuestion,
  ChildRunRequest,
  DelegateRequest,
  ReceivedEvent,
} from '../authoring/agent-context.ts';
import { schemaProblems } from '../authoring/schema-problems.ts';
import type { ExecutionCore } from './execution-core.ts';
import { checkMs, checkName, MAX_TEXT_CHARS, misuse, rowPrefixes } from './misuse.ts';
import type { OpenWaits, WaitEnd } from './open-waits.ts';
import { agentJson } from './outcomes.ts';

/** Nobody decided: the hive answers. */
const EXPIRED: ApprovalAnswer = { decision: 'expired', answer: null, by: 'hive', comment: null };
/** A field name that a computed input may have (contract/graph.ts, `inputs`). */
const MAX_FIELD_CHARS = 100;

type Delegated = DelegateRequest & { readonly timeoutMs?: number };

export class WaitVerbs {
  readonly #core: ExecutionCore;
  readonly #waits: OpenWaits;

  constructor(core: ExecutionCore, waits: OpenWaits) {
    this.#core = core;
    this.#waits = waits;
  }

  async sleep(delayMs: number): Promise<void> {
    checkMs(delayMs, 'a sleep', graphLimits.waitMs);
    const dueMs = this.#core.clock.now() + delayMs;
    await this.#waits.open({ kind: 'sleep', name: 'sleep', dueMs });
  }

  async sleepUntil(timeMs: number): Promise<void> {
    const nowMs = this.#core.clock.now();
    checkMs(timeMs, 'a sleep until a time', nowMs + graphLimits.waitMs);
    // a past time needs no row: it will be past for every later attempt too
    if (timeMs <= nowMs) return;
    await this.#waits.open({ kind: 'sleep', name: 'sleep', dueMs: timeMs });
  }

  async approve(question: ApprovalQuestion): Promise<ApprovalAnswer> {
    const { name = question.title, deadlineMs, escalateTo } = question;
    const { escalateDeadlineMs = deadlineMs } = question;
    const form = approvalForm(question);
    const asked = `${rowPrefixes.approval}${name}`;
    const first = await this.#ask(asked, form, deadlineMs);
    if (first.result.status !== 'timeout') return answered(first);
    if (escalateTo === undefined) return EXPIRED;
    const { escalateTo: _next, deadlineMs: _deadline, ...again } = form;
    const second = await this.#ask(
      // its own name per question: escalations may come in another order than the questions did
      `${asked} escalated ${first.row.occurrence}`,
      {
        ...again,
        assignee: escalateTo,
        ...(escalateDeadlineMs === undefined ? {} : { deadlineMs: escalateDeadlineMs }),
      },
      escalateDeadlineMs,
    );
    return second.result.status === 'timeout' ? EXPIRED : answered(second);
  }

  async waitFor(event: string, { timeoutMs }: { timeoutMs?: number } = {}): Promise<ReceivedEvent> {
    checkName(event, 'an event', MAX_TEXT_CHARS);
    const { result } = await this.#waits.open({
      kind: 'event',
      name: `${rowPrefixes.event}${event}`,
      dueMs: this.#deadline(timeoutMs, 'the timeout of an event'),
      payload: JSON.stringify({ event }),
    });
    if (result.status === 'timeout') throw timedOut(`the event "${event}"`, timeoutMs);
    return valueOf(result) as unknown as ReceivedEvent;
  }

  async run(child: ChildRunRequest, timeoutMs?: number): Promise<Json> {
    const { title } = child;
    checkName(title, 'a child run');
    const { maxPayloadBytes } = this.#core;
    const graph = jsonOf(child.graph, `the graph of "${title}"`, maxPayloadBytes);
    const input = jsonOf(child.input ?? null, `the input of "${title}"`, maxPayloadBytes);
    const { result, row } = await this.#waits.open({
      kind: 'child',
      name: `${rowPrefixes.child}${title}`,
      dueMs: this.#deadline(timeoutMs, 'the timeout of a request'),
      payload: JSON.stringify({ title }),
      child: { title, graph, input },
    });
    const isLate =
      result.status === 'timeout' ||
      (timeoutMs !== undefined &&
        result.status === 'failed' &&
        result.error.code === 'RUN_DEADLINE');
    if (isLate) throw timedOut(`"${title}"`, timeoutMs);
    if (result.status === 'ok') return result.value ?? null;
    const run = row.subject ?? null;
    throw hiveError('CHILD_FAILED', {
      message: `the child run "${title}"${run === null ? '' : ` (${run})`} did not complete: ${result.error.message}`,
      details: { run, error: result.error },
    });
  }

  delegate(work: Delegated): Promise<Json> {
    return this.run(delegation(work));
  }

  request(work: DelegateRequest & { readonly timeoutMs: number }): Promise<Json> {
    const { timeoutMs } = work;
    checkMs(timeoutMs, 'the timeout of a request', graphLimits.waitMs);
    const taskMs = Math.min(timeoutMs, graphLimits.taskMs);
    const child = delegation({ ...work, timeoutMs: taskMs });
    return this.run({ ...child, graph: { ...child.graph, timeoutMs } }, timeoutMs);
  }

  #ask(name: string, form: ApprovalForm, deadlineMs: number | undefined): Promise<WaitEnd> {
    const dueMs = this.#deadline(deadlineMs, 'the deadline of an approval');
    const payload = agentJson(form, `the approval "${form.title}"`, this.#core.maxPayloadBytes);
    return this.#waits.open({ kind: 'approval', name, dueMs, payload });
  }

  #deadline(ms: number | undefined, what: string): number | null {
    if (ms === undefined) return null;
    checkMs(ms, what, graphLimits.waitMs);
    return this.#core.clock.now() + ms;
  }
}

function approvalForm(question: ApprovalQuestion): ApprovalForm {
  const { name = question.title, title, message, form, show, assignee } = question;
  const { deadlineMs, escalateTo } = question;
  checkName(title, 'an approval', MAX_TEXT_CHARS);
  checkName(name, 'an approval', MAX_TEXT_CHARS);
  if (typeof message !== 'string' || message === '')
    throw misuse(`the approval "${title}" has no message`);
  if (escalateTo !== undefined && deadlineMs === undefined)
    throw misuse(`the approval "${title}" escalates without a deadline: give deadlineMs`);
  if (form !== undefined) {
    const checked = jsonSchema.safeParse(form);
    if (!checked.success)
      throw misuse(
        `the form of the approval "${title}": ${schemaProblems(checked.error).join('; ')}`,
      );
  }
  return {
    title,
    message,
    ...(show === undefined ? {} : { show }),
    ...(form === undefined ? {} : { form: form as Json }),
    ...(assignee === undefined ? {} : { assignee }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(escalateTo === undefined ? {} : { escalateTo }),
  };
}

/** A run of one node whose agent gets exactly the given input. */
function delegation(work: Delegated): { title: string; graph: GraphInput; input: Json } {
  const capabilities = 'agent' in work ? [`agent:${agentOf(work.agent)}`] : [...work.capabilities];
  const {
    title = 'agent' in work ? work.agent : work.capabilities.join(' '),
    timeoutMs,
    retry,
  } = work;
  const { input } = work;
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
  const fields = Object.entries(
    isObject ? (input as { readonly [key: string]: Json }) : { value: input },
  );
  // what cannot be the name of a computed field is given as it is
  const isComputed = ([key]: [string, Json]): boolean =>
    key !== '' && key.length <= MAX_FIELD_CHARS;
  return {
    title,
    input: Object.fromEntries(fields),
    graph: {
      name: 'delegate',
      nodes: [
        {
          kind: 'agent',
          id: 'work',
          title: title.slice(0, 200),
          capabilities,
          input: Object.fromEntries(fields.filter((each) => !isComputed(each))) as Record<
            string,
            never
          >,
          inputs: Object.fromEntries(
            fields.filter(isComputed).map(([key]) => [key, `input[${JSON.stringify(key)}]`]),
          ),
          ...(timeoutMs === undefined ? {} : { timeoutMs }),
          ...(retry === undefined ? {} : { retry }),
        },
      ],
    },
  };
}

function agentOf(name: string): string {
  if (agentName.safeParse(name).success) return name;
  throw misuse(`"${String(name)}" is not the name of an agent`);
}

function answered({ result }: WaitEnd): ApprovalAnswer {
  return valueOf(result) as unknown as ApprovalAnswer;
}

function valueOf(result: WaitResult): Json {
  if (result.status === 'ok') return result.value ?? null;
  if (result.status === 'timeout') throw hiveError('WAIT_TIMEOUT');
  const { code, message, details } = result.error;
  throw hiveError(isErrorCode(code) ? code : 'INTERNAL', {
    message,
    ...(details === undefined ? {} : { details }),
  });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}

function timedOut(what: string, timeoutMs: number | undefined): Error {
  return hiveError('WAIT_TIMEOUT', {
    message: `${what} did not come within ${timeoutMs ?? '?'} ms`,
  });
}

function jsonOf(value: unknown, what: string, maxBytes: number): Json {
  return JSON.parse(agentJson(value, what, maxBytes)) as Json;
}
