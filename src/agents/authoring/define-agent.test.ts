import { describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { isHiveError } from '../../contract/index.ts';
import type { HiveError, Json } from '../../contract/index.ts';
import { defineAgent, isAgentDefinition } from './define-agent.ts';
import type { AgentSpecification } from './define-agent.ts';

const base = { name: 'greeter', type: 'demo', version: '1.0.0', capabilities: ['greeting'] };

const caught = (work: () => unknown): HiveError => {
  try {
    work();
  } catch (error) {
    if (isHiveError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('defineAgent', () => {
  test('fills in the defaults of the manifest', () => {
    const agent = defineAgent({ ...base, execute: () => null });
    expect(agent.manifest).toEqual({
      ...base,
      description: '',
      placement: 'thread',
      concurrency: 1,
      onCodeChange: 'stop',
    });
    expect(isAgentDefinition(agent)).toBe(true);
    expect(isAgentDefinition({ manifest: agent.manifest })).toBe(false);
  });

  test('types flow from the schemas', () => {
    const agent = defineAgent({
      ...base,
      input: z.object({ name: z.string(), loud: z.boolean().default(false) }),
      output: z.object({ text: z.string() }),
      execute: ({ input }) => {
        expectTypeOf(input).toEqualTypeOf<{ name: string; loud: boolean }>();
        return { text: input.loud ? input.name.toUpperCase() : input.name };
      },
    });
    expect(isAgentDefinition(agent)).toBe(true);
    defineAgent({
      ...base,
      execute: ({ input }) => {
        expectTypeOf(input).toEqualTypeOf<Json>();
        return null;
      },
    });
    // @ts-expect-error a result of another shape
    defineAgent({ ...base, output: z.object({ text: z.string() }), execute: () => ({ text: 1 }) });
    // @ts-expect-error returning nothing
    defineAgent({ ...base, execute: () => undefined });
  });

  test('AGENT_INVALID names every problem at once', () => {
    const bad = { ...base, name: 'No Spaces', capabilities: [], concurrency: 0, exectue: 1 };
    const error = caught(() => defineAgent(bad as unknown as AgentSpecification));
    expect(error.code).toBe('AGENT_INVALID');
    const problems = error.details?.['problems'] as string[];
    for (const field of ['name', 'capabilities', 'concurrency', 'execute', 'exectue']) {
      expect(problems.join('\n')).toContain(field);
    }
  });

  test('a schema must be a schema', () => {
    const bad = { ...base, input: { name: 'string' }, execute: () => null };
    expect(caught(() => defineAgent(bad as unknown as AgentSpecification)).message).toContain(
      'input: must be a schema',
    );
  });
});
