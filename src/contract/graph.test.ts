import { expect, test } from 'vitest';
import { capability, graph, nodeId } from './graph.ts';
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
  for (const good of ['coding', 'lang:ts', 'a.b-c_d'])
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
