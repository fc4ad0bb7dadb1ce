// Bad input through the public surface: each kind has its own code and advice, and the hive keeps running.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { defineAgent } from '../../src/agents/index.ts';
import { startHive } from '../../src/app/index.ts';
import type { Hive } from '../../src/app/index.ts';
import { createClient } from '../../src/client/index.ts';
import type { HiveClient } from '../../src/client/index.ts';
import { loadConfig } from '../../src/config/index.ts';
import { isHiveError } from '../../src/contract/index.ts';
import { temporaryFolder } from './hive-process.ts';
import type { TemporaryFolder } from './hive-process.ts';

const agentModule = new URL('./misbehaving-agents.ts', import.meta.url).href;
let data: TemporaryFolder;
let hive: Hive;
let client: HiveClient;

beforeAll(async () => {
  data = temporaryFolder('data');
  const config = loadConfig({
    flags: { data: data.path, port: 0, threads: 2 },
    env: {},
    cwd: data.path,
    searchFrom: null,
  });
  const { misbehaving } = await import('./misbehaving-agents.ts');
  hive = await startHive({
    config: { ...config, minFreeBytes: 0 },
    api: true,
    agents: misbehaving.map(({ manifest }, at) => ({
      placement: 'thread' as const,
      manifest,
      module: agentModule,
      exportName: `agent${at}`,
    })),
  });
  client = createClient({ url: hive.url ?? '', token: hive.token ?? '' });
});

afterAll(async () => {
  await hive.stop();
  data[Symbol.dispose]();
});

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    if (!isHiveError(error)) throw error;
    expect(error.advice.length).toBeGreaterThan(10);
    return error.code;
  }
}

const task = { name: 'a task', capabilities: ['echo'] };

/** The task's view once it has ended. */
async function ended(
  id: string,
): Promise<{ state: string; error: { code: string; advice: string } | null }> {
  for (;;) {
    const view = await client.call('task.show', { id });
    if (['succeeded', 'failed', 'dead', 'cancelled', 'skipped'].includes(view.state)) return view;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);

test.each([
  ['unknown capability', 'CAPABILITY_UNKNOWN', { ...task, capabilities: ['levitation'] }],
  ['oversize payload', 'INPUT_TOO_LARGE', { ...task, input: 'x'.repeat(1_200_000) }],
  ['deep JSON', 'INPUT_TOO_DEEP', { ...task, input: deep(60) }],
  ['NUL', 'INPUT_NUL', { ...task, input: { text: 'a\u0000b' } }],
  ['NUL in the name', 'INPUT_NUL', { ...task, name: 'a\u0000b' }],
  ['no capability', 'INPUT_INVALID', { ...task, capabilities: [] }],
  ['an unknown field', 'INPUT_INVALID', { ...task, tenant: 2 }],
])('%s is refused with %s', async (_what, code, request) => {
  expect(await codeOf(client.call('task.create', request as never))).toBe(code);
});

test('an idempotency key gives the same task for the same body and a conflict for another', async () => {
  const first = await client.call('task.create', { ...task, idempotencyKey: 'k1' });
  const again = await client.call('task.create', { ...task, idempotencyKey: 'k1' });
  expect(again.taskId).toBe(first.taskId);
  expect(
    await codeOf(client.call('task.create', { ...task, name: 'other', idempotencyKey: 'k1' })),
  ).toBe('IDEMPOTENCY_CONFLICT');
});

test('unknown ids and illegal transitions', async () => {
  expect(await codeOf(client.call('task.show', { id: 'tsk_00000000000000000000000000' }))).toBe(
    'NOT_FOUND',
  );
  expect(await codeOf(client.call('task.show', { id: 'nonsense' }))).toBe('ID_INVALID');
  expect(await codeOf(client.call('run.cancel', { id: 'run_00000000000000000000000000' }))).toBe(
    'NOT_FOUND',
  );
  const { taskId } = await client.call('task.create', task);
  expect((await ended(taskId)).state).toBe('succeeded');
  expect(await codeOf(client.call('task.cancel', { id: taskId }))).toBe('ILLEGAL_TRANSITION');
});

test.each([
  ['throws', 'AGENT_THREW'],
  ['returns_nothing', 'AGENT_NO_RESULT'],
  ['returns_a_function', 'AGENT_OUTPUT_INVALID'],
  ['loops', 'AGENT_TIMEOUT'],
  ['exits', 'AGENT_CRASHED'],
])(
  'an agent that %s ends its task with %s and costs nothing else',
  { timeout: 30_000 },
  async (capability, code) => {
    const { taskId } = await client.call('task.create', {
      name: capability,
      capabilities: [capability],
      retry: 'none',
      timeoutMs: capability === 'loops' ? 500 : 60_000,
    });
    const neighbour = await client.call('task.create', task);
    const view = await ended(taskId);
    expect(['failed', 'dead']).toContain(view.state);
    expect(view.error?.code).toBe(code);
    expect((await ended(neighbour.taskId)).state).toBe('succeeded');
  },
);

test('a waiting task says why, and can be cancelled', async () => {
  const { taskId } = await client.call('task.create', { ...task, delayMs: 3_600_000 });
  const why = await client.call('task.why', { id: taskId });
  expect(why.answer.length).toBeGreaterThan(20);
  await client.call('task.cancel', { id: taskId });
  expect((await ended(taskId)).state).toBe('cancelled');
});

test('the audit table has a row for every accepted change', async () => {
  const rows = await hive.store.read<{ action: string }>('system', {
    sql: 'select action from audit',
    parameters: [],
  });
  expect(rows.some((row) => row.action === 'task.create')).toBe(true);
  expect(rows.some((row) => row.action === 'task.cancel')).toBe(true);
});

test('defineAgent names every problem of a definition', () => {
  expect(() =>
    defineAgent({
      name: 'Bad Name',
      type: '',
      version: '1',
      capabilities: [],
      execute: () => Promise.resolve(null),
    }),
  ).toThrow(/name|capabilities/);
});
