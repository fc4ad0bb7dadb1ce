// One attempt from claimed task to committed outcome: marks suspects, resolves the input, loads the journal, calls the runner, settles.
// Owns nothing between calls. W1: run() resolves only after the outcome is committed or known to be refused. W2: an outcome is sent at most once,
// except when the store asks for it again (stale version). W3: a task whose input cannot be resolved fails like an agent that threw.

import { crashPoint, hiveError, isHiveError, toHiveError } from '../contract/index.ts';
import type {
  AgentRunner,
  AttemptHost,
  AttemptOutcome,
  ClaimedTask,
  ErrorCode,
  ErrorRecord,
  HiveEvent,
  HostKey,
  JournalStep,
  Json,
  NewEvent,
  SettleUnit,
  Store,
  TaskChange,
} from '../contract/index.ts';
import type { Clock, Random } from '../kernel/index.ts';
import type { TaskEnd } from './advance.ts';
import { itemCounts } from './graph-items.ts';
import type { HostTelemetry } from './host-telemetry.ts';
import type { HeldTask, LeaseBook } from './lease-book.ts';
import type { OrchestratorSettings } from './orchestrator-settings.ts';
import { settleOutcome } from './outcome.ts';
import type { SettledOutcome } from './outcome.ts';
import type { RunKeeper } from './run-keeper.ts';
import { taskEndEvents } from './task-events.ts';
import { SuspectGate } from './suspect-gate.ts';
import type { TaskInputs } from './task-input.ts';
import type { TaskLogs } from './task-logs.ts';

/** Waits between tries of a settle while the store does not answer: doubled each time. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

const storeTrouble: ReadonlySet<string> = new Set([
  'STORE_UNAVAILABLE',
  'STORE_FULL',
  'QUEUE_FULL',
] satisfies ErrorCode[]);

/** The store's trouble is not the agent's: the task is given back and counts no try. */
const storeAway: AttemptOutcome = {
  status: 'cancelled',
  error: hiveError('STORE_UNAVAILABLE').toRecord(),
};

function isStoreTrouble(error: unknown): boolean {
  return isHiveError(error) && storeTrouble.has(error.code);
}

/** Why the store refused a change of a run (see RunKeeper), if that is what the error says. */
function refusalOf(error: unknown): ErrorRecord | undefined {
  const refused = isHiveError(error) ? error.details?.['refused'] : undefined;
  return refused === undefined ? undefined : (refused as ErrorRecord);
}

export interface AttemptParts {
  store: Store;
  runner: AgentRunner;
  clock: Clock;
  random: Random;
  settings: OrchestratorSettings;
  telemetry: HostTelemetry;
  keeper: RunKeeper;
  inputs: TaskInputs;
  logs: TaskLogs;
  /** A timer was set: look again no later than this. */
  timerSet: (dueMs: number) => void;
  /** The store did not answer: what is leased here may have been given to others meanwhile. */
  storeTrouble: () => void;
}

export class AttemptWork {
  readonly #parts: AttemptParts;
  readonly #host: HostKey;
  readonly #book: LeaseBook;
  readonly #suspects: SuspectGate;

  constructor(parts: AttemptParts, of: { host: HostKey; book: LeaseBook }) {
    this.#parts = parts;
    this.#host = of.host;
    this.#book = of.book;
    this.#suspects = new SuspectGate(parts.clock);
  }

  /** `onWorked` is told as soon as the agent's code is done, with how many milliseconds it took; the promise waits for the commit. */
  async run(
    task: ClaimedTask,
    held: HeldTask,
    onWorked: (durationMs: number) => void,
  ): Promise<void> {
    const { clock, telemetry } = this.#parts;
    const leave = task.suspect ? await this.#suspects.enter() : undefined;
    const startedMs = clock.now();
    held.startedMs = startedMs;
    const startedMono = clock.mono();
    if (telemetry.hasWatchers) this.#signal('task.started', held);
    telemetry.started(held.agent, Math.max(0, startedMs - task.createdMs) / 1_000);
    const ended = await this.#attempt(task, held);
    const outcome: AttemptOutcome =
      held.isGivenBack && ended.status === 'cancelled'
        ? { status: 'cancelled', error: hiveError('SHUTTING_DOWN').toRecord() }
        : ended;
    const durationMs = clock.mono() - startedMono;
    onWorked(durationMs);
    try {
      await this.#settlePersistently(held, { outcome, startedMs, durationMs });
    } finally {
      leave?.();
      this.#book.remove(held); // whatever happened: a lease that is not settled must be able to run out
    }
  }

  async #attempt(task: ClaimedTask, held: HeldTask): Promise<AttemptOutcome> {
    const { store, runner, inputs } = this.#parts;
    try {
      if (task.suspect) {
        const stale = await store.core.start([
          { key: task.key, fence: task.fence, startedMs: held.startedMs ?? 0 },
        ]);
        if (stale.length > 0)
          return { status: 'cancelled', error: hiveError('STALE_FENCE').toRecord() };
      }
      const journal: readonly JournalStep[] =
        task.journalSteps > 0 ? await store.core.loadJournal(task.key) : [];
      const input: Json =
        task.runKey === null ? (JSON.parse(task.input) as Json) : await inputs.resolve(task);
      const outcome = await runner.run(
        {
          taskId: task.id,
          taskKey: task.key,
          runId: task.runId ?? task.id.replace('tsk_', 'run_'),
          tenant: task.tenant,
          agent: held.agent,
          attempt: task.attempt,
          input,
          timeoutMs: task.timeoutMs,
          journal,
          get signal() {
            return held.signal;
          },
        },
        this.#attemptHost(task, held),
      );
      // A journal write that failed ends the agent's code with the store's error.
      const isAway =
        outcome.status === 'failed' &&
        (outcome.error.code === 'STORE_UNAVAILABLE' || outcome.error.code === 'STORE_FULL');
      return isAway ? storeAway : outcome;
    } catch (error) {
      if (isStoreTrouble(error)) return storeAway;
      return { status: 'failed', error: toHiveError(error, 'AGENT_THREW').toRecord() };
    }
  }

  #attemptHost(task: ClaimedTask, held: HeldTask): AttemptHost {
    return {
      appendJournal: async (steps) => {
        if (held.isRevoked) return false;
        return this.#parts.store.core.journal({
          key: task.key,
          tenant: task.tenant,
          fence: task.fence,
          flushLane: task.runKey ?? task.key,
          steps,
        });
      },
      log: (line) => {
        this.#parts.logs.add({ task, agent: held.agent, line });
      },
      progress: (data) => {
        if (this.#parts.telemetry.hasWatchers) this.#signal('task.progress', held, data);
      },
    };
  }

  /** A store in trouble does not cost the work that is done: the outcome is sent again until it is answered or the task is out-fenced. */
  async #settlePersistently(
    held: HeldTask,
    ran: { outcome: AttemptOutcome; startedMs: number; durationMs: number },
  ): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await this.#settle(held, ran);
        return;
      } catch (error) {
        if (!isStoreTrouble(error) || held.isRevoked || held.isGivenBack) throw error;
        this.#parts.storeTrouble();
        const waitMs = Math.min(FIRST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS);
        await new Promise<void>((resolve) => this.#parts.clock.after(waitMs, resolve));
      }
    }
  }

  async #settle(
    held: HeldTask,
    ran: { outcome: AttemptOutcome; startedMs: number; durationMs: number },
  ): Promise<void> {
    const { task, agent } = held;
    const { clock, random, telemetry } = this.#parts;
    const nowMs = clock.now();
    const settled = settleOutcome(ran.outcome, {
      attempt: task.attempt,
      crashes: task.crashes,
      retry: task.retry,
      fence: task.fence,
      agent,
      host: this.#host,
      startedMs: ran.startedMs,
      nowMs,
      random,
    });
    const change: TaskChange = {
      key: task.key,
      id: task.id,
      guard: { fence: task.fence },
      startedMs: ran.startedMs,
      ...settled.change,
    };
    const events = taskEndEvents({
      task,
      to: change.to,
      startedMs: ran.startedMs,
      endedMs: nowMs,
      agent,
      instance: `${this.#host}/${agent}`,
      reason: change.reason,
      ...(change.error === undefined ? {} : { error: change.error }),
    });
    const isApplied = await this.#commit(task, { change, events, end: settled.end });
    if (!isApplied) {
      held.revoke();
      this.#parts.runner.forget(task.key);
      return;
    }
    if (change.dueMs !== undefined) this.#parts.timerSet(change.dueMs);
    telemetry.worked(agent, ran.durationMs / 1_000);
    if (settled.end !== null) {
      telemetry.ended(
        settled.end === 'succeeded' ? 'completed' : 'failed',
        (nowMs - ran.startedMs) / 1_000,
      );
    } else if (telemetry.hasWatchers) {
      this.#signal(
        change.to === 'waiting' && change.reason === 'retry' ? 'task.retrying' : 'task.waiting',
        held,
      );
    }
    if (change.error !== undefined) {
      telemetry.log({
        level: settled.end === null ? 'WARNING' : 'ERROR',
        message: `${change.error.code}: ${change.error.message}`,
        scope: {
          tenant: task.tenant,
          task: task.id,
          agent,
          ...(task.runId === null ? {} : { run: task.runId }),
        },
        fields: { attempt: task.attempt, to: change.to, reason: change.reason },
      });
    }
  }

  /** False when a newer owner exists. */
  async #commit(
    task: ClaimedTask,
    what: { change: TaskChange; events: readonly NewEvent[]; end: SettledOutcome['end'] },
  ): Promise<boolean> {
    const { change, events, end } = what;
    if (task.runKey === null || task.node === null || end === null) {
      const unit: SettleUnit = { flushLane: task.runKey ?? task.key, change, events };
      const [verdict] = await this.#parts.store.core.settle([unit]);
      if (verdict?.status === 'ok') {
        crashPoint('C8');
        return true;
      }
      if (verdict?.status === 'invalid')
        return this.#refused(task, { ...what, error: verdict.error });
      return false;
    }
    try {
      return await this.#endInRun(task, {
        runKey: task.runKey,
        node: task.node,
        change,
        events,
        end,
      });
    } catch (error) {
      const refused = refusalOf(error);
      if (refused === undefined || end === 'failed') throw error;
      const { result: _result, ...rest } = change;
      const failed: TaskChange = { ...rest, to: 'failed', reason: 'error', error: refused };
      const asFailed = events.map((event) => ({ ...event, type: 'task.failed' as const }));
      return this.#endInRun(task, {
        runKey: task.runKey,
        node: task.node,
        change: failed,
        events: asFailed,
        end: 'failed',
      });
    }
  }

  async #endInRun(
    task: ClaimedTask,
    what: {
      runKey: number;
      node: string;
      change: TaskChange;
      events: readonly NewEvent[];
      end: TaskEnd;
    },
  ): Promise<boolean> {
    const { runKey, node, change, events, end } = what;
    const run = await this.#parts.keeper.cache.get(runKey);
    const items =
      end === 'succeeded' && change.result !== undefined
        ? itemCounts(run.graph, node, change.result)
        : {};
    const answer = await this.#parts.keeper.apply({
      run: runKey,
      event: {
        type: 'taskEnded',
        node,
        item: task.item,
        outcome: end,
        ...(Object.keys(items).length === 0 ? {} : { items }),
      },
      outcome: { change, events },
    });
    return answer !== 'stale_fence';
  }

  /** The store cannot hold the result (a bad row): the task fails with that error instead, and its neighbours are untouched. */
  async #refused(
    task: ClaimedTask,
    what: { change: TaskChange; error: NonNullable<TaskChange['error']> },
  ): Promise<boolean> {
    const { result: _result, ...rest } = what.change;
    const change: TaskChange = { ...rest, to: 'failed', reason: 'error', error: what.error };
    const [verdict] = await this.#parts.store.core.settle([
      { flushLane: task.runKey ?? task.key, change, events: [] },
    ]);
    return verdict?.status === 'ok';
  }

  #signal(
    type: HiveEvent['type'],
    held: HeldTask,
    data: Readonly<Record<string, unknown>> = {},
  ): void {
    const { task, agent } = held;
    this.#parts.telemetry.signal({
      type,
      cursor: null,
      atMs: this.#parts.clock.now(),
      tenant: task.tenant,
      runId: task.runId,
      taskId: task.id,
      seq: null,
      data: {
        ...data,
        name: task.name,
        node: task.node,
        item: task.item,
        agent,
        attempt: task.attempt,
      },
    });
  }
}
