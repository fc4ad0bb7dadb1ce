import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { isHiveError } from '../../contract/index.ts';
import { defineWorkflow, isWorkflowDefinition } from './define-workflow.ts';
import type { WorkflowSpecification } from './define-workflow.ts';

const agent = { kind: 'agent' as const, id: 'a', capabilities: ['work'] };

function problemsOf(specified: unknown): string[] {
  try {
    defineWorkflow(specified as WorkflowSpecification);
  } catch (error) {
    if (isHiveError(error) && error.code === 'GRAPH_INVALID')
      return (error.details?.['problems'] as string[] | undefined) ?? [];
    throw error;
  }
  return [];
}

describe('a good workflow', () => {
  test('is marked, frozen through and through, and plain JSON with its defaults', () => {
    const input = { deep: { list: [1] } };
    const made = defineWorkflow({ name: 'w', nodes: [{ ...agent, input }] });
    expect(isWorkflowDefinition(made)).toBe(true);
    expect(isWorkflowDefinition({ graph: made.graph })).toBe(false);
    expect(made.graph).toMatchObject({ version: '1', nodes: [{ retry: 'default', after: [] }] });
    expect(JSON.parse(JSON.stringify(made.graph))).toEqual(made.graph);
    for (const part of [made, made.graph, made.graph.nodes, made.graph.nodes[0]])
      expect(Object.isFrozen(part)).toBe(true);
    expect(Object.isFrozen(input)).toBe(false);
  });

  test('schemas of zod become JSON Schema, of the input, of results and of forms', () => {
    const { graph } = defineWorkflow({
      name: 'w',
      input: z.object({ count: z.int().min(1), tags: z.array(z.string()).optional() }),
      nodes: [
        { ...agent, output: z.strictObject({ ok: z.boolean() }) },
        { kind: 'approval', id: 'ask', message: 'm', form: z.object({ why: z.enum(['x', 'y']) }) },
      ],
    });
    expect(graph.input).toMatchObject({
      type: 'object',
      properties: { count: { type: 'integer', minimum: 1 } },
      required: ['count'],
    });
    expect(graph.nodes).toMatchObject([
      { output: { properties: { ok: { type: 'boolean' } }, additionalProperties: false } },
      { form: { properties: { why: { enum: ['x', 'y'] } } } },
    ]);
  });

  test('other workflows stand in nodes, defined or written out', () => {
    const inner = defineWorkflow({ name: 'inner', nodes: [agent] });
    const { graph } = defineWorkflow({
      name: 'w',
      nodes: [
        { kind: 'workflow', id: 'one', graph: inner },
        {
          kind: 'loop',
          id: 'two',
          body: {
            name: 'b',
            input: z.object({}),
            nodes: [{ kind: 'workflow', id: 'x', graph: inner }],
          },
          until: 'true',
          max: 2,
        },
      ],
    });
    expect(graph.nodes).toMatchObject([
      { graph: { name: 'inner' } },
      { body: { input: { type: 'object' }, nodes: [{ graph: { nodes: [{ id: 'a' }] } }] } },
    ]);
  });
});

describe('a bad workflow', () => {
  test('every problem at once, with its node', () => {
    const problems = problemsOf({
      name: '',
      color: 1,
      nodes: [
        { ...agent, capabilities: [], timeout: 3 },
        { kind: 'magic', id: 'b' },
        { kind: 'agent', capabilities: ['x'] },
      ],
    });
    for (const part of [
      /^name: /,
      /^unknown "color"/,
      /^node "a": capabilities: /,
      /^node "a": unknown "timeout"/,
      /^node "b": kind/,
      /^node number 3: id: /,
    ])
      expect(problems).toContainEqual(expect.stringMatching(part));
  });

  test('schemas that cannot be checked from data', () => {
    const date = z.object({ at: z.date() });
    expect(problemsOf({ name: 'w', input: date, nodes: [agent] })).toEqual([
      expect.stringMatching(/^input: this schema cannot be written as JSON Schema/),
    ]);
    expect(problemsOf({ name: 'w', nodes: [{ ...agent, output: date }] })).toEqual([
      expect.stringMatching(/^node "a": output: this schema/),
    ]);
    expect(problemsOf({ name: 'w', input: z.string().regex(/x/), nodes: [agent] })).toEqual([
      expect.stringMatching(/pattern is not supported/),
    ]);
  });

  test('a workflow that contains itself', () => {
    const node: Record<string, unknown> = { kind: 'workflow', id: 'w' };
    const specified = { name: 'w', nodes: [node] };
    node['graph'] = specified;
    expect(problemsOf(specified).join()).toMatch(/contains itself/);
  });

  test.each([null, 7, [], 'x', {}, { nodes: [null] }])('%j is refused, not a fault', (value) => {
    expect(problemsOf(value).length).toBeGreaterThan(0);
  });
});
