import { describe, expect, test } from 'vitest';
import type { Json } from './json.ts';
import { jsonSchema } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';
import { schemaMismatches } from './schema-mismatches.ts';

const problemsOf = (schema: unknown): string[] => {
  const parsed = jsonSchema.safeParse(schema);
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};
const form: JsonSchema = {
  type: 'object',
  properties: {
    why: { type: 'string', minLength: 3 },
    count: { type: 'integer', minimum: 1, maximum: 9 },
    tags: { type: 'array', items: { enum: ['x', 'y'] }, maxItems: 2 },
  },
  required: ['why'],
  additionalProperties: false,
};

describe('which schemas are accepted', () => {
  test('a form, an empty schema, one of constants', () => {
    for (const good of [form, {}, { const: { a: 1 } }, { enum: [1, null, 'x'] }, { type: 'null' }])
      expect(problemsOf(good), JSON.stringify(good)).toEqual([]);
  });

  test.each<[string, unknown, RegExp]>([
    ['a regular expression', { type: 'string', pattern: '(a+)+$' }, /^: pattern is not supported/],
    ['a reference', { $ref: '#/x' }, /\$ref is not supported/],
    ['a choice of schemas', { anyOf: [{}] }, /anyOf is not supported/],
    ['a type that is none', { type: 'text' }, /^type: /],
    ['a negative size', { minLength: -1 }, /^minLength: /],
    [
      'a bad inner level',
      { properties: { a: { format: 'x' } } },
      /^properties.a: format is not supported/,
    ],
    ['a bad list', { items: { properties: { b: { type: 7 } } } }, /^items.properties.b.type: /],
    ['a list of schemas', { items: [{}] }, /^items: /],
    ['no object', 'string', /^: /],
    ['null', null, /^: /],
    ['a schema that is true', { properties: { a: true } }, /^properties.a: /],
  ])('%s is refused by its place', (_what, schema, message) => {
    expect(problemsOf(schema).join('\n')).toMatch(message);
  });

  test('every problem at once', () => {
    expect(
      problemsOf({ $ref: 'x', type: 'y' }).length +
        problemsOf({ properties: { a: { pattern: 'x' }, b: { pattern: 'x' } } }).length,
    ).toBe(4);
  });

  test('depth is bounded, so that no schema overflows a stack', () => {
    const nested = (levels: number): unknown =>
      levels === 0 ? {} : { properties: { a: nested(levels - 1) } };
    expect(problemsOf(nested(8))).toEqual([]);
    expect(problemsOf(nested(9)).join()).toMatch(/at most 8 levels/);
    expect(problemsOf(nested(2_000)).join()).toMatch(/at most 8 levels/);
  });
});

describe('values against a schema', () => {
  test.each<[Json, RegExp[]]>([
    [{ why: 'because' }, []],
    [{ why: 'because', count: 9, tags: ['x', 'y'] }, []],
    [{}, [/^why: /]],
    [{ why: 'no' }, [/^why: /]],
    [{ why: 'because', count: 1.5 }, [/^count: /]],
    [{ why: 'because', count: 0, tags: ['z', 'x', 'x'] }, [/^count: /, /^tags(?:\.0)?: /]],
    [{ why: 'because', other: 1 }, [/other/]],
    ['text', [/^the value must be an object, not "text"/]],
    [null, [/./]],
    [{ why: 'because', ['__proto__']: 1 }, [/./]],
  ])('%j', (value, wanted) => {
    const problems = schemaMismatches(form, value);
    for (const each of wanted) expect(problems).toContainEqual(expect.stringMatching(each));
    if (wanted.length === 0) expect(problems).toEqual([]);
    else expect(problems.length).toBeGreaterThan(0);
  });

  test.each<[JsonSchema, Json, boolean]>([
    [{ properties: { a: { type: 'string' } } }, { a: 1 }, false],
    [{ properties: { a: { type: 'string' } } }, 'no object', true],
    [{ required: ['z'] }, {}, false],
    [{ required: ['toString'] }, {}, false],
    [{ items: { type: 'string' } }, [1], false],
    [{ minItems: 1 }, [], false],
    [{ maxItems: 1 }, [1, 2], false],
    [{ minLength: 2 }, '😀', false],
    [{ maxLength: 1 }, '😀', true],
    [{ minLength: 2 }, 7, true],
    [{ minimum: 3 }, 1, false],
    [{ minimum: 3 }, 3, true],
    [{ type: 'integer' }, 1.0, true],
    [{ type: 'number' }, '1', false],
    [{ type: 'object' }, [], false],
    [{ type: 'array' }, {}, false],
    [{ const: { a: [1, { b: null }] } }, { a: [1, { b: null }] }, true],
    [{ const: { a: 1, b: 2 } }, { b: 2, a: 1 }, true],
    [{ const: { a: 1 } }, { a: 1, b: 2 }, false],
    [{ const: [1] }, { 0: 1 }, false],
    [{ const: null }, null, true],
    [{ const: null }, 0, false],
    [{ enum: [[1], 'x'] }, [1], true],
    [{ enum: [1] }, '1', false],
    [{ type: 'string', enum: ['a'], minLength: 3 }, 'a', false],
    [{ additionalProperties: false }, { a: 1 }, false],
    [{ additionalProperties: true }, { a: 1 }, true],
  ])('%j with %j: %s', (schema, value, fits) => {
    expect(schemaMismatches(schema, value).length === 0).toBe(fits);
  });

  test('an empty schema takes anything; and it is quick', () => {
    const any: JsonSchema = {};
    for (const value of [null, 1, 'x', [], { a: [1] }])
      expect(schemaMismatches(any, value)).toEqual([]);
    const began = performance.now();
    for (let i = 0; i < 2_000; i++) schemaMismatches(form, { why: 'because' });
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test('a long list of problems is cut', () => {
    const list: JsonSchema = { type: 'array', items: { type: 'number' } };
    expect(
      schemaMismatches(
        list,
        Array.from({ length: 100 }, () => 'x'),
      ),
    ).toHaveLength(20);
  });
});
