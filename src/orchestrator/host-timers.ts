// The recurring duties of a host: renew leases and heartbeat, promote due timers, reap what dead hosts held, look after runs, poll for work whose hint was lost.
// T1: one of each duty at a time. T2: a duty that fails is logged and comes again. T3: after stop() nothing runs and nothing starts.

import type { Clock, Random } from '../kernel/index.ts';
import type { HostTelemetry } from './host-telemetry.ts';
import type { OrchestratorSettings } from './orchestrator-settings.ts';

export interface Duties {
  /** Also the heartbeat. */
  renew(): Promise<void>;
  /** Returns when the next timer is due, or null. */
  promote(): Promise<number | null>;
  reap(): Promise<void>;
  /** Runs past their deadline, child runs whose parent has ended. */
  look(): Promise<void>;
  poll(): Promise<void>;
}

/** Share of jitter in polling, so that hosts spread. */
const JITTER = 0.2;

export class HostTimers {
  readonly #parts: {
    clock: Clock;
    random: Random;
    settings: OrchestratorSettings;
    telemetry: HostTelemetry;
  };
  readonly #duties: Duties;
  #isStopped = false;
  #cancels = new Map<string, () => void>();
  #nextPromoteMs = Infinity;
  #promoting: Promise<void> | undefined;
  readonly #running = new Set<Promise<void>>();

  constructor(
    parts: {
      clock: Clock;
      random: Random;
      settings: OrchestratorSettings;
      telemetry: HostTelemetry;
    },
    duties: Duties,
  ) {
    this.#parts = parts;
    this.#duties = duties;
  }

  start(): void {
    const { settings } = this.#parts;
    this.#every('renew', settings.leaseMs / 3, () => this.#duties.renew());
    // As often as the poll: the work of a host that died is taken over within a second (its lock is free at once).
    this.#every('reap', settings.pollMs, () => this.#duties.reap());
    this.#every('look', settings.pollMs, () => this.#duties.look());
    this.#every('poll', settings.pollMs, () => this.#duties.poll());
    this.#promoteSoon();
  }

  /** A timer was set that is due then. */
  timerSet(dueMs: number): void {
    if (dueMs < this.#nextPromoteMs) this.#schedulePromote(dueMs);
  }

  /** The duty comes now; one that is under way has this one follow it. */
  soon(name: 'look'): void {
    if (this.#isStopped) return;
    void this.#run(name, () => this.#duties[name]());
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
    await Promise.allSettled([...this.#running, this.#promoting]);
  }

  #every(name: string, intervalMs: number, duty: () => Promise<void>): void {
    if (this.#isStopped) return;
    const { clock, random } = this.#parts;
    const delayMs = intervalMs * (1 - JITTER * random());
    this.#cancels.set(
      name,
      clock.after(delayMs, () => {
        void this.#run(name, duty).then(() => {
          this.#every(name, intervalMs, duty);
        });
      }),
    );
  }

  #run(name: string, duty: () => Promise<void>): Promise<void> {
    const running = duty().catch((error: unknown) => {
      this.#parts.telemetry.log({
        level: 'WARNING',
        message: `${name} failed, will come again: ${String(error)}`,
        scope: {},
      });
    });
    this.#running.add(running);
    return running.finally(() => this.#running.delete(running));
  }

  #schedulePromote(dueMs: number): void {
    if (this.#isStopped) return;
    this.#cancels.get('promote')?.();
    this.#nextPromoteMs = dueMs;
    const delayMs = Math.min(
      Math.max(0, dueMs - this.#parts.clock.now()),
      this.#parts.settings.pollMs,
    );
    this.#cancels.set(
      'promote',
      this.#parts.clock.after(delayMs, () => {
        this.#promoteSoon();
      }),
    );
  }

  #promoteSoon(): void {
    if (this.#promoting !== undefined || this.#isStopped) return;
    this.#nextPromoteMs = Infinity;
    this.#promoting = this.#duties
      .promote()
      .catch((error: unknown) => {
        this.#parts.telemetry.log({
          level: 'WARNING',
          message: `promote failed, will come again: ${String(error)}`,
          scope: {},
        });
        return null;
      })
      .then((nextDueMs) => {
        this.#promoting = undefined;
        // Another host may set a timer, and a timer may have been set while this ran: never sleep longer than the poll.
        this.#schedulePromote(
          Math.min(
            this.#nextPromoteMs,
            nextDueMs ?? Infinity,
            this.#parts.clock.now() + this.#parts.settings.pollMs,
          ),
        );
      });
  }
}
