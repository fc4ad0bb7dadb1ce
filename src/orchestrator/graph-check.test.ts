import { describe, expect, test } from 'vitest';
import { graphLimits, isHiveError } from '../contract/index.ts';
import { checkGraph } from './graph-check.ts';

const task = (id: string, after: readonly string[] = []): Record<string, unknown> => ({
  kind: 'agent',
  id,
  capabilities: ['work'],
  after,
});

function problemsOf(input: unknown): string[] {
  try {
    checkGraph(input);
  } catch (error) {
    if (isHiveError(error) && error.code === 'GRAPH_INVALID')
      return error.message.split('\n').slice(1);
    throw error;
  }
  return [];
}

describe('a good graph', () => {
  test('G2, G3: gets its defaults, the over of a map in its after, and an output', () => {
    const graph = checkGraph({
      name: 'g',
      nodes: [
        task('list'),
        { kind: 'map', id: 'each', over: 'list', after: [], capabilities: ['work'] },
        { kind: 'join', id: 'all', after: ['each', 'each'] },
      ],
    });
    expect(graph.nodes.map(({ after }) => after)).toEqual([[], ['list'], ['each']]);
    expect(graph.output).toBe('all');
    expect(graph.nodes[0]).toMatchObject({ onFailure: 'stop', retry: 'default', priority: 0 });
  });

  test('checking twice changes nothing', () => {
    const once = checkGraph({ name: 'g', nodes: [task('a'), task('b', ['a'])] });
    expect(checkGraph(once)).toEqual(once);
  });

  test('the largest chain is checked without a deep stack', () => {
    const nodes = Array.from({ length: graphLimits.nodes }, (_, i) =>
      task(`n${i}`, i === 0 ? [] : [`n${i - 1}`]),
    );
    expect(checkGraph({ name: 'g', nodes: nodes.toReversed() }).nodes).toHaveLength(
      graphLimits.nodes,
    );
  });
});

describe('a bad graph', () => {
  test.each<[string, unknown[], Record<string, unknown>, RegExp]>([
    ['an id used twice', [task('a'), task('a')], {}, /node "a": this id is used twice/],
    [
      'an unknown name',
      [task('build'), task('test', ['biuld'])],
      {},
      /node "test": after names "biuld", which does not exist; correct the name/,
    ],
    [
      'a name that is nearly right',
      [task('build'), task('test', ['builds'])],
      {},
      /did you mean "build"\?/,
    ],
    [
      'a node waiting for itself',
      [task('a', ['a'])],
      {},
      /node "a": it waits for itself; remove "a" from its after/,
    ],
    ['a cycle', [task('a', ['c']), task('b', ['a']), task('c', ['b'])], {}, /a > c > b > a/],
    ['an unknown output', [task('a')], { output: 'z' }, /graph: output names "z"/],
    [
      'an unknown over',
      [{ kind: 'map', id: 'm', over: 'z', capabilities: ['work'] }],
      {},
      /node "m": over names "z", which does not exist/,
    ],
    [
      'a map over a join',
      [
        task('a'),
        { kind: 'join', id: 'j', after: ['a'] },
        { kind: 'map', id: 'm', over: 'j', capabilities: ['work'] },
      ],
      {},
      /node "m": over names the join node "j", which has no result/,
    ],
    [
      'a cycle through over',
      [{ ...task('a', ['m']) }, { kind: 'map', id: 'm', over: 'a', capabilities: ['work'] }],
      {},
      /a > m > a/,
    ],
    [
      'an unknown kind',
      [{ kind: 'gate', id: 'a' }],
      {},
      /node "a": kind: must be "agent", "map" or "join"/,
    ],
    [
      'an unknown field',
      [{ ...task('a'), color: 'red' }],
      {},
      /node "a": unknown "color"; remove it/,
    ],
    ['a node without id', [{ kind: 'agent', capabilities: ['work'] }], {}, /node number 1: id: /],
    ['no nodes', [], {}, /graph: nodes: /],
    ['no name', [task('a')], { name: '' }, /graph: name: /],
    [
      'an unknown retry preset',
      [{ ...task('a'), retry: 'forever' }],
      {},
      /node "a": retry: .*seeds-2-4-8/,
    ],
  ])('%s', (...[, nodes, rest, message]) => {
    const problems = problemsOf({ name: 'g', nodes, ...rest });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(message);
  });

  test('G4: every problem is told at once, of shape and of structure', () => {
    const problems = problemsOf({
      name: 'g',
      output: 'nowhere',
      nodes: [
        { ...task('a', ['b']), priority: 1_000 },
        task('b', ['a', 'zz']),
        task('b'),
        { kind: 'oops', id: 'c' },
      ],
    });
    const text = problems.join('\n');
    for (const part of [
      'priority',
      '"c": kind',
      '"b": this id',
      '"zz"',
      'a > b > a',
      '"nowhere"',
    ]) {
      expect(text).toContain(part);
    }
    expect(problems).toHaveLength(6);
  });

  test('two cycles are both named', () => {
    const nodes = [task('a', ['b']), task('b', ['a']), task('c', ['d']), task('d', ['c'])];
    expect(problemsOf({ name: 'g', nodes })).toHaveLength(2);
  });

  test('too many nodes and too many dependencies', () => {
    const many = Array.from({ length: graphLimits.nodes + 1 }, (_, i) => task(`n${i}`));
    expect(problemsOf({ name: 'g', nodes: many }).join()).toContain('graph: nodes');
    const roots = Array.from({ length: 110 }, (_, i) => task(`r${i}`));
    const ids = roots.map(({ id }) => String(id));
    const dense = Array.from({ length: 100 }, (_, i) => task(`d${i}`, ids));
    expect(problemsOf({ name: 'g', nodes: [...roots, ...dense] })).toEqual([
      expect.stringMatching(/^- graph: 11000 dependencies; the limit is 10000; put a join/),
    ]);
  });

  test('a long list is cut and counted', () => {
    const nodes = Array.from({ length: 80 }, (_, i) => task(`n${i}`, ['none']));
    const problems = problemsOf({ name: 'g', nodes });
    expect(problems).toHaveLength(51);
    expect(problems.at(-1)).toBe('- and 30 more');
  });

  test.each([null, 7, 'x', [], {}, { nodes: 3 }, { nodes: [null, 4] }])(
    '%j is refused, not a fault',
    (input) => {
      expect(problemsOf(input).length).toBeGreaterThan(0);
    },
  );
});
