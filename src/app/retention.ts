// The duty that deletes what ended long ago (journals grow with every run): by age and by number, per project.
// Owns: when it looks and how much it takes at once. Does not own: deleting, which is the store's.
// I1: one batch at a time, with a pause between batches, so that work is never held up. I2: a pass that fails is told and tried again at the next
// time. I3: stop() waits for the batch that is under way and begins no other. I4: 0 days keeps for ever, whatever the number of runs says about age.

import type { ProjectKey, Store, TenantKey } from '../contract/index.ts';
import { toHiveError } from '../contract/index.ts';
import type { Clock } from '../kernel/index.ts';

/** A start has other things to do first. */
const FIRST_MS = 60_000;
const EVERY_MS = 600_000;
/** Runs of one batch: some 50 ms of the writer. */
const BATCH = 200;
/** Between two batches others write. */
const BREATH_MS = 200;

const DAY_MS = 86_400_000;

export interface RetentionSettings {
  /** 0: for ever. */
  days: number;
  /** Ended runs that are kept at most; null: as many as there are. */
  runs: number | null;
}

export interface ProjectRetention {
  tenant: TenantKey;
  project: ProjectKey;
  days: number | null;
  runs: number | null;
}

/** What a pass asks of one project. */
export interface RetentionCut {
  tenant: TenantKey;
  project: ProjectKey;
  /** What ended before goes. */
  beforeMs: number;
  /** Of what goes by number alone: the newest that stay. */
  keep?: number;
}

/** By age, then by number: both bounds hold. A project's own numbers replace the hive's one by one. Pure. */
export function retentionCuts(
  project: ProjectRetention,
  settings: RetentionSettings,
  nowMs: number,
): RetentionCut[] {
  const { tenant, project: key } = project;
  const days = project.days ?? settings.days;
  const runs = project.runs ?? settings.runs;
  return [
    ...(days === 0 ? [] : [{ tenant, project: key, beforeMs: nowMs - days * DAY_MS }]),
    ...(runs === null ? [] : [{ tenant, project: key, beforeMs: nowMs, keep: runs }]),
  ];
}

export interface RetentionParts {
  store: Pick<Store, 'read' | 'prune'>;
  clock: Clock;
  settings: RetentionSettings;
  log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

export class RetentionDuty {
  readonly #parts: RetentionParts;
  #cancel: (() => void) | undefined;
  #pass: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#plan(FIRST_MS);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#pass;
  }

  #plan(delayMs: number): void {
    this.#cancel = this.#parts.clock.after(delayMs, () => {
      this.#pass = this.#run().catch((error: unknown) => {
        this.#parts.log('old runs could not be deleted', { error: toHiveError(error) });
      });
      void this.#pass.then(() => {
        if (!this.#isStopped) this.#plan(EVERY_MS);
      });
    });
  }

  async #run(): Promise<void> {
    const { store, clock, settings, log } = this.#parts;
    const projects = await store.read<ProjectRetention>('system', {
      sql: 'select tenant, key as project, retention_days as days, retention_runs as runs from projects order by key',
      parameters: [],
    });
    for (const project of projects) {
      try {
        for (const cut of retentionCuts(project, settings, clock.now())) await this.#prune(cut);
      } catch (error) {
        // Another project's runs are none the worse for it.
        log('old runs could not be deleted', { ...project, error: toHiveError(error) });
      }
    }
  }

  async #prune(cut: RetentionCut): Promise<void> {
    const { store, log } = this.#parts;
    const total = { runs: 0, tasks: 0 };
    for (let isDone = false; !isDone && !this.#isStopped;) {
      const { runs, tasks, done } = await store.prune({ ...cut, limit: BATCH });
      total.runs += runs;
      total.tasks += tasks;
      isDone = done;
      if (!isDone) await this.#breathe();
    }
    if (total.runs + total.tasks > 0) log('old runs deleted', { ...cut, ...total });
  }

  /** Ends early when the duty is stopped. */
  #breathe(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(BREATH_MS, resolve);
      this.#cancel = () => {
        cancel();
        resolve();
      };
    });
  }
}
