// One host of the hive: the front of this room. Starts and stops the loop, takes in work, cancels it, tells what happens.
//
// Owns: the wiring of dispatcher, run keeper, timers and records. Does not own: agents (AgentRunner port), SQL (store), who may do what (operations).
// Start = recovery: leases of earlier boots are void, what was running is ready again, and runs go on by themselves, because every commit
// that ends a task also inserts what comes next. Nothing scans for stuck runs.

import type {
  AgentRunner,
  HostKey,
  Json,
  NewTask,
  RunId,
  Store,
  TaskId,
} from '../contract/index.ts';
import type { Clock, IdSource, Random } from '../kernel/index.ts';
import { AgentRecords } from './agent-records.ts';
import { Dispatcher } from './dispatcher.ts';
import { Endings } from './endings.ts';
import type { CancelTaskRequest } from './endings.ts';
import type { HostTelemetry } from './host-telemetry.ts';
import { HostTimers } from './host-timers.ts';
import { Intake } from './intake.ts';
import type { RunRequest, TaskRequest } from './intake.ts';
import { defaultSettings } from './orchestrator-settings.ts';
import type { OrchestratorSettings } from './orchestrator-settings.ts';
import type { CachedRun } from './run-cache.ts';
import { ChildRuns } from './child-runs.ts';
import { EndWaits } from './end-waits.ts';
import { RunDuties } from './run-duties.ts';
import { RunKeeper } from './run-keeper.ts';
import type { RunVerbs } from './run-verbs.ts';
import { runVerbs } from './verbs.ts';
import { TaskInputs } from './task-input.ts';
import { TaskLogs } from './task-logs.ts';

export interface OrchestratorParts {
  store: Store;
  runner: AgentRunner;
  clock: Clock;
  ids: IdSource;
  random: Random;
  telemetry: HostTelemetry;
  /** Name of this host and of this start of it. */
  host: { id: string; boot: string };
  settings?: Partial<OrchestratorSettings>;
  redact: (text: string) => string;
}

export class Orchestrator {
  readonly #parts: OrchestratorParts;
  readonly #settings: OrchestratorSettings;
  readonly #dispatcher: Dispatcher;
  readonly #keeper: RunKeeper;
  readonly #timers: HostTimers;
  readonly #records: AgentRecords;
  readonly #logs: TaskLogs;
  readonly #inputs: TaskInputs;
  readonly #intake: Intake;
  readonly #endings: Endings;
  readonly #duties: RunDuties;
  readonly #ends: EndWaits;
  readonly #children: ChildRuns;
  /** Pause, resume, retry, fork, signal, replay, decide, requeue, resolve. */
  readonly verbs: RunVerbs;
  readonly #unsubscribe: (() => void)[] = [];

  private constructor(parts: OrchestratorParts, host: HostKey) {
    this.#parts = parts;
    this.#settings = { ...defaultSettings, ...parts.settings };
    const { store, clock, ids, random, runner, telemetry } = parts;
    const basics = { store, clock, ids, random };
    this.#keeper = this.#newKeeper();
    const keeper = this.#keeper;
    this.#inputs = new TaskInputs(store, keeper.cache);
    this.#duties = new RunDuties({ store, clock, keeper });
    this.#ends = new EndWaits({ store, clock });
    this.#children = new ChildRuns({
      ...basics,
      cache: keeper.cache,
      inputs: this.#inputs,
      routesOf: (graph) => this.#intake.routesOfGraph(graph),
    });
    this.#logs = new TaskLogs({ store, clock, ids, redact: parts.redact });
    const timerSet = (dueMs: number): void => {
      this.#timers.timerSet(dueMs);
    };
    const shared = { ...basics, runner, keeper };
    const reading = { inputs: this.#inputs, children: this.#children };
    this.#dispatcher = new Dispatcher(
      {
        ...shared,
        ...reading,
        telemetry,
        settings: this.#settings,
        logs: this.#logs,
        timerSet,
        storeTrouble: () => {
          this.#dispatcher.distrust();
        },
        ended: (run) => {
          this.#ends.ended(run);
        },
      },
      host,
    );
    this.#endings = new Endings({ store, clock, random, telemetry, keeper });
    const hosting = { dispatcher: this.#dispatcher, manifests: runner.manifests() };
    this.#intake = new Intake({ ...shared, ...hosting, timerSet });
    this.verbs = runVerbs({ ...shared, ...reading, intake: this.#intake });
    this.#records = new AgentRecords({ store, clock, ids, host });
    this.#timers = this.#newTimers();
  }

  #newKeeper(): RunKeeper {
    const { store, clock, ids, random } = this.#parts;
    return new RunKeeper({
      store,
      clock,
      ids,
      random,
      routesOf: (sets) => this.#intake.routesOf(sets),
      reserve: (route) => this.#dispatcher.reserve(route),
      release: (lease) => {
        this.#dispatcher.release(lease);
      },
      leased: (tasks, run) => {
        this.#dispatcher.startLeased(tasks, run);
      },
      changed: (run, { inserted, isSwept, isEnded }) => {
        this.#changed(run, inserted);
        if (isEnded) this.#ends.ended(run.id);
        if (isSwept) this.#lookSoon();
      },
    });
  }

  #newTimers(): HostTimers {
    const { clock, random, telemetry } = this.#parts;
    return new HostTimers(
      { clock, random, settings: this.#settings, telemetry },
      {
        renew: () => this.#renew(),
        promote: () => this.#promote(),
        reap: () => this.#reap(),
        look: () => this.#duties.look(),
        poll: async () => {
          if (this.#dispatcher.isDistrusted) await this.#renew();
          this.#dispatcher.mark();
          await this.#ends.look();
        },
      },
    );
  }

  /** Registers the host, recovers what earlier owners left, and starts to work. */
  static async start(parts: OrchestratorParts): Promise<Orchestrator> {
    const host = await parts.store.registerHost({ ...parts.host, startedMs: parts.clock.now() });
    const orchestrator = new Orchestrator(parts, host);
    await orchestrator.#begin();
    return orchestrator;
  }

  async #begin(): Promise<void> {
    const { store, runner } = this.#parts;
    await this.#reap();
    await this.#records.register(runner.manifests());
    // Routes of single agents exist from the start, so that their tasks never wait for a first look-up.
    await this.#intake.routesOf(runner.manifests().map((manifest) => manifest.capabilities));
    await this.#dispatcher.learnRoutes();
    this.#unsubscribe.push(
      store.hints.onReady((routes) => {
        if (routes.some((route) => !this.#dispatcher.knowsRoute(route))) {
          this.#dispatcher.learnRoutes().then(
            () => {
              this.#dispatcher.mark(routes);
            },
            () => undefined, // a hint: with the store away the next one, or a start of the run, learns them
          );
        } else this.#dispatcher.mark(routes);
      }),
      // On an embedded store every end is this host's own.
      ...(store.dialect === 'postgres'
        ? [
            store.hints.onEvents(() => {
              this.#ends.hint();
            }),
          ]
        : []),
      store.hints.onRevoked((keys) => {
        this.#revoke(keys);
      }),
    );
    if (this.#settings.isWorker) this.#dispatcher.run();
    this.#timers.start();
  }

  /** Starts to claim on a host that was started without the worker role. */
  beginWork(): void {
    this.#dispatcher.run();
  }

  get host(): HostKey {
    return this.#dispatcher.host;
  }

  get slots(): { busy: number; total: number } {
    return this.#dispatcher.slots;
  }

  /** Accepts one task; durable when it resolves. Throws CAPABILITY_UNKNOWN, INPUT_*, IDEMPOTENCY_CONFLICT, STORAGE_LOW. */
  enqueue(request: TaskRequest): Promise<{ taskId: TaskId; isDuplicate: boolean }> {
    return this.#intake.enqueue(request);
  }

  /** Accepts many tasks in one commit, all or none. */
  enqueueAll(requests: readonly TaskRequest[]): Promise<TaskId[]> {
    return this.#intake.enqueueAll(requests);
  }

  /** Accepts a run of a graph; durable when it resolves. Throws GRAPH_INVALID, CAPABILITY_UNKNOWN, INPUT_*, IDEMPOTENCY_CONFLICT, STORAGE_LOW. */
  startRun(request: RunRequest): Promise<{ runId: RunId; isDuplicate: boolean }> {
    return this.#intake.startRun(request);
  }

  /** Throws ILLEGAL_TRANSITION when the task has ended. */
  async cancelTask(task: CancelTaskRequest): Promise<void> {
    await this.#endings.cancelTask(task);
    this.#lookSoon();
  }

  /** Cancels a run and every task of it that has not ended. Throws NOT_FOUND, ILLEGAL_TRANSITION. */
  cancelRun(id: RunId, by: { actor: string; tenant: number; reason?: string }): Promise<void> {
    return this.#endings.cancelRun(id, by);
  }

  /** Resolves when the run (or single task, by its run id) has ended or the signal aborts. `isNew`: asked before it is started, which saves a read. */
  whenEnded(
    run: RunId,
    of: { tenant: number; signal?: AbortSignal; isNew?: boolean },
  ): Promise<void> {
    return this.#ends.wait(run, of);
  }

  /** Result of the node that is the run's output; null while there is none. Throws NOT_FOUND. */
  runOutput(id: RunId): Promise<Json> {
    return this.#children.output(id);
  }

  /** Child runs may have lost the task that waits for them: the duty that cancels them comes at once instead of within a second. */
  #lookSoon(): void {
    this.#timers.soon('look');
  }

  #changed(run: CachedRun, inserted: readonly NewTask[]): void {
    const { telemetry, clock } = this.#parts;
    if (!telemetry.hasWatchers) return;
    for (const task of inserted) {
      telemetry.signal({
        type: 'task.created',
        cursor: null,
        atMs: clock.now(),
        tenant: run.tenant,
        runId: run.id,
        taskId: task.id,
        seq: null,
        data: { name: task.name, node: task.node ?? null, item: task.item ?? null },
      });
    }
  }

  #revoke(keys: readonly number[]): void {
    this.#dispatcher.book.revoke(keys);
    for (const key of keys) this.#parts.runner.forget(key);
  }

  /** Running attempts per agent on this host. */
  busyByAgent(): Map<string, number> {
    const busy = new Map(this.#parts.runner.manifests().map((manifest) => [manifest.name, 0]));
    for (const held of this.#dispatcher.book.all())
      if (held.startedMs !== null) busy.set(held.agent, (busy.get(held.agent) ?? 0) + 1);
    return busy;
  }

  async #renew(): Promise<void> {
    const leases = this.#dispatcher.book.leases();
    const untilMs = this.#parts.clock.now() + this.#settings.leaseMs;
    if (leases.length > 0) {
      const stale = await this.#parts.store.core.renew(leases, untilMs);
      this.#revoke(this.#dispatcher.book.stillStale(leases, stale));
    }
    this.#dispatcher.trust();
    await this.#records.heartbeat(this.busyByAgent());
  }

  async #promote(): Promise<number | null> {
    for (;;) {
      const { promoted, nextDueMs } = await this.#parts.store.core.promote({
        nowMs: this.#parts.clock.now(),
        limit: this.#settings.promoteLimit,
      });
      if (promoted < this.#settings.promoteLimit) return nextDueMs;
    }
  }

  async #reap(): Promise<void> {
    const { store, clock, telemetry } = this.#parts;
    const { released, exhausted, hosts } = await store.core.reap({
      host: this.#dispatcher.host,
      nowMs: clock.now(),
    });
    if (released > 0 || hosts.length > 0) {
      telemetry.log({
        level: 'WARNING',
        message: `${released} tasks of lost owners are ready again`,
        scope: {},
        fields: { hosts: hosts.length, exhausted: exhausted.length },
      });
    }
    await Promise.all(exhausted.map((lost) => this.#endings.declareDead(lost)));
  }

  /** Stops cleanly: gives back what did not start, waits for what runs, aborts the rest after drainMs. */
  async stop(): Promise<void> {
    for (const off of this.#unsubscribe.splice(0)) off();
    await this.#dispatcher.stop();
    await this.#timers.stop();
    // Without a store the host is found dead by its free lock, and the last lines of tasks are lost: no reason not to stop.
    const ends = await Promise.allSettled([this.#logs.flush(), this.#records.end()]);
    for (const end of ends) {
      if (end.status === 'fulfilled') continue;
      const message = `stopping without a last word to the store: ${String(end.reason)}`;
      this.#parts.telemetry.log({ level: 'WARNING', message, scope: {} });
    }
  }
}
