import { describe, expect, test } from 'vitest';
import { graphLimits, isHiveError } from '../contract/index.ts';
import { checkGraph, missingRoomOf } from './graph-check.ts';

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
      [{ kind: 'magic', id: 'a' }],
      {},
      /node "a": kind: must be one of agent, map, join, decision, approval, /,
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

const map = (id: string, rest: Record<string, unknown> = {}): Record<string, unknown> => ({
  kind: 'map',
  id,
  capabilities: ['work'],
  ...rest,
});
const decision = (
  id: string,
  to: readonly string[],
  rest: Record<string, unknown> = {},
): Record<string, unknown> => ({
  kind: 'decision',
  id,
  choices: [{ when: 'input.x > 1', to }],
  ...rest,
});
const undo = (id: string, undoes: string): Record<string, unknown> => ({
  kind: 'compensate',
  id,
  undoes,
  capabilities: ['work'],
});
const body = (...nodes: unknown[]): Record<string, unknown> => ({ name: 'inner', nodes });
const loop = (id: string, rest: Record<string, unknown> = {}): Record<string, unknown> => ({
  kind: 'loop',
  id,
  body: body(task('x')),
  until: 'last.done',
  max: 3,
  ...rest,
});

describe('every kind of node', () => {
  test('G2, G3, G5: what is completed', () => {
    const graph = checkGraph({
      name: 'g',
      nodes: [
        decision('choose', ['a'], { otherwise: ['b'] }),
        task('a'),
        task('b'),
        { kind: 'join', id: 'end', after: ['a', 'b'], mode: 'any' },
        loop('again', { after: ['end'], body: body(task('x'), undo('no', 'x')) }),
        undo('undo-a', 'a'),
      ],
    });
    expect(graph.nodes.map(({ after }) => after)).toEqual([
      [],
      ['choose'],
      ['choose'],
      ['a', 'b'],
      ['end'],
      [],
    ]);
    expect(graph.output).toBe('again');
    expect(graph.nodes[4]).toMatchObject({
      body: { output: 'x', version: '1', nodes: [{ retry: 'default' }, { after: [] }] },
    });
    expect(checkGraph(graph)).toEqual(graph);
  });

  test.each<[string, unknown[], RegExp]>([
    [
      'a decision taking an unknown node',
      [decision('d', ['zz'])],
      /it may take "zz", which does not exist/,
    ],
    ['a decision taking itself', [decision('d', ['d'])], /it waits for itself/],
    [
      'a decision taking what it waits for',
      [task('a'), decision('d', ['a'], { after: ['a'] })],
      /a > d > a|d > a > d/,
    ],
    [
      'a decision taking a compensate node',
      [task('a'), undo('u', 'a'), decision('d', ['u'])],
      /may take the compensate node "u"/,
    ],
    [
      'waiting for a compensate node',
      [task('a', ['u']), undo('u', 'a')],
      /after names the compensate node "u".*; remove it/,
    ],
    ['undoing nothing', [task('a'), undo('u', 'zz')], /undoes names "zz", which does not exist/],
    [
      'undoing a join',
      [task('a'), { kind: 'join', id: 'j', after: ['a'] }, undo('u', 'j')],
      /undoes names the join node "j"/,
    ],
    [
      'undoing twice',
      [task('a'), undo('u', 'a'), undo('v', 'a')],
      /node "v": "a" is undone by "u" already/,
    ],
    [
      'a compensate node that waits',
      [task('a'), { ...undo('u', 'a'), after: ['a'] }],
      /node "u": after: /,
    ],
    [
      'a wait for nothing',
      [{ kind: 'wait', id: 'w' }],
      /it has none of for \(in code: forMs\), until, event; give exactly one/,
    ],
    [
      'a wait for two things',
      [{ kind: 'wait', id: 'w', forMs: 5, event: 'e' }],
      /it has for \(in code: forMs\) and event; give exactly one/,
    ],
    [
      'a timeout of a timer',
      [{ kind: 'wait', id: 'w', forMs: 5, timeoutMs: 5 }],
      /timeoutMs is for a wait for an event only/,
    ],
    [
      'a workflow without graph',
      [{ kind: 'workflow', id: 'w' }],
      /it has none of graph, graphFrom/,
    ],
    [
      'a workflow with two',
      [{ kind: 'workflow', id: 'w', graph: body(task('a')), graphFrom: 'input.g' }],
      /it has graph and graphFrom/,
    ],
    [
      'an escalation without deadline',
      [{ kind: 'approval', id: 'a', message: 'm', escalate: { to: 'ada' } }],
      /escalate needs deadlineMs/,
    ],
    [
      'a map over a decision',
      [task('a'), decision('d', ['a']), map('m', { over: 'd' })],
      /over names the decision node "d"/,
    ],
    [
      'a map over a compensate node',
      [task('a'), undo('u', 'a'), map('m', { over: 'u' })],
      /over names the compensate node/,
    ],
    [
      'an inner node',
      [loop('l', { body: body(task('x', ['y'])) })],
      /^- node "l" > node "x": after names "y"/,
    ],
    [
      'an inner graph',
      [loop('l', { body: { nodes: [task('x')] } })],
      /^- node "l" > graph: name: /,
    ],
    ['an inner graph that is none', [loop('l', { body: 7 })], /^- node "l" > graph: /],
    [
      'an inner inner node',
      [{ kind: 'workflow', id: 'w', graph: body(loop('l', { until: '1 +' })) }],
      /^- node "w" > node "l": until: the expression `1 \+` is wrong/,
    ],
    [
      'an expression with a syntax error',
      [decision('d', ['a'], { choices: [{ when: 'input.', to: ['a'] }] }), task('a')],
      /node "d": choices.0.when: the expression `input.` is wrong: .*; it may read input, from, run/,
    ],
    ['an unknown variable', [{ ...task('a'), when: 'last.x' }], /when: .*unknown variable: last/],
    [
      'a result that is not waited for',
      [task('a'), { ...task('b'), when: 'from.a.ok' }],
      /node "b": when: from.a may not be there: this node does not wait for "a"; add "a" to its after/,
    ],
    [
      'the result of nobody',
      [{ ...task('b'), inputs: { x: 'from.zz' } }],
      /inputs.x: from.zz names a node that does not exist/,
    ],
    ['its own result', [{ ...task('b'), when: 'from.b' }], /from.b is this node itself/],
    [
      'the result of a join',
      [task('a'), { kind: 'join', id: 'j', after: ['a'] }, { ...task('b', ['j']), when: 'from.j' }],
      /from.j is a join, which has no result/,
    ],
    ['only undoing', [undo('u', 'u')], /compensate/],
  ])('%s', (_what, nodes, message) => {
    const problems = problemsOf({ name: 'g', nodes });
    expect(problems.join('\n')).toMatch(message);
    expect(problems.length).toBeLessThanOrEqual(2);
  });

  test('G6: results of all nodes before are there, items in a map, last in a loop', () => {
    expect(
      problemsOf({
        name: 'g',
        nodes: [
          task('a'),
          { kind: 'join', id: 'j', after: ['a'] },
          { ...task('b', ['j']), when: 'from.a.ok && has(input.x) && run.id != ""' },
          map('m', { over: 'b', inputs: { x: 'item.x + index', y: 'from.b' } }),
          loop('l', { after: ['m'], until: 'last.done || iteration > 2 || size(from.m) == 0' }),
          { kind: 'approval', id: 'ok', message: 'm', show: { x: 'from.l' }, after: ['l'] },
          { kind: 'wait', id: 'w', until: 'from.ok.answer.at', after: ['ok'] },
          { kind: 'workflow', id: 'f', graphFrom: 'from.a.plan', after: ['w'] },
        ],
      }),
    ).toEqual([]);
  });

  test('G5: graphs inside each other have a bound', () => {
    const nested = (levels: number): unknown =>
      levels === 0
        ? body(task('x'))
        : body({ kind: 'workflow', id: 'w', graph: nested(levels - 1) });
    expect(problemsOf(nested(graphLimits.depth))).toEqual([]);
    expect(problemsOf(nested(graphLimits.depth + 1)).join()).toMatch(/more than 8 levels deep/);
  });

  test('each problem has its place', () => {
    const nodes = [
      task('a'),
      loop('l', { body: body(task('x', ['x2', 'y'])) }),
      { ...task('b'), when: '(' },
    ];
    expect(() => checkGraph({ name: 'g', nodes })).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({
          places: [
            ['nodes', 2, 'when'],
            ['nodes', 1, 'body', 'nodes', 0, 'after', 0],
            ['nodes', 1, 'body', 'nodes', 0, 'after', 1],
          ],
        }) as unknown,
      }),
    );
  });

  test('the first node whose room does not exist', () => {
    const gate = { kind: 'gate', id: 'check', level: 'L1' };
    const of = (...nodes: unknown[]): unknown => missingRoomOf(checkGraph({ name: 'g', nodes }));
    expect(of(task('a'))).toBeNull();
    expect(of(task('a'), { kind: 'command', id: 'c', argv: ['ls'] }, gate)).toEqual({
      node: 'c',
      kind: 'command',
      room: 'sandbox',
    });
    expect(of(loop('l', { body: body(task('x'), gate) }))).toEqual({
      node: 'l/check',
      kind: 'gate',
      room: 'factory',
    });
    expect(of({ kind: 'knowledge', id: 'k', query: 'q' })).toMatchObject({ room: 'knowledge' });
  });
});
