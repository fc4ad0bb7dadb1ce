import { describe, expect, test } from 'vitest';
import { graphLimits } from '../contract/index.ts';
import { advance } from './advance.ts';
import type { RunCommand, TaskEnd } from './advance.ts';
import { checkGraph } from './graph-check.ts';
import { agent, create, graphOf, join, map, run, skip, start } from './testing.ts';

describe('shapes', () => {
  test('sequence', () => {
    const it = run(graphOf(agent('a'), agent('b', ['a']), agent('c', ['b'])));
    expect(it.on(start)).toEqual([create('a')]);
    expect(it.end('a')).toEqual([create('b')]);
    expect(it.end('b')).toEqual([create('c')]);
    expect(it.end('c')).toEqual([{ type: 'completeRun', outputNode: 'c' }]);
    expect(it.state()).toMatchObject({ phase: 'completed', nodes: 'sss' });
  });

  test('parallel with an aggregator', () => {
    const it = run(graphOf(agent('a'), agent('b'), agent('sum', ['a', 'b'])));
    expect(it.on(start)).toEqual([create('a'), create('b')]);
    expect(it.end('b')).toEqual([]);
    expect(it.end('a')).toEqual([create('sum')]);
  });

  test('the output may be any node; the run ends when all have ended', () => {
    const graph = checkGraph({ name: 'g', output: 'a', nodes: [agent('a'), agent('b')] });
    const it = run(graph);
    it.on(start);
    expect(it.end('a')).toEqual([]);
    expect(it.end('b')).toEqual([{ type: 'completeRun', outputNode: 'a' }]);
  });

  test('join all and chained joins take no round of their own', () => {
    const it = run(
      graphOf(agent('a'), agent('b'), join('j', ['a', 'b']), join('k', ['j']), agent('c', ['k'])),
    );
    it.on(start);
    it.end('a');
    expect(it.end('b')).toEqual([create('c')]);
    expect(it.state().nodes).toBe('ssjjr');
  });

  test('join any goes on with the first, the others go on too', () => {
    const it = run(
      graphOf(agent('a'), agent('b'), join('j', ['a', 'b'], 'any'), agent('c', ['j'])),
    );
    it.on(start);
    expect(it.end('b')).toEqual([create('c')]);
    expect(it.end('c')).toEqual([]);
    expect(it.end('a')).toEqual([{ type: 'completeRun', outputNode: 'c' }]);
  });
});

describe('map', () => {
  test('one task per item, released when all have ended', () => {
    const it = run(graphOf(agent('list'), map('each', 'list'), agent('sum', ['each'])));
    it.on(start);
    expect(it.end('list', { items: { each: 3 } })).toEqual([create('each', 3)]);
    expect(it.end('each', { item: 2 })).toEqual([]);
    expect(it.end('each', { item: 0 })).toEqual([]);
    expect(it.end('each', { item: 1 })).toEqual([create('sum')]);
  });

  test('no items: done at once', () => {
    const it = run(graphOf(agent('list'), map('each', 'list'), agent('sum', ['each'])));
    it.on(start);
    expect(it.end('list', { items: { each: 0 } })).toEqual([create('sum')]);
  });

  test('waits for its other dependencies and remembers its items', () => {
    const it = run(graphOf(agent('list'), agent('key'), map('each', 'list', { after: ['key'] })));
    it.on(start);
    expect(it.end('list', { items: { each: 2 } })).toEqual([]);
    expect(it.end('key')).toEqual([create('each', 2)]);
  });

  test('a map over a map has as many items', () => {
    const it = run(
      graphOf(agent('list'), map('one', 'list', { onFailure: 'continue' }), map('two', 'one')),
    );
    it.on(start);
    it.end('list', { items: { one: 2 } });
    it.end('one', { item: 0, outcome: 'failed' });
    expect(it.end('one', { item: 1 })).toEqual([create('two', 2)]);
  });

  test('a map over an empty map is empty too', () => {
    const it = run(graphOf(agent('list'), map('one', 'list'), map('two', 'one')));
    it.on(start);
    expect(it.end('list', { items: { one: 0 } })).toEqual([
      { type: 'completeRun', outputNode: 'two' },
    ]);
  });

  test.each([
    [
      { each: null },
      /has no list at "items"; let its agent return a list there, or correct `items` of "each"/,
    ],
    [{}, /has no list/],
    [
      { each: graphLimits.mapItems + 1 },
      /has 10001 items and the limit is 10000; put several into one item/,
    ],
  ])('%j fails the run with what to do', (items, message) => {
    const it = run(
      graphOf(agent('list'), agent('other'), map('each', 'list', { onFailure: 'continue' })),
    );
    it.on(start);
    expect(it.end('list', { items })).toEqual([
      { type: 'skipNode', node: 'each' },
      { type: 'cancelOpen' },
      {
        type: 'failRun',
        code: 'RUN_FAILED',
        node: 'each',
        item: null,
        message: expect.stringMatching(message) as string,
      },
    ]);
    expect(it.state()).toMatchObject({ phase: 'failed', nodes: 'sxk' });
  });
});

describe('failure', () => {
  test.each<[TaskEnd, string, string]>([
    ['failed', 'f', 'Node "a" failed'],
    ['dead', 'f', 'Node "a" failed or crashed too often'],
    ['cancelled', 'x', 'Node "a" was cancelled'],
  ])('stop, %s: open tasks are cancelled, the rest is skipped', (outcome, letter, message) => {
    const it = run(graphOf(agent('a'), agent('b'), agent('c', ['a'])));
    it.on(start);
    expect(it.end('a', { outcome })).toEqual([
      { type: 'skipNode', node: 'c' },
      { type: 'cancelOpen' },
      { type: 'failRun', code: 'RUN_FAILED', node: 'a', item: null, message },
    ]);
    expect(it.state().nodes).toBe(`${letter}xk`);
  });

  test('nothing is open: nothing is cancelled', () => {
    const it = run(graphOf(agent('a')));
    it.on(start);
    expect(it.end('a', { outcome: 'failed' })).toEqual([
      { type: 'failRun', code: 'RUN_FAILED', node: 'a', item: null, message: 'Node "a" failed' },
    ]);
  });

  test('an item of a map under stop cancels its siblings', () => {
    const it = run(graphOf(agent('list'), map('each', 'list')));
    it.on(start);
    it.end('list', { items: { each: 3 } });
    expect(it.end('each', { item: 1, outcome: 'dead' })).toEqual([
      { type: 'cancelOpen' },
      {
        type: 'failRun',
        code: 'RUN_FAILED',
        node: 'each',
        item: 1,
        message: 'Item 1 of node "each" failed or crashed too often',
      },
    ]);
    expect(it.state().maps).toEqual([null, [3, 0, 1, 3]]);
  });

  test.each<TaskEnd>(['failed', 'dead', 'cancelled'])(
    'continue, %s: the node counts as done, lists from it are empty',
    (outcome) => {
      const it = run(
        graphOf(agent('a', [], { onFailure: 'continue' }), map('each', 'a'), agent('c', ['each'])),
      );
      it.on(start);
      expect(it.end('a', { outcome })).toEqual([create('c')]);
      expect(it.end('c')).toEqual([{ type: 'completeRun', outputNode: 'c' }]);
    },
  );

  test('a failed node under continue opens a join any', () => {
    const it = run(
      graphOf(
        agent('a', [], { onFailure: 'continue' }),
        agent('b'),
        join('j', ['a', 'b'], 'any'),
        agent('c', ['j']),
      ),
    );
    it.on(start);
    expect(it.end('a', { outcome: 'failed' })).toEqual([create('c')]);
  });
});

describe('cancel and the end', () => {
  test('cancel of a run that works, and of one that has not begun', () => {
    const graph = graphOf(agent('a'), agent('b', ['a']));
    const it = run(graph);
    it.on(start);
    const cancel = { type: 'cancel', reason: 'asked by ada' } as const;
    const last: RunCommand = { type: 'cancelRun', reason: 'asked by ada', error: null };
    expect(it.on(cancel)).toEqual([skip('b'), { type: 'cancelOpen' }, last]);
    expect(run(graph).on(cancel)).toEqual([skip('a'), skip('b'), last]);
  });

  test('A3: after the end the same object comes back, without commands', () => {
    const it = run(graphOf(agent('a'), agent('b')));
    it.on(start);
    it.end('a', { outcome: 'failed' });
    const ended = it.state();
    for (const commands of [it.end('b'), it.on(start), it.on({ type: 'cancel', reason: '' })])
      expect(commands).toEqual([]);
    expect(it.state()).toBe(ended);
  });

  test('A6: an event of a node that has ended, or a second start, changes nothing', () => {
    const it = run(graphOf(agent('a'), agent('b', ['a'])));
    it.on(start);
    it.end('a');
    const before = it.state();
    expect(it.end('a', { outcome: 'failed' })).toEqual([]);
    expect(it.on(start)).toEqual([]);
    expect(it.state()).toBe(before);
  });

  test('an event from the future of this progress is stale, not a fault', () => {
    const it = run(graphOf(agent('a'), agent('b', ['a'])));
    it.on(start);
    expect(() => it.end('b')).toThrow(
      expect.objectContaining({ code: 'STALE_VERSION', kind: 'retry' }),
    );
  });

  test('events that fit no node are faults', () => {
    const it = run(graphOf(agent('a'), join('j', ['a'])));
    it.on(start);
    expect(() => it.end('zz')).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    expect(() => it.end('j')).toThrow(/is a join/);
    expect(() => it.end('a', { item: 0 })).toThrow(/is of kind agent/);
    expect(() => advance(graphOf(agent('a')), it.state(), start)).toThrow(/belongs to its graph/);
  });
});
