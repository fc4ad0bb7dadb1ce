// What this host holds under lease: renewed together each third of the lease time, which is also the heartbeat (design 5.2).
// I1: everything claimed is in the book until it is settled or given up. I2: a lease that could not be renewed is revoked: its attempt stops and
// its writes are refused by the fence anyway.

import { hiveError } from '../contract/index.ts';
import type { ClaimedTask, TaskKey } from '../contract/index.ts';

/** One held task. `signal` is made when somebody asks for it. */
export class HeldTask {
  readonly task: ClaimedTask;
  readonly agent: string;
  startedMs: number | null = null;
  isRevoked = false;
  /** The host shuts down: whatever the attempt does not finish is given back, not cancelled. */
  isGivenBack = false;
  #controller: AbortController | undefined;

  constructor(task: ClaimedTask, agent: string) {
    this.task = task;
    this.agent = agent;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.isGivenBack) this.#controller.abort(hiveError('SHUTTING_DOWN'));
      if (this.isRevoked) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  giveBack(): void {
    this.isGivenBack = true;
    this.#controller?.abort(hiveError('SHUTTING_DOWN'));
  }

  revoke(): void {
    this.isRevoked = true;
    this.#controller?.abort();
  }
}

export class LeaseBook {
  readonly #held = new Map<TaskKey, HeldTask>();

  get size(): number {
    return this.#held.size;
  }

  add(task: ClaimedTask, agent: string): HeldTask {
    const held = new HeldTask(task, agent);
    this.#held.set(task.key, held);
    return held;
  }

  get(key: TaskKey): HeldTask | undefined {
    return this.#held.get(key);
  }

  remove(held: HeldTask): void {
    if (this.#held.get(held.task.key) === held) this.#held.delete(held.task.key);
  }

  /** What to renew: key, fence and, for what has started, the durable start mark. */
  leases(): { key: TaskKey; fence: number; startedMs: number | null }[] {
    return [...this.#held.values()].map((held) => ({
      key: held.task.key,
      fence: held.task.fence,
      startedMs: held.startedMs,
    }));
  }

  /** Of leases that were sent to be renewed and are stale: those that nothing newer took the place of here. A task may have ended its turn and been claimed again meanwhile. */
  stillStale(sent: ReturnType<LeaseBook['leases']>, stale: readonly TaskKey[]): TaskKey[] {
    const fences = new Map(sent.map(({ key, fence }) => [key, fence]));
    return stale.filter((key) => {
      const held = this.#held.get(key);
      return held === undefined || held.task.fence === fences.get(key);
    });
  }

  revoke(keys: readonly TaskKey[]): void {
    for (const key of keys) {
      const held = this.#held.get(key);
      if (held === undefined) continue;
      this.#held.delete(key);
      held.revoke();
    }
  }

  all(): HeldTask[] {
    return [...this.#held.values()];
  }
}
