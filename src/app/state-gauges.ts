// Gauges that count what is in the store: pending_tasks (S0-235), queue_depth (S1-133), concurrent_runs (S1-136), active_agents (S0-234, S1-135).
// Sampled, because counting a million ready tasks for every look at the metrics would cost more than it tells.
// I1: a sample that fails leaves the last values. I2: nothing here holds up a start or a stop.

import type { AgentManifest, Store } from '../contract/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { Telemetry } from '../telemetry/index.ts';

const SAMPLE_MS = 15_000;

export class StateGauges {
  readonly #parts: {
    store: Store;
    telemetry: Telemetry;
    clock: Clock;
    manifests: readonly AgentManifest[];
  };
  #cancel: (() => void) | undefined;
  #sampling: Promise<void> = Promise.resolve();

  constructor(parts: {
    store: Store;
    telemetry: Telemetry;
    clock: Clock;
    manifests: readonly AgentManifest[];
  }) {
    this.#parts = parts;
    parts.telemetry.metrics.gauge('active_agents').set(parts.manifests.length);
  }

  start(): void {
    this.#sampling = this.#sample().catch(() => undefined);
    this.#cancel = this.#parts.clock.after(SAMPLE_MS, () => {
      this.start();
    });
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    await this.#sampling;
  }

  async #sample(): Promise<void> {
    const { store, telemetry } = this.#parts;
    const count = async (from: string): Promise<number> => {
      const [row] = await store.read<{ n: number }>('system', {
        sql: `select count(*) as n from ${from}`,
        parameters: [],
      });
      return Number(row?.n ?? 0);
    };
    const ready = await count('tasks where state = 2');
    const waiting = await count('tasks where state = 1 and due_ms is not null');
    telemetry.metrics.gauge('queue_depth').set(ready);
    telemetry.metrics.gauge('pending_tasks').set(ready + waiting);
    telemetry.metrics.gauge('concurrent_runs').set(await count('runs where state < 3'));
  }
}
