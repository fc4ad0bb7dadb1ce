// How a hive that will be killed is opened, and how its own client calls it: again and again while the store is away, as one of a real hive would.

import { setTimeout as delay } from 'node:timers/promises';
import type { AgentSource } from '../../src/agents/index.ts';
import { startHive } from '../../src/app/index.ts';
import type { Hive } from '../../src/app/index.ts';
import { loadConfig } from '../../src/config/index.ts';
import { systemClock } from '../../src/kernel/index.ts';

export interface ChildHiveOptions {
  directory: string;
  postgresUrl?: string;
  leaseMs: number;
  faultAt?: string;
}

const RETRY_MS = 15;
const MAX_TRIES = 2_000;

export function openChildHive(
  options: ChildHiveOptions,
  agents: readonly AgentSource[],
): Promise<Hive> {
  const config = loadConfig({
    flags: {},
    env: {
      HIVE_DATA: options.directory,
      HIVE_LOG_LEVEL: 'WARNING',
      HIVE_MIN_FREE_BYTES: '0',
      ...(options.postgresUrl === undefined ? {} : { POSTGRES_URL: options.postgresUrl }),
    },
    cwd: options.directory,
    searchFrom: null,
  });
  return startHive({
    config,
    api: false,
    onlyAgents: agents,
    settings: { leaseMs: options.leaseMs, pollMs: 200, concurrency: 8 },
    ...(options.faultAt === undefined ? {} : { faultAt: options.faultAt }),
  });
}

/** Tries again while the store is away. Throws what is no reason to try again. */
export async function insist<T>(what: string, call: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await call();
    } catch (error) {
      const kind = error instanceof Error && 'kind' in error ? error.kind : '';
      if (kind !== 'retry' || tries > MAX_TRIES)
        throw new Error(`${what}: ${String(error)}`, { cause: error });
      await delay(RETRY_MS);
    }
  }
}

/** A hive that gets nothing done for so long while work is open is stuck: better said than waited for (I6 allows 60 s). */
const STUCK_MS = 20_000;

/** Notices when what is open has not changed for too long. */
export class StandstillWatch {
  #last = '';
  #changedMs = systemClock.mono();

  isStill(open: string): boolean {
    const nowMs = systemClock.mono();
    if (open === this.#last) return nowMs - this.#changedMs > STUCK_MS;
    this.#last = open;
    this.#changedMs = nowMs;
    return false;
  }
}
