// What is skipped, held back and undone.

import { describe, expect, test } from 'vitest';
import type { RunCommand } from './advance.ts';
import { checkGraph } from './graph-check.ts';
import { agent, create, decision, graphOf, join, map, run, skip, start, undo } from './testing.ts';

describe('decisions and skips', () => {
  test('what is not taken is skipped, and what only waits for it', () => {
    const it = run(
      graphOf(
        decision('d', ['a'], { otherwise: ['b'] }),
        agent('a'),
        agent('b'),
        agent('c', ['b']),
        join('j', ['a', 'c']),
        agent('z', ['j']),
      ),
    );
    it.on(start);
    expect(it.end('d', { taken: ['a'] })).toEqual([skip('b'), skip('c'), create('a')]);
    expect(it.end('a')).toEqual([create('z')]);
    expect(it.end('z')).toEqual([{ type: 'completeRun', outputNode: 'z' }]);
    expect(it.state().nodes).toBe('sskkjs');
  });

  test('nothing taken: all is skipped, joins too', () => {
    const it = run(graphOf(decision('d', ['a']), agent('a'), join('j', ['a']), agent('z', ['j'])));
    it.on(start);
    expect(it.end('d', { taken: [] })).toEqual([
      skip('a'),
      skip('j'),
      skip('z'),
      { type: 'completeRun', outputNode: 'z' },
    ]);
  });

  test('a join that the decision does not take still waits for the others', () => {
    const graph = graphOf(
      decision('d', ['a'], { otherwise: ['end'] }),
      agent('a'),
      join('end', ['a']),
      agent('z', ['end']),
    );
    const one = run(graph);
    one.on(start);
    expect(one.end('d', { taken: ['a'] })).toEqual([create('a')]);
    expect(one.state().cut).toEqual([[0, 2]]);
    expect(one.end('a')).toEqual([create('z')]);
    const two = run(graph);
    two.on(start);
    expect(two.end('d', { taken: ['end'] })).toEqual([skip('a'), create('z')]);
  });

  test('a decision that failed and may takes otherwise', () => {
    const it = run(
      graphOf(
        decision('d', ['a'], { otherwise: ['b'], onFailure: 'continue' }),
        agent('a'),
        agent('b'),
      ),
    );
    it.on(start);
    expect(it.end('d', { outcome: 'failed' })).toEqual([skip('a'), create('b')]);
  });

  test('a task whose `when` was false skips its node; nobody is told twice', () => {
    const it = run(
      graphOf(agent('a'), agent('b', ['a']), map('m', 'a'), agent('x'), join('j', ['b', 'x'])),
    );
    it.on(start);
    expect(it.end('a', { outcome: 'skipped' })).toEqual([skip('b'), skip('m')]);
    expect(it.end('x')).toEqual([{ type: 'completeRun', outputNode: 'j' }]);
  });
});

describe('limits of open tasks', () => {
  test('of a map: the next item begins as one ends', () => {
    const it = run(graphOf(agent('list'), map('each', 'list', { concurrency: 2 })));
    it.on(start);
    const next = (from: number, items: number): RunCommand => ({
      type: 'createTasks',
      node: 'each',
      from,
      items,
      total: 4,
    });
    expect(it.end('list', { items: { each: 4 } })).toEqual([next(0, 2)]);
    expect(it.end('each', { item: 1 })).toEqual([next(2, 1)]);
    expect(() => it.end('each', { item: 3 })).toThrow(
      expect.objectContaining({ code: 'STALE_VERSION' }),
    );
    expect(it.end('each', { item: 0 })).toEqual([next(3, 1)]);
    expect(it.end('each', { item: 2 })).toEqual([]);
    expect(it.end('each', { item: 3 })).toEqual([{ type: 'completeRun', outputNode: 'each' }]);
  });

  test('of the run: who waited longest goes first', () => {
    const nodes = [agent('a'), agent('b'), agent('c'), agent('d', ['a'])];
    const it = run(checkGraph({ name: 'g', concurrency: 2, nodes }));
    expect(it.on(start)).toEqual([create('a'), create('b')]);
    expect(it.state().nodes).toBe('rrqw');
    expect(it.end('a')).toEqual([create('c')]);
    expect(it.end('c')).toEqual([create('d')]);
  });
});

describe('the input of the run', () => {
  const graph = graphOf({ kind: 'map', id: 'm', capabilities: ['c'] });
  test('a map may work on it', () => {
    expect(run(graph).on({ ...start, items: { m: 2 } })).toEqual([create('m', 2)]);
  });
  test('without a list there the run fails at once', () => {
    expect(
      run(graph)
        .on({ ...start, items: { m: null } })
        .at(-1),
    ).toMatchObject({
      type: 'failRun',
      node: 'm',
      message: expect.stringMatching(/the input of the run has no list at "items"/) as string,
    });
  });
});

describe('compensation', () => {
  const graph = graphOf(
    agent('a'),
    agent('b', ['a']),
    agent('c', ['b']),
    undo('a'),
    undo('b'),
    undo('c'),
  );
  test('in reverse order of success, one after the other, then the run fails', () => {
    const it = run(graph);
    it.on(start);
    it.end('a');
    it.end('b');
    expect(it.end('c', { outcome: 'failed' })).toEqual([
      { type: 'beginCompensation', end: 'failed', message: 'Node "c" failed' },
      create('un-b'),
    ]);
    expect(it.state().phase).toBe('compensating');
    expect(it.on({ type: 'cancel', reason: 'x' })).toEqual([]);
    expect(it.on({ type: 'deadline' })).toEqual([]);
    expect(it.end('un-b', { outcome: 'dead' })).toEqual([create('un-a')]);
    expect(it.end('un-a')).toEqual([
      {
        type: 'failRun',
        code: 'COMPENSATION_FAILED',
        node: 'c',
        item: null,
        message: 'Node "c" failed; not undone: "un-b"',
      },
    ]);
    expect(it.state().nodes).toBe('ssfsfk');
  });

  test('a cancelled run, and one past its deadline', () => {
    const it = run(graph);
    it.on(start);
    it.end('a');
    expect(it.on({ type: 'cancel', reason: 'ada' })).toEqual([
      skip('c'),
      { type: 'cancelOpen' },
      { type: 'beginCompensation', end: 'cancelled', message: 'ada' },
      create('un-a'),
    ]);
    expect(it.end('un-a')).toEqual([{ type: 'cancelRun', reason: 'ada', error: null }]);
    const late = run(graph);
    late.on(start);
    expect(late.on({ type: 'deadline', message: 'late' }).at(-1)).toEqual({
      type: 'failRun',
      code: 'RUN_DEADLINE',
      node: null,
      item: null,
      message: 'late',
    });
  });

  test('a map is undone when one item had success, and a run that completes undoes nothing', () => {
    const it = run(graphOf(agent('list'), map('m', 'list'), undo('m'), undo('list')));
    it.on(start);
    it.end('list', { items: { m: 2 } });
    it.end('m', { item: 1 });
    expect(it.end('m', { item: 0, outcome: 'failed' }).at(-1)).toEqual(create('un-m'));
    const well = run(graphOf(agent('a'), undo('a')));
    well.on(start);
    expect(well.end('a')).toEqual([{ type: 'completeRun', outputNode: 'a' }]);
    expect(well.state().nodes).toBe('sk');
  });
});
