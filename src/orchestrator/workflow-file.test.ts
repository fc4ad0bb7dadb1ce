import { describe, expect, test } from 'vitest';
import { isHiveError } from '../contract/index.ts';
import { parseDuration } from './parse-duration.ts';
import { readWorkflow } from './workflow-file.ts';

const read = (text: string): ReturnType<typeof readWorkflow>['graph'] =>
  readWorkflow(text, { file: 'w.yaml' }).graph;
function problemsOf(text: string): string[] {
  try {
    read(text);
  } catch (error) {
    if (isHiveError(error) && error.code === 'GRAPH_INVALID')
      return error.message.split('\n').slice(1);
    throw error;
  }
  return [];
}

describe('a good file', () => {
  test('shorthands: agents, kinds, durations, single names, named workflows', () => {
    const graph = read(`
name: release
runTimeout: 2h
nodes:
  - id: build
    agent: builder
    timeout: 1h30m
  - id: look
    choices:
      - when: from.build.ok
        to: ship
    otherwise: mend
    after: build
  - id: mend
    kind: loop
    workflow: fix
    until: last.ok
    max: 3
  - id: ship
    agent: shipper
    capabilities: [net]
  - id: rest
    for: 3d
    after: [ship]
  - id: ask
    message: Really?
    deadline: 30s
    escalate: { to: ada, deadline: 5m }
    after: rest
  - id: pages
    over: ask
    items: answer.pages
    agent: writer
  - { id: unship, undoes: ship, agent: shipper }
workflows:
  fix:
    nodes:
      - id: try
        agent: fixer
        when: input.iteration > 0
`);
    expect(graph).toMatchObject({ name: 'release', timeoutMs: 7_200_000, output: 'pages' });
    expect(graph).not.toHaveProperty('workflows');
    expect(graph.nodes.map(({ id, kind, after }) => [id, kind, after])).toEqual([
      ['build', 'agent', []],
      ['look', 'decision', ['build']],
      ['mend', 'loop', ['look']],
      ['ship', 'agent', ['look']],
      ['rest', 'wait', ['ship']],
      ['ask', 'approval', ['rest']],
      ['pages', 'map', ['ask']],
      ['unship', 'compensate', []],
    ]);
    expect(graph.nodes).toMatchObject([
      { capabilities: ['agent:builder'], timeoutMs: 5_400_000 },
      {},
      { body: { name: 'fix', output: 'try', nodes: [{ capabilities: ['agent:fixer'] }] } },
      { capabilities: ['agent:shipper', 'net'] },
      { forMs: 259_200_000 },
      { deadlineMs: 30_000, escalate: { deadlineMs: 300_000 } },
      {},
      { undoes: 'ship' },
    ]);
  });

  test('JSON is read too, and anchors may be used', () => {
    expect(read('{"name": "g", "nodes": [{"id": "a", "agent": "x"}]}').nodes[0]).toMatchObject({
      kind: 'agent',
    });
    const graph = read(
      'name: g\nnodes:\n  - &a { id: a, agent: x, input: &i { n: 1 } }\n  - { id: b, agent: x, input: *i }\n',
    );
    expect(graph.nodes[1]).toMatchObject({ input: { n: 1 } });
  });
});

describe('a bad file', () => {
  test('every problem at once, each at its line and column', () => {
    expect(
      problemsOf(`name: g
nodes:
  - id: a
    agent: x
    colour: red
  - id: b
    agent: y
    after: [a, aa]
    timeout: 5
  - id: c
    workflow: fxi
  - id: d
    agent: x
    when: from.b.ok
workflows:
  fix:
    nodes:
      - id: e
        agent: z
        retry: never
`),
    ).toEqual([
      'w.yaml:5:5: node "a": unknown "colour"; remove it or correct its name',
      'w.yaml:8:16: node "b": after names "aa", which does not exist; correct the name or add the node',
      expect.stringMatching(/^w.yaml:9:5: node "b": timeout: 5 is no duration; .*30s, 5m/),
      'w.yaml:11:5: node "c": there is no workflow "fxi" under `workflows:`; correct the name or add the workflow',
      expect.stringMatching(
        /^w.yaml:14:5: node "d": when: from.b may not be there: .*add "b" to its after/,
      ),
    ]);
  });

  test('a problem of a named workflow is told once, where it is written', () => {
    const problems = problemsOf(`name: g
nodes:
  - { id: a, workflow: fix }
  - { id: b, workflow: fix }
workflows:
  fix:
    nodes:
      - id: e
        agent: z
        timeout: 9d
        retry: never
`);
    expect(problems.filter((each) => each.includes('node "a"'))).toEqual([
      expect.stringMatching(/^w.yaml:10:9: node "a" > node "e": timeoutMs: /),
      expect.stringMatching(/^w.yaml:11:9: node "a" > node "e": retry: /),
    ]);
  });

  test.each<[string, string, RegExp]>([
    ['nothing', '', /^w.yaml:1:1: the file is empty/],
    ['a comment', '# later', /the file is empty/],
    ['a word', 'hello', /^w.yaml:1:1: graph: /],
    ['a syntax error', 'name: g\nnodes:\n  - id: a\n   agent: x\n', /^w.yaml:[34]:\d+: /],
    ['a key twice', 'name: g\nname: h\nnodes: []\n', /^w.yaml:2:1: Map keys must be unique/],
    ['a custom tag', 'name: !!js/function x\n', /^w.yaml:1:7: Unresolved tag.*; remove the tag/],
    ['another version', '%YAML 1.1\n---\nname: g\n', /remove the %YAML line/],
    ['two documents', 'name: g\n---\nname: h\n', /^w.yaml:/],
    [
      'a workflow that uses itself',
      'name: g\nnodes: [{id: a, workflow: x}]\nworkflows:\n  x: { nodes: [{ id: b, workflow: y }] }\n  y: { nodes: [{ id: c, workflow: x }] }\n',
      /^w.yaml:5:\d+: node "c": the workflow "x" uses itself by x > y > x/,
    ],
    ['an anchor inside itself', 'name: g\nnodes: &a [*a]\n', /^w.yaml:/],
    ['both forms', 'name: g\nnodes: [{id: a, for: 1s, forMs: 5}]', /it has both for and forMs/],
    [
      'workflow and graph',
      'name: g\nnodes: [{id: a, workflow: x, graph: {}}]\n',
      /it has both workflow and graph/,
    ],
    [
      'workflows as a list',
      'name: g\nnodes: [{id: a, agent: x}]\nworkflows: []\n',
      /^w.yaml:3:1: graph: workflows is a list/,
    ],
    [
      'agent as a list',
      'name: g\nnodes: [{id: a, agent: [x]}]\n',
      /agent is the name of one agent/,
    ],
  ])('%s', (_what, text, message) => {
    expect(problemsOf(text).join('\n')).toMatch(message);
  });

  test('a large file is JSON', () => {
    const nodes = [{ id: 'a', agent: 'x', input: 'x'.repeat(300_000) }];
    expect(read(JSON.stringify({ name: 'g', nodes })).nodes).toHaveLength(1);
    expect(problemsOf(JSON.stringify({ nodes }))).toEqual([
      expect.stringMatching(/^w.yaml:1:1: graph: name/),
    ]);
    expect(problemsOf(`name: ${'x'.repeat(300_000)}`).join()).toMatch(/only JSON is read/);
  });

  test('over 1 MiB', () => {
    expect(() => read('x'.repeat(1_048_577))).toThrow(
      expect.objectContaining({ code: 'INPUT_TOO_LARGE' }),
    );
  });
});

test('Y1: hostile files end soon, with a problem', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 9; i++) {
    const [old, next] = [String.fromCharCode(96 + i), String.fromCharCode(97 + i)];
    bomb.push(`${next}: &${next} [${Array.from({ length: 10 }, () => `*${old}`).join(', ')}]`);
  }
  const workflows = Array.from({ length: 8 }, (_, i) => {
    const uses = Array.from({ length: 40 }, (_each, k) => `{ id: n${k}, workflow: w${i + 1} }`);
    return `  w${i}: { nodes: [${uses.join(', ')}] }`;
  });
  const texts = [
    bomb.join('\n'),
    '- '.repeat(50_000),
    '? '.repeat(50_000),
    '['.repeat(100_000),
    '{a: '.repeat(50_000),
    '&a '.repeat(50_000),
    `a: "${'\\n'.repeat(200_000)}`,
    '\n'.repeat(1_000_000),
    '\n'.repeat(200_000),
    Array.from({ length: 5_000 }, (_, i) => `${' '.repeat(i % 900)}k${i}:`)
      .join('\n')
      .slice(0, 1_000_000),
    Array.from({ length: 900 }, (_, i) => `${' '.repeat(i)}k:`).join('\n'),
    `name: g\nnodes: [{ id: a, workflow: w0 }]\nworkflows:\n${workflows.join('\n')}\n  w8: { nodes: [{ id: z, agent: x }] }\n`,
  ];
  for (const text of texts) {
    const began = performance.now();
    expect(problemsOf(text).length).toBeGreaterThan(0);
    expect(performance.now() - began, text.slice(0, 40)).toBeLessThan(5_000);
  }
});

test.each<[string, number | undefined]>([
  ['30s', 30_000],
  ['1.5h', 5_400_000],
  ['1h 30m', 5_400_000],
  ['3d', 259_200_000],
  ['250ms', 250],
  ['0s', undefined],
  ['5', undefined],
  ['', undefined],
  ['-5s', undefined],
  ['5 weeks', undefined],
])('duration %j', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  ['name: a\nnodes:\n\t- id: x\n', '3:1: Tabs are not allowed as indentation; use spaces'],
  ['name: a\nname: b\n', '2:1: Map keys must be unique; remove the second one'],
  ['name: a\nnodes: [{ id: x, agent: echo }]\n---\nname: b\n', 'a second document begins here'],
  ['name: a\nnodes:\n  - id: x\n    message: what: now\n', 'put the text in quotes'],
  ['name: 12\n', 'graph: name: must be a text, not 12'],
  ['name: a\n', 'graph: nodes: is missing'],
  [
    'name: a\nnodes: [{ id: x, for: 1s, event: e }]\n',
    'it has for (in code: forMs) and event; give exactly one of',
  ],
])('%j is told with its place and what to write', (text, told) => {
  expect(problemsOf(text).join('\n')).toContain(told);
});
