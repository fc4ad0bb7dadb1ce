// The field lists of the seed (S0-103 to S0-125, S0-146 to S0-152) against the stored columns, both by name and by a round trip.

import { expect, test } from 'vitest';
import type { Stores } from './store-fixture.ts';

/** Seed id, the seed's name, where it is stored. */
const fields: readonly (readonly [id: string, name: string, table: string, column: string])[] = [
  ['S0-103', 'agent_id', 'agents', 'id'],
  ['S0-104', 'agent_type', 'agents', 'type'],
  ['S0-105', 'capabilities[]', 'agents', 'capabilities'],
  ['S0-106', 'status (AgentStatus)', 'agents', 'status'],
  ['S0-107', 'current_task?', 'agents', 'current_task'],
  ['S0-108', 'metrics (AgentMetrics)', 'agents', 'metrics'],
  ['S0-109', 'memory (AgentMemory)', 'agents', 'memory'],
  ['S0-110', 'created_at', 'agents', 'created_ms'],
  ['S0-111', 'last_heartbeat', 'agents', 'last_heartbeat_ms'],
  ['S0-112', 'task_id', 'tasks', 'id'],
  ['S0-113', 'name', 'tasks', 'name'],
  ['S0-114', 'description', 'tasks', 'description'],
  ['S0-115', 'task_type', 'tasks', 'type'],
  ['S0-116', 'priority', 'tasks', 'priority'],
  ['S0-117', 'status (TaskStatus)', 'tasks', 'state'],
  ['S0-118', 'assigned_agent?', 'tasks', 'agent'],
  ['S0-119', 'dependencies[]', 'run_pins', 'graph'], // edges are data of the run's pinned graph: nodes[].after
  ['S0-120', 'parameters{}', 'tasks', 'input'],
  ['S0-121', 'result?', 'tasks', 'result'],
  ['S0-122', 'error?', 'tasks', 'error'],
  ['S0-123', 'created_at', 'tasks', 'created_ms'],
  ['S0-124', 'started_at?', 'tasks', 'started_ms'],
  ['S0-125', 'completed_at?', 'tasks', 'ended_ms'],
  ['S0-146', 'execution_logs.log_id', 'execution_logs', 'id'],
  ['S0-147', 'execution_logs.task_id', 'execution_logs', 'task'],
  ['S0-148', 'execution_logs.agent_id', 'execution_logs', 'agent'],
  ['S0-149', 'execution_logs.log_level', 'execution_logs', 'log_level'],
  ['S0-150', 'execution_logs.message', 'execution_logs', 'message'],
  ['S0-151', 'execution_logs.metadata', 'execution_logs', 'metadata'],
  ['S0-152', 'execution_logs.created_at', 'execution_logs', 'created_ms'],
];

/** Tables whose rows belong to a tenant: all of them but the dictionaries that no tenant owns. */
const tenantTables = [
  'projects',
  'lanes',
  'caps',
  'runs',
  'run_pins',
  'tasks',
  'attempts',
  'journal',
  'blobs',
  'inbox',
  'events',
  'execution_logs',
  'agents',
  'instances',
  'audit',
];

export function fieldCases(stores: Stores): void {
  test('every field of the seed has its column, and every row of a tenant says so', async () => {
    await using f = await stores.shared();
    const columns = new Map<string, string[]>();
    for (const table of new Set([...fields.map((field) => field[2]), ...tenantTables])) {
      const sql =
        f.store.dialect === 'sqlite'
          ? `select name from pragma_table_info('${table}')`
          : `select column_name as name from information_schema.columns where table_name = '${table}' and table_schema = current_schema()`;
      const rows = await f.store.read<{ name: string }>('system', { sql, parameters: [] });
      columns.set(
        table,
        rows.map((row) => row.name),
      );
    }
    for (const [id, name, table, column] of fields)
      expect(columns.get(table), `${id} ${name}`).toContain(column);
    for (const table of tenantTables) expect(columns.get(table), table).toContain('tenant');
  });

  test('S0-112 to S0-125: the life of one task fills them', async () => {
    await using f = await stores.shared();
    const run = f.run({ graph: '{"nodes":[{"id":"a","after":[]}]}' });
    const task = f.task({
      node: 'a',
      name: 'n',
      description: 'd',
      type: 't',
      priority: 2,
      input: '{"p":1}',
    });
    await f.addRun(run, [task]);
    const [claimed] = await f.claim(1);
    if (claimed === undefined) throw new Error('nothing claimed');
    const error = { code: 'AGENT_THREW', kind: 'stop' as const, message: 'm', advice: 'a' };
    await f.store.core.settle([
      f.done(claimed, {
        to: 'failed',
        reason: 'error',
        result: '{"partial":true}',
        error,
        addErrors: 1,
      }),
    ]);
    const row = await f.taskRow(claimed.key);
    expect(row).toMatchObject({
      name: 'n',
      description: 'd',
      type: 't',
      priority: 2,
      state: 7,
      agent: 'tester',
      input: '{"p":1}',
      result: '{"partial":true}',
      created_ms: f.nowMs,
      started_ms: f.nowMs,
      ended_ms: f.nowMs + 5,
    });
    expect(JSON.parse(row.error ?? 'null')).toEqual(error);
    expect((await f.store.loadRuns([run.id]))[0]?.graph).toBe(run.graph);
  });

  test('S0-103 to S0-111 and S0-146 to S0-152: a row of each is kept', async () => {
    await using f = await stores.shared();
    const id = new Uint8Array(16).fill(7);
    await f.sql(
      'insert into agents (id, tenant, name, type, version, capabilities, status, current_task, metrics, memory, created_ms, last_heartbeat_ms) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      id,
      f.tenant,
      'coder',
      'coding',
      '1.0.0',
      '["coding"]',
      'IDLE',
      id,
      '{"done":1}',
      '{"k":1}',
      f.nowMs,
      f.nowMs + 1,
    );
    await f.sql(
      'insert into execution_logs (id, tenant, task, agent, log_level, message, metadata, created_ms) values (?, ?, ?, ?, ?, ?, ?, ?)',
      id,
      f.tenant,
      id,
      'coder',
      'INFO',
      'hello',
      '{"a":1}',
      f.nowMs,
    );
    expect(await f.rows('agents')).toMatchObject([
      {
        name: 'coder',
        type: 'coding',
        capabilities: '["coding"]',
        status: 'IDLE',
        metrics: '{"done":1}',
        memory: '{"k":1}',
        created_ms: f.nowMs,
        last_heartbeat_ms: f.nowMs + 1,
      },
    ]);
    expect(await f.rows('execution_logs')).toMatchObject([
      {
        agent: 'coder',
        log_level: 'INFO',
        message: 'hello',
        metadata: '{"a":1}',
        created_ms: f.nowMs,
      },
    ]);
  });
}
