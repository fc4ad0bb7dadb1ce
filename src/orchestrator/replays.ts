// Replay: a run's tasks executed again from their journals alone. It shows that the code still does what was recorded, and costs nothing: no step, effect or
// model is called, nothing is written (R5 of the runner's port).
// V1: a task that was never worked on, whose agent is not on this host, that was stopped from outside or whose child runs are deleted (a fork keeps what
// its original began, and may outlive it) is skipped, never counted as same.

import { hiveError, isHiveError } from '../contract/index.ts';
import type {
  AgentRunner,
  AttemptHost,
  AttemptOutcome,
  ClaimedTask,
  ErrorRecord,
  RetryPreset,
  RunId,
  RunRow,
  Store,
} from '../contract/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { ChildRuns } from './child-runs.ts';
import type { By, ReplayedTask, ReplayReport } from './run-verbs.ts';
import { isStoreTrouble } from './store-trouble.ts';
import { runIdOf } from './suspension.ts';
import type { TaskInputs } from './task-input.ts';
import type { TaskFacts, VerbRows } from './verb-rows.ts';

/** Tasks replayed at once: enough to keep workers busy beside the hive's own work. */
const AT_ONCE = 4;

export interface ReplayParts {
  store: Store;
  runner: AgentRunner;
  clock: Clock;
  rows: VerbRows;
  inputs: TaskInputs;
  children: ChildRuns;
}

/** Whatever the code does beside its journal goes nowhere. */
const nowhere: AttemptHost = {
  appendJournal: () => Promise.resolve(false),
  log: () => undefined,
  progress: () => undefined,
};

interface Recorded {
  input: string;
  result: string | null;
  type: string;
  name: string;
  timeout_ms: number;
}

export class Replays {
  readonly #parts: ReplayParts;

  constructor(parts: ReplayParts) {
    this.#parts = parts;
  }

  /** Throws NOT_FOUND. */
  async replay(id: RunId, by: By): Promise<ReplayReport> {
    const { clock, rows, store } = this.#parts;
    const beganMs = clock.mono();
    const [row] = await store.loadRuns([id]);
    const run = row !== undefined && row.tenant === by.tenant ? row : undefined;
    const single = run === undefined ? await rows.singleTask(id, by.tenant) : undefined;
    if (run === undefined && single === undefined)
      throw hiveError('NOT_FOUND', { message: `there is no run ${id}` });
    const facts =
      run === undefined ? [single].flatMap((task) => task ?? []) : await rows.tasksOfRun(run);
    const tasks: ReplayedTask[] = Array.from({ length: facts.length });
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let at = next++; at < facts.length; at = next++) {
        const task = facts[at];
        if (task !== undefined) tasks[at] = await this.#task(task, { run: run ?? null, by });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const count = (verdict: ReplayedTask['verdict']): number =>
      tasks.filter((task) => task.verdict === verdict).length;
    return {
      runId: id,
      tasks,
      same: count('same'),
      diverged: count('diverged'),
      skipped: count('skipped'),
      durationMs: Math.round(clock.mono() - beganMs),
    };
  }

  async #task(facts: TaskFacts, of: { run: RunRow | null; by: By }): Promise<ReplayedTask> {
    const { runner, store, children, inputs, rows } = this.#parts;
    const { id, node, item, state, agent } = facts;
    const base = { taskId: id, node, item };
    const worked = state === 'succeeded' || state === 'failed' || state === 'dead';
    const isHere = runner.manifests().some((manifest) => manifest.name === agent);
    if (!worked || agent === null || !isHere)
      return { ...base, verdict: 'skipped', steps: 0, error: null };
    const [recorded] = await rows.query<Recorded>(
      'select input, result, type, name, timeout_ms from tasks where key = $1',
      [facts.key],
    );
    let done = { ...base, steps: 0 };
    try {
      const journal = await children.filled(await store.core.loadJournal(facts.key));
      done = { ...base, steps: journal.length };
      const task = claimed(facts, { recorded, run: of.run, tenant: of.by.tenant });
      const outcome = await runner.run(
        {
          taskId: id,
          taskKey: facts.key,
          runId: runIdOf(task),
          tenant: of.by.tenant,
          agent,
          attempt: facts.attempt,
          input: await inputs.resolve(task),
          timeoutMs: task.timeoutMs,
          journal,
          mode: 'replay',
          signal: new AbortController().signal,
        },
        nowhere,
      );
      const error = difference(outcome, { facts, result: recorded?.result ?? null });
      return { ...done, verdict: error === null ? 'same' : 'diverged', error };
    } catch (error) {
      if (isStoreTrouble(error)) throw error;
      if (isHiveError(error) && error.code === 'NOT_FOUND')
        return { ...done, verdict: 'skipped', error: error.toRecord() };
      const message = error instanceof Error ? error.message : String(error);
      return { ...done, verdict: 'diverged', error: diverged(message) };
    }
  }
}

/** Null when the replay ended as recorded. */
function difference(
  outcome: AttemptOutcome,
  recorded: { facts: TaskFacts; result: string | null },
): ErrorRecord | null {
  const { facts, result } = recorded;
  if (outcome.status === 'succeeded') {
    if (facts.state !== 'succeeded')
      return diverged(`it was recorded as ${facts.state} and succeeded now`);
    return outcome.result === result
      ? null
      : diverged('its result is another one than the recorded');
  }
  if (outcome.status !== 'failed')
    return diverged(`the replay ended as ${outcome.status}, recorded was ${facts.state}`);
  if (facts.state === 'succeeded') return outcome.error;
  // A task that failed inside a step has no row of that step: up to there it did what was recorded, and further a replay cannot go.
  if (outcome.error.code === 'REPLAY_DIVERGED') return null;
  const before = JSON.parse(facts.error ?? '{}') as Partial<ErrorRecord>;
  return before.code === outcome.error.code ? null : outcome.error;
}

function diverged(message: string): ErrorRecord {
  return hiveError('REPLAY_DIVERGED', { message }).toRecord();
}

function claimed(
  facts: TaskFacts,
  of: { recorded: Recorded | undefined; run: RunRow | null; tenant: number },
): ClaimedTask {
  const { recorded, run, tenant } = of;
  return {
    key: facts.key,
    id: facts.id,
    tenant,
    project: facts.project,
    runKey: run?.key ?? null,
    runId: run?.id ?? null,
    node: facts.node,
    item: facts.item,
    name: recorded?.name ?? '',
    type: recorded?.type ?? '',
    priority: 0,
    route: 0,
    lane: 0,
    input: recorded?.input ?? 'null',
    fence: 0,
    attempt: facts.attempt,
    crashes: 0,
    suspect: false,
    journalSteps: 0,
    timeoutMs: Number(recorded?.timeout_ms ?? 0),
    retry: 'none' satisfies RetryPreset,
    createdMs: facts.createdMs,
    group: -1,
  };
}
