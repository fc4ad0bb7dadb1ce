// The numbers of one host, with their reasons.

import type { Strategy } from './matching-strategy.ts';

export interface OrchestratorSettings {
  /** False: takes work in and keeps runs, but claims nothing until beginWork() (a host without the worker role). */
  isWorker: boolean;
  strategy: Strategy;
  /** Attempts that this host runs at once, over all its agents. */
  concurrency: number;
  /** Lease of a claimed task (design 5.2); renewed each third of it. */
  leaseMs: number;
  /** Fallback poll for work and timers whose hint was lost. */
  pollMs: number;
  /** Grace for running attempts at shutdown, then they are aborted and given back. */
  drainMs: number;
  /** Due timers made ready in one commit. */
  promoteLimit: number;
}

export const defaultSettings: OrchestratorSettings = {
  isWorker: true,
  strategy: 'capability_based',
  concurrency: 64,
  leaseMs: 15_000,
  pollMs: 1_000,
  drainMs: 5_000,
  promoteLimit: 1_000,
};
