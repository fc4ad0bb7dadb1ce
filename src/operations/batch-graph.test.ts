import { expect, test } from 'vitest';
import { graph, graphLimits } from '../contract/index.ts';
import { batchGraph } from './batch-graph.ts';
import type { BatchTask } from './batch-graph.ts';

const task = (fields: Partial<BatchTask>): BatchTask => ({
  capabilities: ['echo'],
  input: {},
  priority: 0,
  timeoutMs: 1_000,
  retry: 'default',
  ...fields,
});

test('ten thousand equal tasks are one node, and each agent gets exactly its line', () => {
  const tasks = Array.from({ length: 10_000 }, (_, n) => task({ input: { n, 'a b': 1 } }));
  const batch = batchGraph(tasks, 5);
  const { nodes } = graph.parse(batch.graph);
  expect(nodes).toMatchObject([
    {
      kind: 'map',
      items: 'tasks1',
      concurrency: 5,
      onFailure: 'continue',
      inputs: { n: 'item["n"]', 'a b': 'item["a b"]' },
    },
  ]);
  expect(batch.input['tasks1']).toHaveLength(10_000);
});

test('tasks that differ are nodes side by side, in the order of their first line, joined at the end', () => {
  const { graph: made, input } = batchGraph(
    [
      task({ input: { a: 1 } }),
      task({ capabilities: ['b', 'a'], input: { a: 2 } }),
      task({ input: { a: 3 } }),
      task({ capabilities: ['a', 'b'], input: { a: 4 } }),
      task({ input: { other: 5 } }),
    ],
    undefined,
  );
  const { nodes } = graph.parse(made);
  expect(nodes.map(({ kind }) => kind)).toEqual(['map', 'map', 'map', 'join']);
  expect(nodes.at(-1)).toMatchObject({ after: ['tasks1', 'tasks2', 'tasks3'] });
  expect(input).toEqual({
    tasks1: [{ a: 1 }, { a: 3 }],
    tasks2: [{ a: 2 }, { a: 4 }],
    tasks3: [{ other: 5 }],
  });
});

test('more kinds than a graph has nodes are refused, with what to do', () => {
  const tasks = Array.from({ length: graphLimits.nodes }, (_, n) =>
    task({ input: { [`f${n}`]: n } }),
  );
  expect(() => batchGraph(tasks, undefined)).toThrow('differ in capabilities');
});
