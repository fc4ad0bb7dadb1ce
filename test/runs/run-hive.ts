// A hive inside the test's process, as `hive start` builds it, with agents of the test's own: for tests of runs through the orchestrator's doors.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inlineSource } from '../../src/agents/index.ts';
import type { AgentDefinition } from '../../src/agents/index.ts';
import { startHive } from '../../src/app/index.ts';
import type { Hive } from '../../src/app/index.ts';
import { loadConfig } from '../../src/config/index.ts';
import { formatId, idBytes, isRunTerminal, taskStateName } from '../../src/contract/index.ts';
import type { Json, RunId, RunRow, RunState, TaskState } from '../../src/contract/index.ts';
import type { By, OrchestratorSettings, RunVerbs } from '../../src/orchestrator/index.ts';

/** Longer than any test waits for a run that will end. */
const PATIENCE_MS = 15_000;
export const BY: By = { actor: 'tester', tenant: 1 };

export interface RunHive extends AsyncDisposable {
  hive: Hive;
  verbs: RunVerbs;
  start: (graph: unknown, input?: Json, more?: { timeoutMs?: number }) => Promise<RunId>;
  /** One task for an agent by its name; its run id. */
  task: (agent: string, input?: Json) => Promise<RunId>;
  /** Waits until the run has ended. */
  ended: (run: RunId) => Promise<RunRow>;
  /** Waits until the run is in this state. */
  inState: (run: RunId, state: RunState) => Promise<RunRow>;
  output: (run: RunId) => Promise<Json>;
  tasks: (run: RunId) => Promise<TaskFact[]>;
  /** Waits until as many tasks of the run (or the single task) are in this state. */
  waiting: (run: RunId, count: number, state?: TaskState) => Promise<TaskFact[]>;
  approvals: (run: RunId) => Promise<{ id: string; title: string; assignee: string | null }[]>;
  query: <Row>(sql: string) => Promise<Row[]>;
}

export interface TaskFact {
  key: number;
  id: string;
  node: string | null;
  item: number | null;
  state: TaskState;
  reason: string;
  result: Json;
  error: string | null;
  fence: number;
}

export interface RunHiveOptions {
  agents?: readonly AgentDefinition[];
  /** URL of an empty database; absent: SQLite. */
  url?: string;
  /** Kept when given: a hive that starts where another stopped. */
  directory?: string;
  settings?: Partial<OrchestratorSettings>;
  isWorker?: boolean;
}

export async function openRunHive(options: RunHiveOptions = {}): Promise<RunHive> {
  const directory = options.directory ?? mkdtempSync(path.join(tmpdir(), 'hive-runs-'));
  const config = loadConfig({
    flags: { data: directory, port: 0 },
    env: options.url === undefined ? {} : { POSTGRES_URL: options.url },
    cwd: directory,
    searchFrom: null,
  });
  const hive = await startHive({
    config: { ...config, minFreeBytes: 0 },
    api: false,
    agents: (options.agents ?? []).map((agent) => inlineSource(agent)),
    settings: { pollMs: 100, ...options.settings, isWorker: options.isWorker ?? true },
  });
  const query = <Row>(sql: string): Promise<Row[]> =>
    hive.store.read<Row>('system', { sql, parameters: [] });
  const where = async (run: RunId): Promise<string> => {
    const [row] = await hive.store.loadRuns([run]);
    if (row !== undefined) return `run = ${row.key}`;
    const hex = Buffer.from(idBytes('run', run)).toString('hex');
    return hive.store.dialect === 'sqlite' ? `id = x'${hex}'` : `id = '\\x${hex}'::bytea`;
  };
  const tasks = async (run: RunId): Promise<TaskFact[]> => {
    const rows = await query<Record<string, string | number | null> & { id: Uint8Array }>(
      `select key, id, node, item, state, reason, result, error, fence from tasks where ${await where(run)} order by key`,
    );
    return rows.map((row) => ({
      key: Number(row['key']),
      id: formatId('task', row.id),
      node: row['node'] as string | null,
      item: row['item'] === null ? null : Number(row['item']),
      state: taskStateName(Number(row['state'])),
      reason: String(row['reason']),
      result: row['result'] === null ? null : (JSON.parse(String(row['result'])) as Json),
      error: row['error'] as string | null,
      fence: Number(row['fence']),
    }));
  };
  const rowOf = async (run: RunId): Promise<RunRow | undefined> =>
    (await hive.store.loadRuns([run]))[0];
  const self: RunHive = {
    hive,
    verbs: hive.orchestrator.verbs,
    query,
    tasks,
    start: async (graph, input = null, more = {}) => {
      const { runId } = await hive.orchestrator.startRun({
        tenant: 1,
        project: 1,
        graph,
        title: (graph as { name: string }).name,
        inputJson: JSON.stringify(input),
        ...more,
      });
      return runId;
    },
    task: async (agent, input = null) => {
      const { taskId } = await hive.orchestrator.enqueue({
        tenant: 1,
        project: 1,
        name: agent,
        type: 'test',
        capabilities: [`agent:${agent}`],
        inputJson: JSON.stringify(input),
        priority: 0,
        timeoutMs: 60_000,
        retry: 'default',
      });
      return taskId.replace('tsk_', 'run_') as RunId;
    },
    ended: (run) =>
      until(hive, `${run} to end`, async () => {
        const row = await rowOf(run);
        return row !== undefined && isRunTerminal(row.state) ? row : undefined;
      }),
    inState: (run, state) =>
      until(hive, `${run} to be ${state}`, async () => {
        const row = await rowOf(run);
        return row?.state === state ? row : undefined;
      }),
    output: (run) => hive.orchestrator.runOutput(run),
    waiting: (run, count, state = 'waiting') =>
      until(hive, `${count} ${state} tasks of ${run}`, async () => {
        const found = (await tasks(run)).filter((task) => task.state === state);
        return found.length === count ? found : undefined;
      }),
    approvals: async (run) => {
      const rows = await query<{ subject: string; payload: string }>(
        `select subject, payload from journal where kind = 'approval' and result is null and task in (select key from tasks where ${await where(run)}) order by subject`,
      );
      return rows.map(({ subject, payload }) => {
        const { title, assignee = null } = JSON.parse(payload) as {
          title: string;
          assignee?: string;
        };
        return { id: subject, title, assignee };
      });
    },
    [Symbol.asyncDispose]: async () => {
      await hive.stop();
      if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
    },
  };
  return self;
}

/** Looks again after every change that the store tells of, and every 50 ms; fails with what was waited for. */
export async function until<T>(
  hive: Hive,
  what: string,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const changed = Promise.withResolvers<null>();
    const off = hive.store.hints.onEvents(() => {
      changed.resolve(null);
    });
    const timer = setTimeout(() => {
      changed.resolve(null);
    }, 50);
    try {
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
      await changed.promise;
    } finally {
      clearTimeout(timer);
      off();
    }
  }
}
