// The subset of JSON Schema that workflows and approval forms may use (2020-12 words): enough for forms and typed data, nothing that runs code.
// `pattern` is left out on purpose: a regular expression from outside can block the process.

import { z } from 'zod';
import { schemaWords } from './schema-words.ts';

const SCHEMA_DEPTH = 8; // a form deeper than this is not a form

const jsonTypes = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'] as const;

const size = z.number().int().min(0).optional();

/** One level; `properties` and `items` are checked by the refinement below, level by level. */
const level = z.strictObject({
  type: z.enum(jsonTypes).optional(),
  title: z.string().max(200).optional(),
  description: z.string().max(2_000).optional(),
  default: z.json().optional(),
  enum: z.array(z.json()).min(1).max(200).optional(),
  const: z.json().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minLength: size,
  maxLength: size,
  minItems: size,
  maxItems: size,
  required: z.array(z.string().max(100)).max(200).optional(),
  properties: z.record(z.string().max(100), z.unknown()).optional(),
  items: z.unknown().optional(),
  additionalProperties: z.boolean().optional(),
});

export type JsonSchema = z.infer<typeof level>;

export const jsonSchema = z.custom<JsonSchema>().superRefine((value, context) => {
  checkLevel(value, { path: [], context });
});

interface Place {
  path: (string | number)[];
  context: z.RefinementCtx;
}

function checkLevel(value: unknown, { path, context }: Place): void {
  if (path.length > SCHEMA_DEPTH * 2) {
    context.addIssue({
      code: 'custom',
      path,
      message: `a schema has at most ${SCHEMA_DEPTH} levels`,
    });
    return;
  }
  const parsed = level.safeParse(value, { error: schemaWords });
  if (!parsed.success) {
    for (const issue of parsed.error.issues)
      context.addIssue({
        code: 'custom',
        path: [...path, ...(issue.path as (string | number)[])],
        message:
          issue.code === 'unrecognized_keys'
            ? `${issue.keys.join(', ')} is not supported in a schema here`
            : issue.message,
      });
    return;
  }
  for (const [name, inner] of Object.entries(parsed.data.properties ?? {}))
    checkLevel(inner, { path: [...path, 'properties', name], context });
  if (parsed.data.items !== undefined)
    checkLevel(parsed.data.items, { path: [...path, 'items'], context });
}
