// S6 for waits, deliveries, sweeps, children and copies: the commit's answer is lost, the driver sends the flush again on a new connection, and nothing
// is there twice.

import { describe, expect, test } from 'vitest';
import type {
  ClaimedTask,
  JournalStep,
  RunId,
  SettleUnit,
  SettleVerdict,
} from '../../src/contract/index.ts';
import { missingPostgres } from '../harness/postgres.ts';
import { migratedDatabase, openStore } from '../harness/postgres-store.ts';
import type { OpenStore } from '../harness/postgres-store.ts';
import { tcpProxy } from '../harness/tcp-proxy.ts';

const missing = await missingPostgres();

interface Proxied extends AsyncDisposable {
  open: OpenStore;
  /** Writes while the answer to COMMIT gets lost. */
  losing<T>(write: () => Promise<T>): Promise<T>;
  rows(sql: string): Promise<Record<string, unknown>[]>;
}

async function proxied(): Promise<Proxied> {
  const database = await migratedDatabase();
  const target = new URL(database.url);
  const proxy = await tcpProxy({ host: target.hostname, port: Number(target.port) });
  target.port = String(proxy.port);
  const open = await openStore(target.href);
  return {
    open,
    losing: async (write) => {
      const dropped = proxy.dropAnswerTo('commit');
      const result = await write();
      await dropped;
      return result;
    },
    rows: (sql) => open.store.read('system', { sql, parameters: [] }),
    [Symbol.asyncDispose]: async () => {
      await open.store.close();
      await proxy[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

async function working(open: OpenStore): Promise<ClaimedTask> {
  await open.store.core.enqueue([{ tasks: [open.task()] }]);
  const [task] = await open.claim(1);
  if (task === undefined) throw new Error('nothing claimed');
  return task;
}

const waitOf = (kind: 'event' | 'approval', subject: string): JournalStep => ({
  name: kind,
  occurrence: 0,
  kind,
  result: null,
  subject,
  atMs: 5,
});
const runIdOf = (task: ClaimedTask): RunId => task.id.replace('tsk_', 'run_') as RunId;

function suspension(task: ClaimedTask, waits: readonly JournalStep[]): SettleUnit {
  const change = {
    key: task.key,
    id: task.id,
    guard: { fence: task.fence },
    to: 'waiting' as const,
    reason: 'event' as const,
    journal: waits,
    openWaits: waits,
  };
  return { flushLane: task.key, change, events: [] };
}

const delivery = (task: ClaimedTask, data: string): SettleUnit => ({
  flushLane: task.key,
  deliver: {
    tenant: 1,
    run: runIdOf(task),
    runKey: null,
    taskKey: task.key,
    name: 'go',
    data,
    by: 'tester',
    atMs: 7,
  },
  events: [{ type: 'run.signalled', tenant: 1, atMs: 7, data: { name: 'go', by: 'tester' } }],
});

const settle = async (open: OpenStore, unit: SettleUnit): Promise<SettleVerdict | undefined> =>
  (await open.store.core.settle([unit]))[0];

describe.skipIf(missing !== null)(
  `unknown commits of PostgreSQL${missing === null ? '' : ` (skipped: ${missing})`}`,
  () => {
    test('a delivery to the inbox, one to a wait and the suspension between them happen once', async () => {
      await using p = await proxied();
      const task = await working(p.open);
      expect(await p.losing(() => settle(p.open, delivery(task, '1')))).toMatchObject({
        status: 'ok',
        delivered: false,
      });
      expect(await p.rows('select taken from inbox')).toEqual([{ taken: 0 }]);
      const first = waitOf('event', `${runIdOf(task)}/go`);
      const second = { ...first, occurrence: 1 };
      const waiting = await p.losing(() => settle(p.open, suspension(task, [first, second])));
      expect(waiting?.status).toBe('ok');
      expect(await p.rows('select state from tasks')).toEqual([{ state: 2 }]);
      expect(await p.losing(() => settle(p.open, delivery(task, '2')))).toMatchObject({
        status: 'ok',
        delivered: true,
      });
      expect(await p.rows('select taken from inbox order by key')).toEqual([
        { taken: 2 },
        { taken: 1 },
      ]);
      const results = (await p.open.store.core.loadJournal(task.key)).map(({ result }) => result);
      expect(results.map((text) => (text ?? '').includes('"data":'))).toEqual([true, true]);
      expect(await p.rows('select key from events')).toHaveLength(2);
    });

    test('an answer is ok once, and its events are there once', async () => {
      await using p = await proxied();
      const task = await working(p.open);
      const wait = waitOf('approval', 'apr_1');
      await settle(p.open, suspension(task, [wait]));
      const unit: SettleUnit = {
        flushLane: task.key,
        answers: [
          { task: task.key, name: 'approval', occurrence: 0, result: '{"status":"ok"}', atMs: 9 },
        ],
        events: [
          {
            type: 'approval.decided',
            tenant: 1,
            atMs: 9,
            task: task.id,
            data: { approval: 'apr_1', decision: 'approved', by: 'tester' },
          },
        ],
      };
      expect((await p.losing(() => settle(p.open, unit)))?.status).toBe('ok');
      expect(await p.rows('select state from tasks')).toEqual([{ state: 2 }]);
      expect(await p.rows('select key from events')).toHaveLength(1);
    });

    test('a sweep with a run change, and a suspension with its child, are applied once', async () => {
      await using p = await proxied();
      const run = p.open.run({ token: 1 });
      const tasks = [p.open.task({ node: 'a' }), p.open.task({ node: 'b' })];
      const [made] = await p.open.store.core.enqueue([{ run, tasks }]);
      if (made?.status !== 'ok' || made.runKey === null) throw new Error('not made');
      const key = made.runKey;
      const [task] = await p.open.claim(1);
      if (task === undefined) throw new Error('nothing claimed');
      const change = { key, id: run.id, progress: '{}', seq: 0 };
      const child = p.open.run({
        parent: { task: task.key, name: 'child', occurrence: 0, root: key, depth: 1 },
      });
      const unit: SettleUnit = {
        ...suspension(task, [{ ...waitOf('approval', child.id), name: 'child', kind: 'child' }]),
        run: { ...change, expectVersion: 0, expectToken: 1, token: 2, state: 'running' },
        children: [{ run: child, tasks: [p.open.task({ node: 'c' })] }],
      };
      expect((await p.losing(() => settle(p.open, unit)))?.status).toBe('ok');
      expect(await p.rows('select key from runs')).toHaveLength(2);
      expect(await p.rows('select key from tasks')).toHaveLength(3);
      const fences = `select fence from tasks where run = ${key} order by key`;
      const before = await p.rows(fences);
      const pause: SettleUnit = {
        flushLane: key,
        run: { ...change, expectVersion: 1, expectToken: 2, token: 3, state: 'paused' },
        sweep: { run: key, from: ['ready', 'waiting'], to: 'paused', reason: 'run', hold: 1 },
        events: [],
      };
      expect((await p.losing(() => settle(p.open, pause)))?.status).toBe('ok');
      expect(await p.rows(fences)).toEqual(
        before.map(({ fence }) => ({ fence: Number(fence) + 1 })),
      );
    });

    test('a fork answers the repeat with the keys of its copies', async () => {
      await using p = await proxied();
      const task = await working(p.open);
      await settle(p.open, p.open.done(task));
      const copies = [1, 2].map(() => ({
        from: task.key,
        id: p.open.task().id,
        as: 'ended' as const,
        steps: 'all' as const,
      }));
      const [verdict] = await p.losing(() =>
        p.open.store.core.enqueue([{ run: p.open.run(), tasks: [], copies }]),
      );
      if (verdict?.status !== 'ok') throw new Error(JSON.stringify(verdict));
      const keys = await p.rows('select key from tasks where run is not null order by key');
      expect(verdict.taskKeys).toEqual(keys.map((row) => row['key']));
      expect(keys).toHaveLength(2);
    });

    test('a journal that starts afresh does so once', async () => {
      await using p = await proxied();
      const { key, fence } = await working(p.open);
      const step = (name: string): JournalStep => ({
        name,
        occurrence: 0,
        kind: 'step',
        result: '1',
        atMs: 1,
      });
      const append = (steps: JournalStep[], reset: boolean): Promise<boolean> =>
        p.open.store.core.journal({ key, tenant: 1, fence, flushLane: key, steps, reset });
      await append([step('a'), step('b')], false);
      expect(await p.losing(() => append([step('c')], true))).toBe(true);
      expect((await p.open.store.core.loadJournal(key)).map(({ name }) => name)).toEqual(['c']);
      expect(await p.rows('select journal_steps from tasks')).toEqual([{ journal_steps: 1 }]);
    });
  },
);
