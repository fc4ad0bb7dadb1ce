// What people do to runs that are in the middle of something: undone, windowed, broken, waiting for runs of their own. Run on both stores.

import { expect, test } from 'vitest';
import { defineAgent } from '../../src/agents/index.ts';
import type { AgentContext, AgentDefinition, AgentResult } from '../../src/agents/index.ts';
import { hiveError, isTerminal } from '../../src/contract/index.ts';
import type { RunId, TaskId } from '../../src/contract/index.ts';
import { BY, until } from './run-hive.ts';
import type { RunHive } from './run-hive.ts';

/** What the agents of the cases did, in order; cleared by each case. */
const did: string[] = [];
/** While it is true, work that may fail does. */
const trouble = { isThere: false };
/** What `late-child` waits for while it is worked on. */
let latch = Promise.withResolvers<null>();

const define = (
  name: string,
  execute: (ctx: AgentContext) => AgentResult | Promise<AgentResult>,
): AgentDefinition =>
  defineAgent({
    name,
    type: 'test',
    version: '1',
    capabilities: [`do:${name}`],
    placement: 'inline',
    concurrency: 50,
    execute,
  });

interface Work {
  as: string;
  fails?: boolean;
}

export const steerAgents: readonly AgentDefinition[] = [
  define('work', async (ctx) => {
    const { as, fails } = ctx.input as Work;
    await ctx.step('work', () => did.push(as));
    if (fails === true && trouble.isThere) throw new Error(`${as} failed`);
    return as;
  }),
  define('two-turns', async (ctx) => {
    await ctx.step('first', () => did.push('first turn'));
    await ctx.waitFor('go');
    return 'second turn';
  }),
  define('stuck', () => {
    if (trouble.isThere) throw hiveError('STORAGE_LOW');
    return 'free again';
  }),
  define('late-child', async (ctx) => {
    did.push('begun');
    await ctx.step('latch', () => latch.promise);
    return ctx.run({ title: 'late', graph: { name: 'late', nodes: [work('late-work')] } });
  }),
  define('slow-undo', async (ctx) => {
    await ctx.waitFor('undo');
    did.push('undone');
    return null;
  }),
  define('pay-twice', (ctx) =>
    Promise.all(
      ['x:b', 'b'].map((key) =>
        ctx.effect(
          key,
          async () => {
            if (key === 'x:b') await Promise.resolve();
            throw new Error('the line broke');
          },
          { onUnknown: 'ask' },
        ),
      ),
    ),
  ),
];

const work = (id: string, more: object = {}) => ({
  kind: 'agent' as const,
  id,
  capabilities: ['do:work'],
  inputs: { as: `"${id}"` },
  retry: 'none' as const,
  ...more,
});
const mayFail = (id: string, more: object = {}) =>
  work(id, { inputs: { as: `"${id}"`, fails: 'true' }, ...more });
const undoing = {
  name: 'undoing',
  nodes: [
    work('first'),
    { kind: 'wait', id: 'hold', after: ['first'], event: 'never' },
    { kind: 'compensate', id: 'undo', undoes: 'first', capabilities: ['do:slow-undo'] },
  ],
} as const;

export function steerCases(hive: () => RunHive): void {
  test('a child run that is being undone is left to it', async () => {
    const { start, waiting, ended, verbs, hive: opened } = hive();
    const parent = await start({
      name: 'parent',
      nodes: [{ kind: 'workflow', id: 'child', graph: undoing }],
    });
    await waiting(parent, 1);
    const child = await childOf(hive(), parent);
    await waiting(child, 1);
    await opened.orchestrator.cancelRun(parent, BY);
    const undo = await until(opened, 'the undoing to wait', async () => {
      const open = (await hive().tasks(child)).filter((task) => task.state === 'waiting');
      return open.find((task) => task.node === 'undo');
    });
    expect(undo.reason).toBe('event');
    const version = async (): Promise<number> => {
      const [row] = await opened.store.loadRuns([child]);
      return row?.version ?? 0;
    };
    const before = await version();
    for (let n = 0; n < 20; n++) await ended(await start({ name: 'other', nodes: [work('a')] }));
    expect(await version()).toBe(before);
    await verbs.signalRun({ run: child, name: 'undo', dataJson: '1' }, BY);
    expect((await ended(child)).state).toBe('cancelled');
  });

  test('a paused run that is cancelled is undone without being resumed', async () => {
    const { start, waiting, ended, verbs, inState, hive: opened } = hive();
    const run = await start(undoing);
    await until(opened, 'the run to wait', async () =>
      (await hive().tasks(run)).find((task) => task.node === 'hold' && task.state === 'waiting'),
    );
    await verbs.pauseRun(run, BY);
    await inState(run, 'paused');
    await opened.orchestrator.cancelRun(run, BY);
    await waiting(run, 1);
    await verbs.signalRun({ run, name: 'undo', dataJson: '1' }, BY);
    expect((await ended(run)).state).toBe('cancelled');
  });

  test('a retry keeps every item of a windowed map that succeeded', async () => {
    did.length = 0;
    trouble.isThere = true;
    const { start, ended, verbs, output, tasks } = hive();
    const run = await start(
      {
        name: 'window',
        nodes: [
          {
            kind: 'map',
            id: 'each',
            capabilities: ['do:work'],
            inputs: { as: 'string(item)', fails: 'item < 3' },
            retry: 'none',
            onFailure: 'continue',
            concurrency: 2,
          },
          mayFail('end', { after: ['each'] }),
        ],
        output: 'each',
      },
      { items: [0, 1, 2, 3, 4, 5, 6, 7] },
    );
    expect((await ended(run)).state).toBe('failed');
    expect(did).toHaveLength(9);
    did.length = 0;
    trouble.isThere = false;
    const { runId } = await verbs.retryRun(run, { ...BY, fresh: false });
    expect((await ended(runId)).state).toBe('completed');
    expect(await output(runId)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
    // What failed after its step goes on from its journal; nothing that succeeded is done again.
    expect(did).toEqual(['end']);
    expect(await tasks(runId)).toHaveLength(9);
  });

  test('a fork in a run of few open tasks keeps what its limit would hold back', async () => {
    did.length = 0;
    const { start, ended, verbs, tasks } = hive();
    const graph = {
      name: 'narrow',
      concurrency: 1,
      nodes: [work('b'), work('a1'), work('a2', { after: ['a1'] }), work('c', { after: ['b'] })],
    };
    const run = await start(graph);
    expect((await ended(run)).state).toBe('completed');
    expect(did.toSorted()).toEqual(['a1', 'a2', 'b', 'c']);
    did.length = 0;
    const { runId } = await verbs.forkRun({ run, from: { node: 'b' } }, BY);
    expect((await ended(runId)).state).toBe('completed');
    expect(did).toEqual(['b', 'c']);
    expect(await tasks(runId)).toHaveLength(4);
  });

  test('a retry that is over when it begins leaves no task behind and tells its end', async () => {
    const { start, ended, waiting, verbs, tasks, hive: opened } = hive();
    const run = await start({
      name: 'broken',
      nodes: [
        { kind: 'wait', id: 'hold', event: 'never' },
        { kind: 'wait', id: 'go', event: 'go' },
        work('list', { after: ['go'] }),
        { kind: 'map', id: 'each', over: 'list', after: ['list'], capabilities: ['do:work'] },
      ],
    });
    await waiting(run, 2);
    await verbs.signalRun({ run, name: 'go', dataJson: '1' }, BY);
    expect((await ended(run)).state).toBe('failed');
    const { runId } = await verbs.retryRun(run, { ...BY, fresh: false });
    const row = await ended(runId);
    expect(row).toMatchObject({ state: 'failed', seq: 2 });
    expect(row.endedMs).not.toBeNull();
    expect((await tasks(runId)).filter((task) => !isTerminal(task.state))).toEqual([]);
    const events = await opened.store.events.after({ cursor: null, run: runId, limit: 10 });
    expect(events.map((event) => event.type)).toEqual(['run.started', 'run.failed']);
  });

  test('a retry runs a child run again that failed, and keeps those that did not', async () => {
    did.length = 0;
    trouble.isThere = true;
    const { start, ended, verbs, output } = hive();
    const run = await start({
      name: 'with children',
      nodes: [
        {
          kind: 'loop',
          id: 'loop',
          until: 'iteration == 2',
          max: 3,
          body: {
            name: 'turn',
            nodes: [
              work('turn', {
                inputs: { as: '"turn " + string(input.iteration)', fails: 'input.iteration == 2' },
              }),
            ],
          },
        },
      ],
    });
    expect((await ended(run)).state).toBe('failed');
    expect(did).toEqual(['turn 1', 'turn 2']);
    trouble.isThere = false;
    const { runId } = await verbs.retryRun(run, { ...BY, fresh: false });
    expect((await ended(runId)).state).toBe('completed');
    expect(did).toEqual(['turn 1', 'turn 2', 'turn 2']);
    expect(await output(runId)).toBe('turn 2');
  });

  test('of two unknown effects the one is resolved that the task is uncertain about', async () => {
    const { task, waiting, verbs, tasks } = hive();
    const run = await task('pay-twice');
    const resolve = async (result: string): Promise<void> => {
      const [uncertain] = await waiting(run, 1, 'uncertain');
      await verbs.resolveTask(
        { task: uncertain?.id as TaskId, resolution: 'done', resultJson: JSON.stringify(result) },
        BY,
      );
    };
    const [first] = await waiting(run, 1, 'uncertain');
    expect(JSON.parse(first?.error ?? '{}')).toMatchObject({ details: { effect: 'b' } });
    await resolve('b');
    const [second] = await until(hive().hive, 'the other effect', async () => {
      const found = await tasks(run);
      return found[0]?.state === 'uncertain' && found[0].fence > (first?.fence ?? 0)
        ? found
        : undefined;
    });
    expect(JSON.parse(second?.error ?? '{}')).toMatchObject({ details: { effect: 'x:b' } });
    await resolve('x:b');
    await waiting(run, 1, 'succeeded');
    expect((await tasks(run))[0]?.result).toEqual(['x:b', 'b']);
  });

  test('a task that has begun is not skipped when its condition changes', async () => {
    did.length = 0;
    const { start, ended, verbs, waiting, tasks, hive: opened } = hive();
    const run = await start({
      name: 'early',
      nodes: [
        { kind: 'wait', id: 'late', event: 'late' },
        work('soon'),
        { kind: 'join', id: 'any', after: ['late', 'soon'], mode: 'any' },
        {
          kind: 'agent',
          id: 'turns',
          after: ['any'],
          when: 'from.late == null',
          capabilities: ['do:two-turns'],
        },
      ],
    });
    await waiting(run, 2);
    await verbs.signalRun({ run, name: 'late', dataJson: '1' }, BY);
    await until(opened, 'the late one to end', async () =>
      (await tasks(run)).find((task) => task.node === 'late' && task.state === 'succeeded'),
    );
    await verbs.signalRun({ run, name: 'go', dataJson: '1' }, BY);
    expect((await ended(run)).state).toBe('completed');
    expect((await tasks(run)).find((task) => task.node === 'turns')).toMatchObject({
      state: 'succeeded',
      result: 'second turn',
    });
  });

  test('what a map read of a node that had not ended is read again by the next', async () => {
    const { start, ended, verbs, output, tasks, hive: opened } = hive();
    const seen = (id: string, after: string) => ({
      kind: 'map',
      id,
      after: [after],
      capabilities: ['do:work'],
      inputs: { as: 'from.late == null ? "nothing" : "something"' },
    });
    const run = await start(
      {
        name: 'twice',
        nodes: [
          { kind: 'wait', id: 'late', event: 'late' },
          work('soon'),
          { kind: 'join', id: 'any', after: ['late', 'soon'], mode: 'any' },
          seen('before', 'any'),
          seen('behind', 'late'),
          { kind: 'join', id: 'both', after: ['before', 'behind'] },
        ],
      },
      { items: [1] },
    );
    await until(opened, 'the first map to end', async () =>
      (await tasks(run)).find((task) => task.node === 'before' && task.state === 'succeeded'),
    );
    await verbs.signalRun({ run, name: 'late', dataJson: '1' }, BY);
    expect((await ended(run)).state).toBe('completed');
    expect(await output(run)).toEqual({ before: ['nothing'], behind: ['something'] });
  });

  test('a task that waits for a person starts in a paused run only when the run is resumed', async () => {
    trouble.isThere = true;
    const { start, ended, verbs, waiting, output, tasks } = hive();
    const run = await start({
      name: 'stuck',
      nodes: [{ kind: 'agent', id: 'stuck', capabilities: ['do:stuck'] }],
    });
    const [stuck] = await waiting(run, 1, 'paused');
    const id = stuck?.id as TaskId;
    trouble.isThere = false;
    await verbs.pauseRun(run, BY);
    await expect(verbs.requeueTask(id, { ...BY, fresh: false })).rejects.toThrow(/resume the run/);
    expect((await tasks(run))[0]).toMatchObject({ state: 'paused', reason: 'error' });
    await verbs.resumeRun(run, BY);
    await verbs.requeueTask(id, { ...BY, fresh: false });
    expect((await ended(run)).state).toBe('completed');
    expect(await output(run)).toBe('free again');
  });

  test('a pause reaches the child runs, also those that begin under it, and so does the resumption', async () => {
    did.length = 0;
    latch = Promise.withResolvers();
    const { start, ended, verbs, waiting, inState, tasks, hive: opened } = hive();
    const body = {
      name: 'body',
      nodes: [{ kind: 'wait', id: 'hold', event: 'go' }, work('inner', { after: ['hold'] })],
    };
    const run = await start({
      name: 'above',
      nodes: [
        {
          kind: 'loop',
          id: 'loop',
          until: 'true',
          max: 1,
          body: { name: 'middle', nodes: [{ kind: 'workflow', id: 'sub', graph: body }] },
        },
        { kind: 'agent', id: 'late', capabilities: ['do:late-child'] },
      ],
    });
    await until(opened, 'the late one to begin', () => Promise.resolve(did[0]));
    const middle = await childOf(hive(), run);
    const inner = await childOf(hive(), middle);
    await waiting(inner, 1);
    await verbs.pauseRun(run, BY);
    for (const child of [middle, inner]) await inState(child, 'paused');
    latch.resolve(null);
    const late = await childOf(hive(), run, 'late');
    await inState(late, 'paused');
    await verbs.signalRun({ run: inner, name: 'go', dataJson: '1' }, BY);
    expect((await tasks(inner)).map(({ node, state }) => [node, state])).toEqual([
      ['hold', 'paused'],
    ]);
    expect(did).toEqual(['begun']);
    await verbs.resumeRun(run, BY);
    expect((await ended(run)).state).toBe('completed');
    expect(did.toSorted()).toEqual(['begun', 'inner', 'late-work']);
  });

  test('a replay leaves out what it cannot read any more, and says so', async () => {
    const { start, ended, verbs, hive: opened } = hive();
    const run = await start({
      name: 'pruned',
      nodes: [
        { kind: 'workflow', id: 'sub', graph: { name: 'sub', nodes: [work('inner')] } },
        work('after', { after: ['sub'] }),
      ],
    });
    await ended(run);
    const { runId } = await verbs.forkRun({ run, from: { node: 'after' } }, BY);
    const { endedMs } = await ended(runId);
    const cut = { tenant: 1, beforeMs: (endedMs ?? 0) + 1, keep: 1, limit: 1_000 };
    await until(opened, 'the pruning', async () =>
      (await opened.store.prune(cut)).done ? true : undefined,
    );
    expect(await opened.store.loadRuns([run])).toEqual([]);
    const report = await verbs.replayRun(runId, BY);
    expect(report.tasks).toMatchObject([
      { node: 'sub', verdict: 'skipped', error: { code: 'NOT_FOUND' } },
      { node: 'after', verdict: 'same' },
    ]);
  });
}

async function childOf(hive: RunHive, parent: RunId, node?: string): Promise<RunId> {
  return until(hive.hive, 'the child run', async () => {
    const task = (await hive.tasks(parent)).find(
      (each) => node === undefined || each.node === node,
    );
    const [row] = await hive.query<{ subject: string }>(
      `select subject from journal where task = ${task?.key ?? 0} and kind = 'child' and subject is not null`,
    );
    return row?.subject as RunId | undefined;
  });
}
