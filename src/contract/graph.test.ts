import { expect, test } from 'vitest';
import { capability, graph, graphLimits, graphNode, missingRooms, nodeId } from './graph.ts';
import { retryPresets } from './retry-policy.ts';

test('a small graph is accepted and its defaults are filled in', () => {
  const parsed = graph.parse({
    name: 'g',
    nodes: [
      { kind: 'agent', id: 'a', capabilities: ['coding'] },
      { kind: 'join', id: 'j', after: ['a'] },
    ],
  });
  expect(parsed).toMatchObject({
    version: '1',
    nodes: [
      {
        after: [],
        priority: 0,
        retry: 'default',
        timeoutMs: 600_000,
        onFailure: 'stop',
        input: null,
      },
      { mode: 'all' },
    ],
  });
});

test('node ids and capabilities: what is allowed and what is not', () => {
  for (const good of ['a', 'a-b_c9', 'x'.repeat(64)])
    expect(nodeId.safeParse(good).success, good).toBe(true);
  for (const bad of ['', 'A', '1a', 'a b', 'x'.repeat(65), 'a.b', 'ä'])
    expect(nodeId.safeParse(bad).success, bad).toBe(false);
  for (const good of ['coding', 'lang:ts', 'a.b-c_d', `agent:${'x'.repeat(63)}`])
    expect(capability.safeParse(good).success, good).toBe(true);
  for (const bad of ['', 'Coding', 'a b', 'a\u0000'])
    expect(capability.safeParse(bad).success, bad).toBe(false);
});

test('a graph without nodes, with an unknown kind or an unknown field is refused', () => {
  const node = { kind: 'agent', id: 'a', capabilities: ['x'] };
  for (const nodes of [
    [],
    [{ ...node, kind: 'magic' }],
    [{ ...node, extra: 1 }],
    [{ ...node, capabilities: [] }],
    [{ ...node, retry: 'never' }],
  ]) {
    expect(graph.safeParse({ name: 'g', nodes }).success).toBe(false);
  }
});

test('S1-125, S3-062: the presets keep the waits of the seeds', () => {
  expect(retryPresets['seeds-1-2']).toMatchObject({ maxAttempts: 3, waitsMs: [1_000, 2_000] });
  expect(retryPresets['seeds-2-4-8']).toMatchObject({
    maxAttempts: 4,
    waitsMs: [2_000, 4_000, 8_000],
  });
  for (const policy of Object.values(retryPresets))
    expect(policy.maxAttempts).toBeLessThanOrEqual(5);
});

const of = (kind: string, rest: Record<string, unknown>): unknown => ({ kind, id: 'a', ...rest });

test('the least that each kind needs, and its defaults', () => {
  const least: [unknown, Record<string, unknown>][] = [
    [of('agent', { capabilities: ['x'] }), { onFailure: 'stop', timeoutMs: 600_000 }],
    [of('map', { capabilities: ['x'] }), { items: 'items', input: null }],
    [of('join', { after: ['b'] }), { mode: 'all' }],
    [of('decision', { choices: [{ when: 'true', to: ['b'] }] }), { otherwise: [], after: [] }],
    [of('approval', { message: 'm' }), { onReject: 'fail', onExpire: 'fail' }],
    [of('wait', { event: 'e' }), { onTimeout: 'fail' }],
    [of('workflow', { graphFrom: 'input.g' }), { input: null }],
    [of('loop', { body: {}, until: 'true', max: 1 }), { input: null }],
    [of('compensate', { undoes: 'b', capabilities: ['x'] }), { after: [], retry: 'default' }],
    [of('command', { argv: ['ls'] }), { timeoutMs: 300_000 }],
    [of('gate', { level: 'L1' }), {}],
    [of('knowledge', { query: 'q' }), { limit: 10 }],
  ];
  expect(least.map(([node]) => graphNode.parse(node).kind)).toHaveLength(graphNode.options.length);
  for (const [node, defaults] of least) expect(graphNode.parse(node)).toMatchObject(defaults);
  expect(Object.keys(missingRooms)).toEqual(['command', 'gate', 'knowledge']);
});

test('what has a bound is refused beyond it', () => {
  const work = { capabilities: ['x'] };
  for (const bad of [
    of('agent', { ...work, timeoutMs: graphLimits.taskMs + 1 }),
    of('agent', { ...work, when: 'x'.repeat(graphLimits.expression + 1) }),
    of('agent', { ...work, when: '' }),
    of('agent', { ...work, output: { pattern: 'x' } }),
    of('agent', { ...work, input: Infinity }),
    of('map', { ...work, concurrency: 0 }),
    of('map', { ...work, when: 'true' }),
    of('join', { after: [] }),
    of('decision', { choices: [] }),
    of('decision', { choices: [{ when: 'true', to: [] }] }),
    of('wait', { forMs: graphLimits.waitMs + 1 }),
    of('wait', { forMs: 0.5 }),
    of('loop', { body: {}, until: 'true', max: graphLimits.loop + 1 }),
    of('loop', { body: {}, until: 'true' }),
    of('compensate', { ...work, undoes: 'b', after: ['b'] }),
    of('compensate', { ...work, undoes: 'b', onFailure: 'continue' }),
    of('approval', { message: '' }),
  ])
    expect(graphNode.safeParse(bad).success, JSON.stringify(bad).slice(0, 100)).toBe(false);
  const nodes = [of('agent', work)];
  for (const bad of [
    { concurrency: 0 },
    { timeoutMs: graphLimits.runMs + 1 },
    { output: 'A' },
    { input: 7 },
  ])
    expect(graph.safeParse({ name: 'g', nodes, ...bad }).success).toBe(false);
});
