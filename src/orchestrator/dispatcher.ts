// The loop of one host: claims for its agents, has attempts run, settles them.
//
// Owns: slots, the claim buffer, leases held here. Does not own: what a graph does next (advance), how agent code runs (AgentRunner), SQL.
// Life: idle > running (start) > draining (stop: nothing is claimed, running attempts get drainMs) > stopped.
// Of a task here: claimed (leased, buffered) > started > settled | revoked (out-fenced: its writes are refused) | given back (shutdown).
// D1 An agent never gets a task that it does not cover. D2 At most `concurrency` attempts of an agent run at once. D3 At most two claims are in flight, so that one is
// answered while the tasks of the other are worked on.
// D4 A slot is free when the agent's code is done; its outcome then waits for the commit, and of such outcomes at most maxSettling wait: beyond
// that slots stay taken, so a slow store slows the agents instead of filling memory. D5 Every hint may be lost: a poll each second repairs it.

import { crashPoint, hiveError } from '../contract/index.ts';
import type { ClaimedTask, HostKey, Lease, NewTask, RouteKey, TaskKey } from '../contract/index.ts';
import { AgentSlots, HANDS_AHEAD } from './agent-slots.ts';
import { AttemptWork } from './attempt-work.ts';
import type { AttemptParts } from './attempt-work.ts';
import { LeaseBook } from './lease-book.ts';
import { drainedAgents, planClaims, routeTable } from './matching-claims.ts';
import type { RouteTable } from './matching-claims.ts';
import { rankAgents } from './matching-strategy.ts';
import type { CachedRun } from './run-cache.ts';

const MAX_CLAIMS = 2;

type Life = 'idle' | 'running' | 'draining' | 'stopped';

export class Dispatcher {
  readonly host: HostKey;
  readonly book = new LeaseBook();
  readonly #parts: AttemptParts;
  readonly #agents: AgentSlots[];
  readonly #byName: Map<string, AgentSlots>;
  readonly #work: AttemptWork;
  #table: RouteTable;
  #routeCapabilities = new Map<RouteKey, readonly string[]>();
  #localChoice = new Map<RouteKey, { slots: AgentSlots; assignment: string }[]>();
  #life: Life = 'idle';
  #claims = 0;
  isDistrusted = false;
  #marks = 0;
  #busy = 0;
  /** Attempts that run or wait for their commit. */
  #settling = 0;
  #lastAgent: string | null = null;
  #onQuiet: (() => void)[] = [];

  constructor(parts: AttemptParts, host: HostKey) {
    this.host = host;
    this.#parts = parts;
    this.#agents = parts.runner.manifests().map((manifest) => new AgentSlots(manifest));
    this.#byName = new Map(this.#agents.map((slots) => [slots.manifest.name, slots]));
    this.#table = routeTable([], []);
    this.#work = new AttemptWork(parts, { host, book: this.book });
  }

  get slots(): { busy: number; total: number } {
    const all = this.#agents.reduce((sum, agent) => sum + agent.manifest.concurrency, 0);
    return { busy: this.#busy, total: Math.min(all, this.#parts.settings.concurrency) };
  }

  /** Reads the routes anew; called at start and when a route turns up that is not known here. */
  async learnRoutes(): Promise<void> {
    const known = await this.#parts.store.knownRoutes();
    this.#routeCapabilities = new Map(known.map((route) => [route.key, route.capabilities]));
    this.#table = routeTable(
      this.#agents.map((slots) => slots.manifest),
      known,
    );
    this.#localChoice.clear();
  }

  knowsRoute(route: RouteKey): boolean {
    return this.#routeCapabilities.has(route);
  }

  /** Whether some agent of this host covers the route. */
  covers(route: RouteKey): boolean {
    return this.#table.byRoute.has(route);
  }

  run(): void {
    this.#life = 'running';
    this.#parts.telemetry.slotsAvailable(this.slots.total);
    this.mark();
  }

  /** Work may be waiting: for these routes, or for all agents. */
  mark(routes?: readonly RouteKey[]): void {
    this.#marks++;
    if (routes === undefined) {
      for (const agent of this.#agents) agent.isDirty = true;
    } else {
      for (const route of routes) {
        for (const { at } of this.#table.byRoute.get(route) ?? []) {
          const agent = this.#agents[at];
          if (agent !== undefined) agent.isDirty = true;
        }
      }
    }
    this.pump();
  }

  /**
   * The store failed: a host that dies for its database (its advisory lock is gone) loses its leases at once. Nothing buffered is started before the
   * leases have been renewed, else work that others have taken over meanwhile would be done twice (the fence only keeps its result out).
   */
  distrust(): void {
    this.isDistrusted = true;
  }

  /** The leases were renewed, and what is stale was revoked. */
  trust(): void {
    if (!this.isDistrusted) return;
    this.isDistrusted = false;
    this.mark();
  }

  /** Starts what is buffered while slots are free, and claims when that is worth it. */
  pump(): void {
    if (this.#life !== 'running' || this.isDistrusted) return;
    for (const agent of this.#agents) {
      while (agent.hasFreeSlot && this.#busy < this.#parts.settings.concurrency) {
        const task = agent.next();
        if (task === undefined) break;
        this.#begin(task, agent);
      }
    }
    while (
      this.#claims < MAX_CLAIMS &&
      this.book.size < this.#maxHeld &&
      this.#agents.some((agent) => agent.wanted > 0)
    )
      void this.#claim();
  }

  /** Leases held here at most: with one slot of the host free there is always room for a claim. */
  get #maxHeld(): number {
    return this.#parts.settings.concurrency * (1 + HANDS_AHEAD);
  }

  get #maxSettling(): number {
    return this.#parts.settings.concurrency * HANDS_AHEAD;
  }

  async #claim(): Promise<void> {
    this.#claims++;
    const marks = this.#marks;
    const load = this.#agents.map((agent) => ({
      busy: agent.held + agent.asked,
      slots: agent.held + agent.asked + agent.wanted,
    }));
    const groups = planClaims({
      strategy: this.#parts.settings.strategy,
      table: this.#table,
      load,
      lastAgent: this.#lastAgent,
    });
    for (const group of groups) this.#slotsOf(group.agent).asked += group.slots;
    try {
      const nowMs = this.#parts.clock.now();
      const request = {
        host: this.host,
        nowMs,
        untilMs: nowMs + this.#parts.settings.leaseMs,
        groups,
      };
      const claimed = groups.length === 0 ? [] : await this.#parts.store.core.claim(request);
      const got = new Map<number, number>();
      for (const task of claimed) {
        got.set(task.group, (got.get(task.group) ?? 0) + 1);
        const agent = this.#slotsOf(groups[task.group]?.agent ?? '');
        this.book.add(task, agent.manifest.name);
        agent.add(task);
        this.#lastAgent = agent.manifest.name;
      }
      if (marks === this.#marks)
        for (const name of drainedAgents(this.#table, { groups, got }))
          this.#slotsOf(name).isDirty = false;
    } catch (error) {
      this.distrust();
      for (const agent of this.#agents) agent.isDirty = false; // the poll marks them again: no busy loop against a store in trouble
      this.#parts.telemetry.log({
        level: 'WARNING',
        message: `claim failed, will try again: ${String(error)}`,
        scope: {},
      });
    } finally {
      for (const group of groups) this.#slotsOf(group.agent).asked -= group.slots;
      this.#claims--;
    }
    this.pump();
    if (this.#life === 'draining' || this.#life === 'stopped') void this.giveBackBuffered();
  }

  #slotsOf(name: string): AgentSlots {
    const slots = this.#byName.get(name);
    if (slots === undefined)
      throw hiveError('INTERNAL', { message: `this host has no agent "${name}"` });
    return slots;
  }

  /** A lease for a new task of this route when a covering agent has a free slot and nobody waits before it. The slot is taken at once. */
  reserve(route: RouteKey): Lease | undefined {
    if (this.#life !== 'running' || this.#busy >= this.#parts.settings.concurrency)
      return undefined;
    for (const choice of this.#choices(route)) {
      if (!choice.slots.mayDispatchLocally) continue;
      choice.slots.running++;
      this.#busyChanged(1);
      const { name } = choice.slots.manifest;
      return {
        host: this.host,
        agent: name,
        assignment: choice.assignment,
        untilMs: this.#parts.clock.now() + this.#parts.settings.leaseMs,
      };
    }
    return undefined;
  }

  #choices(route: RouteKey): { slots: AgentSlots; assignment: string }[] {
    let choices = this.#localChoice.get(route);
    if (choices === undefined || this.#parts.settings.strategy !== 'capability_based') {
      const needed = this.#routeCapabilities.get(route);
      if (needed === undefined) return [];
      const ranked = rankAgents({
        strategy: this.#parts.settings.strategy,
        candidates: this.#agents.map((slots) => ({
          ...slots.manifest,
          slots: slots.manifest.concurrency,
          busy: slots.running,
        })),
        needed,
        lastAgent: this.#lastAgent,
      });
      choices = ranked.flatMap((each) => {
        const slots = this.#byName.get(each.agent);
        return slots === undefined ? [] : [{ slots, assignment: `${each.reason}#${each.rank}` }];
      });
      this.#localChoice.set(route, choices);
    }
    return choices;
  }

  /** Undoes reserve(): the task was not inserted. */
  release(lease: Lease): void {
    const agent = this.#byName.get(lease.agent);
    if (agent === undefined) return;
    agent.running--;
    this.#busyChanged(-1);
    this.pump();
  }

  /** Starts tasks that were inserted already leased to this host; their slots are reserved. */
  startLeased(tasks: readonly { task: NewTask; key: TaskKey }[], run?: CachedRun): void {
    for (const { task, key } of tasks) {
      const agent = task.lease === undefined ? undefined : this.#byName.get(task.lease.agent);
      if (agent === undefined)
        throw hiveError('INTERNAL', {
          message: 'a task was leased to an agent that this host does not have',
        });
      const claimed = claimedOf(task, { key, runKey: run?.key ?? null, runId: run?.id ?? null });
      this.#start(claimed, { agent, held: this.book.add(claimed, agent.manifest.name) });
    }
  }

  #begin(task: ClaimedTask, agent: AgentSlots): void {
    const held = this.book.get(task.key);
    if (held === undefined || held.isRevoked || held.task !== task) return; // out-fenced while it was buffered
    agent.running++;
    this.#busyChanged(1);
    this.#start(task, { agent, held });
  }

  #start(task: ClaimedTask, on: { agent: AgentSlots; held: ReturnType<LeaseBook['add']> }): void {
    crashPoint('C10');
    let isFree = false;
    const worked = (durationMs: number): void => {
      on.agent.took(durationMs);
      if (this.#settling > this.#maxSettling) return; // D4: the slot stays taken until the commit
      isFree = true;
      this.#free(on.agent);
    };
    this.#settling++;
    this.#work
      .run(task, on.held, worked)
      .catch((error: unknown) => {
        // The lease runs out and the task is tried again: nothing is lost, but nothing was settled either.
        this.#parts.telemetry.log({
          level: 'ERROR',
          message: `settling failed: ${String(error)}`,
          scope: { task: task.id, agent: on.agent.manifest.name, tenant: task.tenant },
        });
      })
      .finally(() => {
        this.#settling--;
        if (!isFree) this.#free(on.agent);
        if (this.#settling === 0) for (const resolve of this.#onQuiet.splice(0)) resolve();
      });
  }

  #free(agent: AgentSlots): void {
    agent.running--;
    this.#busyChanged(-1);
    this.pump();
  }

  #busyChanged(by: 1 | -1): void {
    this.#busy += by;
    if (by === 1) this.#parts.telemetry.slotBusy();
    else this.#parts.telemetry.slotFree();
  }

  /** Stops claiming, gives back what is buffered, waits for running attempts up to drainMs, then aborts and gives back the rest. */
  async stop(): Promise<void> {
    if (this.#life !== 'running') {
      this.#life = 'stopped';
      return;
    }
    this.#life = 'draining';
    crashPoint('C20');
    await this.giveBackBuffered();
    const quiet = new Promise<void>((resolve) => {
      if (this.#settling === 0) resolve();
      else this.#onQuiet.push(resolve);
    });
    const cancel = this.#parts.clock.after(this.#parts.settings.drainMs, () => {
      for (const held of this.book.all()) held.giveBack();
    });
    await quiet;
    cancel();
    this.#life = 'stopped';
  }

  /** Never throws: what cannot be given back is taken over like the work of a host that died. */
  async giveBackBuffered(): Promise<void> {
    const buffered = this.#agents.flatMap((agent) => agent.drain());
    const given = buffered.flatMap((task) => {
      const held = this.book.get(task.key);
      if (held === undefined) return [];
      this.book.remove(held);
      return [
        {
          flushLane: task.runKey ?? 0,
          change: {
            key: task.key,
            id: task.id,
            guard: { fence: task.fence },
            to: 'ready' as const,
            reason: 'none' as const,
          },
          events: [],
        },
      ];
    });
    if (given.length === 0) return;
    try {
      await this.#parts.store.core.settle(given);
    } catch (error) {
      this.#parts.telemetry.log({
        level: 'WARNING',
        message: `${given.length} tasks could not be given back, their leases will run out: ${String(error)}`,
        scope: {},
      });
    }
  }
}

function claimedOf(
  task: NewTask,
  of: { key: TaskKey; runKey: number | null; runId: ClaimedTask['runId'] },
): ClaimedTask {
  return {
    key: of.key,
    id: task.id,
    tenant: task.tenant,
    project: task.project,
    runKey: of.runKey,
    runId: of.runId,
    node: task.node ?? null,
    item: task.item ?? null,
    name: task.name,
    type: task.type,
    priority: task.priority,
    route: task.route,
    lane: 0,
    input: task.input,
    fence: 1,
    attempt: 1,
    crashes: 0,
    suspect: false,
    journalSteps: 0,
    timeoutMs: task.timeoutMs,
    retry: task.retry,
    createdMs: task.createdMs,
    group: -1,
  };
}
