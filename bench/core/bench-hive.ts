// A hive as `hive start` builds it, in a temporary data directory, with one agent more: `noop`, inline, 100 slots. No benchmark-only path:
// tasks enter through the same functions as the API's, rows are counted afterwards.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { defineAgent, inlineSource } from '../../src/agents/index.ts';
import type { InlineSource } from '../../src/agents/index.ts';
import { startHive } from '../../src/app/index.ts';
import type { Hive } from '../../src/app/index.ts';
import { loadConfig } from '../../src/config/index.ts';
import type { Json } from '../../src/contract/index.ts';
import { seededRandom } from '../../src/kernel/index.ts';
import type { TaskRequest } from '../../src/orchestrator/index.ts';

export const CONCURRENCY = 100;

/** About 200 bytes of JSON, the same as the peers' payload. */
export const payload = (i: number): Json => ({
  i,
  kind: 'noop',
  tenant: 't-0001',
  agent: 'agent-coder-01',
  prompt: 'x'.repeat(100),
  meta: { a: 1, b: 'two', c: [1, 2, 3] },
});

export interface BenchHive {
  hive: Hive;
  /** Called with the payload's `i` when the handler starts. */
  onStart: (i: number) => void;
  /** Called when the handler ends. */
  onEnd: (i: number) => void;
  request(i: number, over?: Partial<TaskRequest>): TaskRequest;
  close(): Promise<void>;
}

export interface BenchHiveOptions {
  store: 'sqlite' | 'postgres';
  /** A new, empty database. */
  database?: () => Promise<string>;
  isWorker?: boolean;
  /** The agent sleeps this long, durably, before it ends. */
  sleepMs?: number;
  /** The agent takes this long in the mean, without a durable timer: uniform from a quarter to seven quarters of it, by a fixed seed. */
  workMs?: number;
  concurrency?: number;
  capability?: string;
  /** Further agents beside noop. */
  agents?: readonly InlineSource[];
}

export async function openBenchHive(options: BenchHiveOptions): Promise<BenchHive> {
  const directory = mkdtempSync(join(tmpdir(), 'hive-bench-'));
  const capability = options.capability ?? 'noop';
  const random = seededRandom(1);
  const self = { onStart: (_i: number): void => undefined, onEnd: (_i: number): void => undefined };
  const agent = defineAgent({
    name: 'noop',
    type: 'bench',
    version: '1.0.0',
    capabilities: [capability],
    placement: 'inline',
    concurrency: options.concurrency ?? CONCURRENCY,
    execute: async (ctx) => {
      const { i } = ctx.input as { i: number };
      self.onStart(i);
      if (options.workMs !== undefined) await delay(options.workMs * (0.25 + 1.5 * random()));
      if (options.sleepMs !== undefined) await ctx.sleep(options.sleepMs);
      self.onEnd(i);
      return { ok: true };
    },
  });
  const config = loadConfig({
    flags: { data: directory, port: 0, concurrency: CONCURRENCY },
    env: options.store === 'postgres' ? { POSTGRES_URL: await options.database?.() } : {},
    cwd: directory,
    searchFrom: null,
  });
  const hive = await startHive({
    config: { ...config, minFreeBytes: 0 },
    api: true,
    agents: [inlineSource(agent), ...(options.agents ?? [])],
    settings: { isWorker: options.isWorker ?? true },
  });
  return {
    hive,
    get onStart() {
      return self.onStart;
    },
    set onStart(listener) {
      self.onStart = listener;
    },
    get onEnd() {
      return self.onEnd;
    },
    set onEnd(listener) {
      self.onEnd = listener;
    },
    request: (i, over) => ({
      tenant: 1,
      project: 1,
      name: 'noop',
      type: 'noop',
      capabilities: [capability],
      inputJson: JSON.stringify(payload(i)),
      priority: 0,
      timeoutMs: 600_000,
      retry: 'default',
      audit: { actor: 'bench', action: 'task.create', data: {} },
      ...over,
    }),
    close: async () => {
      await hive.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Rows of each table, to show that nothing was left out. */
export async function rowCounts(hive: Hive): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of ['tasks', 'events', 'audit', 'attempts', 'journal']) {
    const [row] = await hive.store.read<{ n: number }>('system', {
      sql: `select count(*) as n from ${table}`,
      parameters: [],
    });
    counts[table] = Number(row?.n);
  }
  return counts;
}

export async function waitUntilSettled(hive: Hive, state = 'state < 6'): Promise<void> {
  for (;;) {
    const [row] = await hive.store.read<{ n: number }>('system', {
      sql: `select count(*) as n from tasks where ${state}`,
      parameters: [],
    });
    if (Number(row?.n) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Tells the id of each task whose end is durable, read from the event log as a watcher would. Resolves when it has stopped. */
export function watchSettled(hive: Hive, onSettled: (taskId: string) => void): () => Promise<void> {
  let cursor: string | null = null;
  let isStopped = false;
  let wake = Promise.withResolvers<null>();
  const off = hive.store.hints.onEvents(() => {
    wake.resolve(null);
  });
  const loop = (async () => {
    while (!isStopped) {
      const events = await hive.store.events.after({ cursor, limit: 1_000 });
      cursor = events.at(-1)?.cursor ?? cursor;
      for (const event of events) if (event.taskId !== null) onSettled(event.taskId);
      if (events.length === 0 && !isStopped) {
        await wake.promise;
        wake = Promise.withResolvers<null>();
      }
    }
  })();
  return async () => {
    isStopped = true;
    off();
    wake.resolve(null);
    await loop;
  };
}
