// Runs of graphs, end to end: what each node kind does, through the orchestrator's doors. Run on both stores.

import { setTimeout as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { defineAgent } from '../../src/agents/index.ts';
import type { AgentDefinition } from '../../src/agents/index.ts';
import type { Json } from '../../src/contract/index.ts';
import { strategyGraph } from '../../src/orchestrator/index.ts';
import { BY } from './run-hive.ts';
import type { RunHive } from './run-hive.ts';

/** Attempts of `slowly` at one moment, and the most of them. */
let atOnce = 0;
let most = 0;

/** What the agents of the cases did, in order; cleared by each case. */
export const did: string[] = [];

const inline = (name: string, execute: (input: never) => Json | Promise<Json>): AgentDefinition =>
  defineAgent({
    name,
    type: 'test',
    version: '1',
    capabilities: [`do:${name}`],
    placement: 'inline',
    concurrency: 50,
    execute: ({ input }) => execute(input as never),
  });

export const graphAgents: readonly AgentDefinition[] = [
  inline('add', ({ a, b }: { a: number; b: number }) => a + b),
  inline('note', (input: Json) => {
    const { input: own } = input as { input: { as: string } };
    did.push(own.as);
    return own.as;
  }),
  inline('list', () => ({ items: [1, 2, 3, 4, 5] })),
  inline('slowly', async ({ n }: { n: number }) => {
    most = Math.max(most, ++atOnce);
    await turn(5); // long enough that a third would be seen
    atOnce--;
    return n * 2;
  }),
  inline('double', ({ n }: { n: number }) => n * 2),
  inline('fail', () => {
    throw Object.assign(new Error('it cannot be done'), { code: 'x' });
  }),
  inline('undo', (input: Json) => {
    const { result } = input as { result: Json };
    did.push(`undo ${JSON.stringify(result)}`);
    return null;
  }),
  inline('drafter', () => {
    did.push('drafter');
    return { text: 'draft', next: 'critic' };
  }),
  inline('critic', () => {
    did.push('critic');
    return did.length < 4 ? { text: 'bad', next: 'drafter' } : { text: 'good' };
  }),
  inline('count', (input: Json) => {
    const { last } = input as { last: { n: number } | null };
    return { n: (last?.n ?? 0) + 1 };
  }),
];

const note = (as: string, more: object = {}) =>
  ({ kind: 'agent', id: as, capabilities: ['do:note'], input: { as }, ...more }) as const;

export function graphCases(hive: () => RunHive): void {
  test('a chain passes computed data on, typed by expressions', async () => {
    const { start, ended, output } = hive();
    const run = await start(
      {
        name: 'sum',
        nodes: [
          {
            kind: 'agent',
            id: 'first',
            capabilities: ['do:add'],
            inputs: { a: 'input.x', b: '2' },
          },
          {
            kind: 'agent',
            id: 'second',
            after: ['first'],
            capabilities: ['do:add'],
            input: { b: 100 },
            inputs: { a: 'from.first * 10' },
          },
        ],
      },
      { x: 3 },
    );
    expect((await ended(run)).state).toBe('completed');
    expect(await output(run)).toBe(150);
  });

  test('a decision takes one way, skips the others, and a join meets again', async () => {
    did.length = 0;
    const graph = {
      name: 'ways',
      nodes: [
        {
          kind: 'decision',
          id: 'way',
          choices: [
            { when: 'input.n > 10', to: ['big'] },
            { when: 'input.n > 5', to: ['middle'] },
          ],
          otherwise: ['small'],
        },
        note('big'),
        note('middle'),
        note('small'),
        note('after-big', { after: ['big'] }),
        { kind: 'join', id: 'meet', after: ['after-big', 'middle', 'small'] },
        note('end', { after: ['meet'] }),
      ],
    };
    const { start, ended, tasks } = hive();
    for (const [n, expected] of [
      [20, ['big', 'after-big', 'end']],
      [7, ['middle', 'end']],
      [1, ['small', 'end']],
    ] as const) {
      did.length = 0;
      const run = await start(graph, { n });
      expect((await ended(run)).state).toBe('completed');
      expect(did).toEqual(expected);
      expect((await tasks(run)).map((task) => task.node)).toEqual(['way', ...expected]);
    }
  });

  test('a condition on a node skips it and what only waits for it', async () => {
    did.length = 0;
    const { start, ended, tasks } = hive();
    const run = await start(
      {
        name: 'when',
        nodes: [
          note('a'),
          note('b', { after: ['a'], when: 'from.a == "b"' }),
          note('c', { after: ['b'] }),
          { kind: 'join', id: 'meet', after: ['a', 'c'] },
          note('d', { after: ['meet'] }),
        ],
      },
      null,
    );
    expect((await ended(run)).state).toBe('completed');
    expect(did).toEqual(['a', 'd']);
    expect((await tasks(run)).find((task) => task.node === 'b')).toMatchObject({
      state: 'skipped',
      reason: 'branch',
    });
  });

  test('a map unfolds a list in order, with a window that is never exceeded', async () => {
    const { start, ended, output } = hive();
    most = 0;
    const run = await start({
      name: 'window',
      nodes: [
        { kind: 'agent', id: 'list', capabilities: ['do:list'] },
        {
          kind: 'map',
          id: 'each',
          over: 'list',
          capabilities: ['do:slowly'],
          inputs: { n: 'item' },
          concurrency: 2,
        },
      ],
    });
    expect((await ended(run)).state).toBe('completed');
    expect(await output(run)).toEqual([2, 4, 6, 8, 10]);
    expect(most).toBe(2);
  });

  test("a map over the run's input; an empty list is over at once", async () => {
    const graph = {
      name: 'batch',
      nodes: [
        {
          kind: 'map',
          id: 'each',
          items: 'rows',
          capabilities: ['do:double'],
          inputs: { n: 'item.v' },
        },
      ],
    };
    const { start, ended, output } = hive();
    const some = await start(graph, { rows: [{ v: 1 }, { v: 4 }] });
    expect((await ended(some)).state).toBe('completed');
    expect(await output(some)).toEqual([2, 8]);
    const none = await start(graph, { rows: [] });
    expect((await ended(none)).state).toBe('completed');
    expect(await output(none)).toEqual([]);
    const wrong = await start(graph, { rows: 5 });
    expect(await ended(wrong)).toMatchObject({ state: 'failed' });
  });

  test('a loop runs its body until its condition holds; at its bound it fails', async () => {
    const loop = (max: number) => ({
      name: 'loop',
      nodes: [
        {
          kind: 'loop',
          id: 'again',
          until: 'last.n >= 3',
          max,
          body: {
            name: 'body',
            nodes: [
              {
                kind: 'agent',
                id: 'count',
                capabilities: ['do:count'],
                inputs: { last: 'input.last' },
              },
            ],
          },
        },
      ],
    });
    const { start, ended, output, tasks } = hive();
    const good = await start(loop(5));
    expect((await ended(good)).state).toBe('completed');
    expect(await output(good)).toEqual({ n: 3 });
    const bad = await start(loop(2));
    expect((await ended(bad)).state).toBe('failed');
    expect(JSON.parse((await tasks(bad))[0]?.error ?? '{}')).toMatchObject({ code: 'LOOP_BOUND' });
  });

  test('a sub-workflow is a child run; its failure names it', async () => {
    const child = (capability: string): Json => ({
      name: 'child',
      nodes: [
        {
          kind: 'agent',
          id: 'only',
          capabilities: [capability],
          inputs: { a: 'input.a', b: '1' },
          retry: 'none',
        },
      ],
    });
    const parent = (capability: string) => ({
      name: 'parent',
      nodes: [
        { kind: 'workflow', id: 'sub', graph: child(capability), inputs: { a: '41' } },
        {
          kind: 'agent',
          id: 'last',
          after: ['sub'],
          capabilities: ['do:add'],
          inputs: { a: 'from.sub', b: '0' },
        },
      ],
    });
    const { start, ended, output } = hive();
    const good = await start(parent('do:add'));
    expect(await ended(good)).toMatchObject({ state: 'completed' });
    expect(await output(good)).toBe(42);
    const bad = await start(parent('do:fail'));
    const row = await ended(bad);
    expect(row.state).toBe('failed');
    expect(row.error).toMatch(/run_[0-9a-z]{26}/);
    expect(row.error).toContain('it cannot be done');
  });

  test('a graph that the data holds is validated and run as a child; a bad one fails the node', async () => {
    const graph = {
      name: 'expand',
      nodes: [{ kind: 'workflow', id: 'grown', graphFrom: 'input.plan' }],
    };
    const plan = { name: 'grown', nodes: [{ kind: 'agent', id: 'x', capabilities: ['do:list'] }] };
    const { start, ended, output } = hive();
    const good = await start(graph, { plan });
    expect(await ended(good)).toMatchObject({ state: 'completed' });
    expect(await output(good)).toEqual({ items: [1, 2, 3, 4, 5] });
    const cyclic = {
      name: 'c',
      nodes: [{ kind: 'agent', id: 'x', after: ['x'], capabilities: ['do:list'] }],
    };
    const bad = await start(graph, { plan: cyclic });
    const row = await ended(bad);
    expect(row).toMatchObject({ state: 'failed' });
    expect(row.error).toContain('waits for itself');
  });

  test('what is not there yet is refused at start, with node and room', async () => {
    const { start } = hive();
    for (const [node, room] of [
      [{ kind: 'command', id: 'c', argv: ['ls'] }, 'sandbox'],
      [{ kind: 'gate', id: 'g', level: 'L1' }, 'factory'],
      [{ kind: 'knowledge', id: 'k', query: 'q' }, 'knowledge'],
    ] as const) {
      const graph = { name: 'later', nodes: [node] };
      await expect(start(graph)).rejects.toMatchObject({ code: 'FEATURE_MISSING' });
      await expect(start(graph)).rejects.toThrow(new RegExp(`"${node.id}".*"${room}"`));
    }
  });

  test('a failed run compensates in exact reverse order of success, then fails', async () => {
    did.length = 0;
    const undo = (id: string) =>
      ({ kind: 'compensate', id: `undo-${id}`, undoes: id, capabilities: ['do:undo'] }) as const;
    const { start, ended, tasks } = hive();
    const run = await start({
      name: 'saga',
      nodes: [
        note('flight'),
        note('hotel', { after: ['flight'] }),
        note('car', { after: ['hotel'] }),
        { kind: 'agent', id: 'pay', after: ['car'], capabilities: ['do:fail'], retry: 'none' },
        undo('flight'),
        undo('hotel'),
        undo('car'),
        undo('pay'),
      ],
    });
    const row = await ended(run);
    expect(row.state).toBe('failed');
    expect(row.error).toContain('"pay"');
    expect(did).toEqual(['flight', 'hotel', 'car', 'undo "car"', 'undo "hotel"', 'undo "flight"']);
    expect((await tasks(run)).filter((task) => task.node === 'undo-pay')).toEqual([]);
  });

  test('adaptive: each agent names the next one, until one names none', async () => {
    did.length = 0;
    const { start, ended, output } = hive();
    const graph = strategyGraph({
      task: 'write',
      agents: ['drafter', 'critic'],
      strategy: 'adaptive',
    });
    const run = await start(graph, { task: 'write' });
    expect(await ended(run)).toMatchObject({ state: 'completed' });
    expect(did).toEqual(['drafter', 'critic', 'drafter', 'critic']);
    expect(await output(run)).toMatchObject({ result: { text: 'good' } });
  });

  test('a failure that is allowed goes on; the result is left out', async () => {
    const { start, ended, output } = hive();
    const run = await start({
      name: 'goes on',
      nodes: [
        {
          kind: 'agent',
          id: 'bad',
          capabilities: ['do:fail'],
          retry: 'none',
          onFailure: 'continue',
        },
        {
          kind: 'agent',
          id: 'good',
          after: ['bad'],
          capabilities: ['do:add'],
          inputs: { a: 'from.bad == null ? 1 : 2', b: '1' },
        },
      ],
    });
    expect((await ended(run)).state).toBe('completed');
    expect(await output(run)).toBe(2);
  });

  test('a result that breaks its promise fails the node', async () => {
    const { start, ended } = hive();
    const run = await start({
      name: 'promise',
      nodes: [
        {
          kind: 'agent',
          id: 'n',
          capabilities: ['do:add'],
          inputs: { a: '1', b: '1' },
          output: { type: 'string' },
        },
      ],
    });
    const row = await ended(run);
    expect(row.state).toBe('failed');
    expect(row.error).toContain('output schema');
  });

  test('a run past its deadline fails, also when it only waits', async () => {
    const { start, ended, tasks } = hive();
    const run = await start(
      { name: 'late', nodes: [{ kind: 'wait', id: 'w', event: 'never' }] },
      null,
      { timeoutMs: 300 },
    );
    const row = await ended(run);
    expect(row.state).toBe('failed');
    expect(JSON.parse(row.error ?? '{}')).toMatchObject({ code: 'RUN_DEADLINE' });
    expect((await tasks(run))[0]).toMatchObject({ state: 'cancelled' });
  });

  test('cancelling a run cancels its child runs', async () => {
    const { start, ended, waiting, hive: opened, query, inState } = hive();
    const run = await start({
      name: 'parent',
      nodes: [
        {
          kind: 'workflow',
          id: 'sub',
          graph: { name: 'child', nodes: [{ kind: 'wait', id: 'w', event: 'never' }] },
        },
      ],
    });
    await waiting(run, 1);
    const [child] = await query<{ subject: string }>(
      `select j.subject from journal j where j.kind = 'child' and j.result is null order by j.at_ms desc limit 1`,
    );
    const id = child?.subject as typeof run;
    await waiting(id, 1);
    await opened.orchestrator.cancelRun(run, BY);
    expect((await ended(run)).state).toBe('cancelled');
    await inState(id, 'cancelled');
  });
}
