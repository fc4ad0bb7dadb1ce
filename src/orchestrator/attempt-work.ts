// One attempt from claimed task to committed outcome: marks suspects, resolves the input, loads the journal, calls the runner, settles.
// Owns nothing between calls. W1: run() resolves only after the outcome is committed or known to be refused. W2: an outcome is sent at most once,
// except when the store asks for it again (stale version). W3: a task whose input cannot be resolved fails like an agent that threw.

import { hiveError, schemaMismatches, toHiveError } from '../contract/index.ts';
import type {
  AgentRunner,
  AttemptHost,
  AttemptOutcome,
  ClaimedTask,
  HostKey,
  JournalStep,
  Json,
  RunId,
  Store,
} from '../contract/index.ts';
import type { Clock, IdSource, Random } from '../kernel/index.ts';
import { AttemptSettle } from './attempt-settle.ts';
import type { ChildRuns } from './child-runs.ts';
import { nodeAt } from './graph-index.ts';
import type { HostTelemetry } from './host-telemetry.ts';
import type { HeldTask, LeaseBook } from './lease-book.ts';
import type { OrchestratorSettings } from './orchestrator-settings.ts';
import type { WorkOutcome } from './outcome.ts';
import type { RunKeeper } from './run-keeper.ts';
import { taskSignal } from './task-events.ts';
import { runIdOf } from './suspension.ts';
import { isStoreTrouble } from './store-trouble.ts';
import { SuspectGate } from './suspect-gate.ts';
import type { TaskInputs } from './task-input.ts';
import type { TaskLogs } from './task-logs.ts';

/** The store's trouble is not the agent's: the task is given back and counts no try. */
const storeAway: AttemptOutcome = {
  status: 'cancelled',
  error: hiveError('STORE_UNAVAILABLE').toRecord(),
};

export interface AttemptParts {
  store: Store;
  runner: AgentRunner;
  clock: Clock;
  random: Random;
  settings: OrchestratorSettings;
  telemetry: HostTelemetry;
  keeper: RunKeeper;
  inputs: TaskInputs;
  ids: IdSource;
  children: ChildRuns;
  logs: TaskLogs;
  /** A timer was set: look again no later than this. */
  timerSet: (dueMs: number) => void;
  /** A single task has ended (its run id): a run of several is told by its keeper. */
  ended: (run: RunId) => void;
  /** The store did not answer: what is leased here may have been given to others meanwhile. */
  storeTrouble: () => void;
}

export class AttemptWork {
  readonly #parts: AttemptParts;
  readonly #settling: AttemptSettle;
  readonly #book: LeaseBook;
  readonly #suspects: SuspectGate;

  constructor(parts: AttemptParts, of: { host: HostKey; book: LeaseBook }) {
    this.#parts = parts;
    this.#settling = new AttemptSettle(parts, of.host);
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
    if (telemetry.hasWatchers)
      telemetry.signal(taskSignal('task.started', { held, atMs: clock.now() }));
    telemetry.started(held.agent, Math.max(0, startedMs - task.createdMs) / 1_000);
    const ended = await this.#attempt(task, held);
    const outcome: WorkOutcome =
      held.isGivenBack && ended.status === 'cancelled'
        ? { status: 'cancelled', error: hiveError('SHUTTING_DOWN').toRecord() }
        : ended;
    const durationMs = clock.mono() - startedMono;
    onWorked(durationMs);
    try {
      await this.#settling.persistently(held, { outcome, startedMs, durationMs });
    } finally {
      leave?.();
      this.#book.remove(held); // whatever happened: a lease that is not settled must be able to run out
    }
  }

  async #attempt(task: ClaimedTask, held: HeldTask): Promise<WorkOutcome> {
    const { store, runner, inputs } = this.#parts;
    try {
      if (task.suspect) {
        const stale = await store.core.start([
          { key: task.key, fence: task.fence, startedMs: held.startedMs ?? 0 },
        ]);
        if (stale.length > 0)
          return { status: 'cancelled', error: hiveError('STALE_FENCE').toRecord() };
      }
      // Judged once: what a condition reads may change while a task waits (behind a join of any), and work that has begun is not skipped.
      const hasBegun = task.journalSteps > 0 || task.attempt > 1;
      if (task.node !== null && !hasBegun && !(await inputs.isWanted(task)))
        return { status: 'skipped' };
      const journal: readonly JournalStep[] =
        task.journalSteps > 0
          ? await this.#parts.children.filled(await store.core.loadJournal(task.key))
          : [];
      const input: Json =
        task.runKey === null ? (JSON.parse(task.input) as Json) : await inputs.resolve(task);
      const outcome = await runner.run(
        {
          taskId: task.id,
          taskKey: task.key,
          runId: runIdOf(task),
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
      if (isAway) return storeAway;
      return await this.#checked(task, outcome);
    } catch (error) {
      if (isStoreTrouble(error)) return storeAway;
      return { status: 'failed', error: toHiveError(error, 'AGENT_THREW').toRecord() };
    }
  }

  /** The outcome, or OUTPUT_MISMATCH when the result is not what its node promises to those behind it. */
  async #checked(task: ClaimedTask, outcome: AttemptOutcome): Promise<AttemptOutcome> {
    if (outcome.status !== 'succeeded' || task.runKey === null || task.node === null)
      return outcome;
    const run = await this.#parts.keeper.cache.get(task.runKey);
    const node = nodeAt(run.graph, task.node);
    const schema = 'output' in node ? node.output : undefined;
    if (schema === undefined) return outcome;
    const problems = schemaMismatches(schema, JSON.parse(outcome.result) as Json);
    if (problems.length === 0) return outcome;
    const error = hiveError('OUTPUT_MISMATCH', {
      message: `the result of node "${node.id}" does not match its output schema: ${problems.join('; ')}`,
      details: { problems },
    }).toRecord();
    return {
      status: 'failed',
      error,
      ...(outcome.steps === undefined ? {} : { steps: outcome.steps }),
    };
  }

  #attemptHost(task: ClaimedTask, held: HeldTask): AttemptHost {
    return {
      appendJournal: async (steps, options) => {
        if (held.isRevoked) return false;
        const ended = steps.filter(isEndedWait);
        const rows = ended.length === 0 ? steps : steps.filter((step) => !isEndedWait(step));
        const { core } = this.#parts.store;
        const flushLane = task.runKey ?? task.key;
        if (rows.length > 0 || options?.reset === true) {
          const isGood = await core.journal({
            key: task.key,
            tenant: task.tenant,
            fence: task.fence,
            flushLane,
            steps: rows,
            ...(options?.reset === true ? { reset: true } : {}),
          });
          if (!isGood) return false;
        }
        if (ended.length === 0) return true;
        // The time of a wait has passed: the first answer wins, and one that came meanwhile must reach the author instead.
        const answers = ended.map(({ name, occurrence, result, atMs }) => ({
          task: task.key,
          name,
          occurrence,
          result: result ?? 'null',
          atMs,
        }));
        const verdicts = await core.settle(
          answers.map((answer) => ({ flushLane, answers: [answer], events: [] })),
        );
        return verdicts.every((verdict) => verdict.status === 'ok');
      },
      log: (line) => {
        this.#parts.logs.add({ task, agent: held.agent, line });
      },
      progress: (data) => {
        const { telemetry, clock } = this.#parts;
        if (telemetry.hasWatchers)
          telemetry.signal(taskSignal('task.progress', { held, atMs: clock.now(), data }));
      },
    };
  }
}

/** A wait whose end the attempt itself writes: it timed out. */
function isEndedWait(step: JournalStep): boolean {
  const isWait = step.kind === 'approval' || step.kind === 'event' || step.kind === 'child';
  return isWait && step.result !== null;
}
