import { describe, expect, test } from 'vitest';
import type { Graph, Json } from '../contract/index.ts';
import { evaluateExpression } from '../kernel/expressions.ts';
import { checkGraph } from './graph-check.ts';
import { strategyGraph } from './strategy-graph.ts';

const graphOf = (strategy: 'sequential' | 'parallel' | 'adaptive', agents: string[]): Graph =>
  checkGraph(strategyGraph({ task: 'do it', agents, strategy }));

test('sequential: a chain, each with the task and the result before it', () => {
  const { nodes, output } = graphOf('sequential', ['ada', 'bob-2', 'ada']);
  expect(nodes).toMatchObject([
    {
      id: 'ada',
      after: [],
      capabilities: ['agent:ada'],
      input: { task: 'do it' },
      inputs: { previous: 'null' },
    },
    { id: 'bob-2', after: ['ada'], inputs: { previous: 'from["ada"]' } },
    {
      id: 'ada-2',
      after: ['bob-2'],
      capabilities: ['agent:ada'],
      inputs: { previous: 'from["bob-2"]' },
    },
  ]);
  expect(output).toBe('ada-2');
});

test('parallel: all at once, failures go on, and one joins the results', () => {
  const { nodes, output } = graphOf('parallel', ['ada', 'results', 'ada']);
  expect(nodes.map(({ id, after }) => [id, after])).toEqual([
    ['ada', []],
    ['results-2', []],
    ['ada-2', []],
    ['results', ['ada', 'results-2', 'ada-2']],
  ]);
  expect(
    nodes.slice(0, 3).every((node) => 'onFailure' in node && node.onFailure === 'continue'),
  ).toBe(true);
  expect(nodes[3]).toMatchObject({ capabilities: ['agent:aggregate'] });
  expect(output).toBe('results');
});

describe('adaptive', () => {
  /** Does what the loop does, with agents as functions. */
  function play(agents: Readonly<Record<string, (input: Json) => Json>>): {
    turns: string[];
    inputs: Json[];
    result: Json;
  } {
    const { nodes } = graphOf('adaptive', Object.keys(agents));
    const [loop, result] = nodes;
    if (loop?.kind !== 'loop' || result?.kind !== 'agent') throw new Error('shape');
    const body = loop.body as unknown as Graph;
    const [choose] = body.nodes;
    if (choose?.kind !== 'decision') throw new Error('shape');
    const turns: string[] = [];
    const inputs: Json[] = [];
    let last: Json = null;
    for (let iteration = 1; iteration <= loop.max; iteration++) {
      const variables: Record<string, Json> = {
        input: { input: loop.input as Json, last, iteration },
        from: {},
        run: {},
      };
      const chosen: (typeof choose.choices)[number] | undefined = choose.choices.find(
        ({ when }) => evaluateExpression(when, variables) === true,
      );
      const id = chosen?.to[0] ?? '';
      const node = body.nodes.find((each) => each.id === id);
      if (node?.kind !== 'agent') throw new Error(`nobody: ${id}`);
      turns.push(id);
      const previous = evaluateExpression(node.inputs?.['previous'] ?? '', variables);
      inputs.push(previous);
      const made = agents[node.title ?? '']?.(previous) ?? null;
      last = Object.fromEntries(
        Object.keys(agents).map((name) => [name, name === id ? made : null]),
      );
      if (
        evaluateExpression(loop.until, { input: {}, from: {}, run: {}, last, iteration }) === true
      ) {
        const value = evaluateExpression(result.inputs?.['result'] ?? '', {
          input: {},
          from: { turns: last },
          run: {},
        });
        return { turns, inputs, result: value };
      }
    }
    throw new Error('bound');
  }

  test('the first begins, each names the next, and the last result is the output', () => {
    const count = (input: Json): number => Number((input as { n?: number } | null)?.n ?? 0) + 1;
    expect(
      play({
        'a-1': (input) => ({ n: count(input), next: count(input) > 2 ? 'c' : 'b' }),
        b: (input) => ({ n: count(input), next: 'a-1' }),
        c: (input) => ({ n: count(input) }),
      }),
    ).toEqual({
      turns: ['a-1', 'b', 'a-1', 'c'],
      inputs: [null, { n: 1, next: 'b' }, { n: 2, next: 'a-1' }, { n: 3, next: 'c' }],
      result: { n: 4 },
    });
  });

  test.each<[string, Json]>([
    ['text', 'done'],
    ['nothing', null],
    ['a list', ['next']],
    ['next null', { next: null }],
    ['an object', { x: 1 }],
  ])('a result that is %s ends it', (_what, result) => {
    expect(play({ a: () => result, b: () => null })).toMatchObject({ turns: ['a'], result });
  });

  test('naming nobody of them is an error that tells the name', () => {
    expect(() => play({ a: () => ({ next: 'zed' }), b: () => null })).toThrow(/zed/);
  });

  test('going in circles ends at the bound', () => {
    expect(() => play({ a: () => ({ next: 'b' }), b: () => ({ next: 'a' }) })).toThrow('bound');
    const [loop] = graphOf('adaptive', ['a', 'b']).nodes;
    expect(loop).toMatchObject({ max: 8 });
  });
});

test('an agent that comes twice, one alone, and as many as may be', () => {
  for (const strategy of ['sequential', 'parallel', 'adaptive'] as const) {
    const most = strategy === 'adaptive' ? 12 : 100;
    const many = Array.from({ length: most }, (_, i) => `${'x'.repeat(58)}-${i}`);
    for (const agents of [
      ['a'],
      ['a', 'a', 'a-2', 'turn', 'choose', 'x'.repeat(63), 'x'.repeat(63)],
      many,
    ])
      expect(graphOf(strategy, agents).nodes.length).toBeGreaterThan(0);
    expect(() => graphOf(strategy, [])).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
    expect(() => graphOf(strategy, [...many, 'z'])).toThrow(`1 to ${most}`);
  }
});
