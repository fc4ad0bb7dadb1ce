// Whether a value fits a schema of the subset in json-schema.ts. By the words of JSON Schema 2020-12: a word says something about values of its type
// only, so `minLength` alone lets numbers pass, and `required` does not need `properties`. (The schema library reads some of these words only beside others.)

import type { Json } from './json.ts';
import type { JsonSchema } from './json-schema.ts';

const MAX_PROBLEMS = 20; // a screen of them is enough to start with

/** What is wrong with a value, one line per problem (`path: message`); empty when it fits. The schema came through `jsonSchema`. */
export function schemaMismatches(schema: JsonSchema, value: Json): string[] {
  const problems: string[] = [];
  visit(schema, value, { path: '', problems });
  return problems;
}

interface Place {
  path: string;
  problems: string[];
}

function visit(schema: JsonSchema, value: Json, place: Place): void {
  if (place.problems.length >= MAX_PROBLEMS) return;
  const { type } = schema;
  if (type !== undefined && !isOfType(type, value))
    return add(place, `must be ${typeWords[type]}, not ${describe(value)}`);
  if (schema.enum !== undefined && !schema.enum.some((each) => isSame(each, value)))
    add(
      place,
      `must be one of ${schema.enum
        .map((each) => JSON.stringify(each))
        .join(', ')
        .slice(0, 300)}`,
    );
  if (schema.const !== undefined && !isSame(schema.const, value))
    add(place, `must be ${JSON.stringify(schema.const).slice(0, 300)}`);
  if (typeof value === 'number') {
    bound(place, { value, min: schema.minimum, max: schema.maximum, what: '' });
  } else if (typeof value === 'string') {
    if (schema.minLength !== undefined || schema.maxLength !== undefined) {
      const length = value.match(/[^]/gu)?.length ?? 0; // characters, not UTF-16 units
      bound(place, {
        value: length,
        min: schema.minLength,
        max: schema.maxLength,
        what: 'characters',
      });
    }
  } else if (Array.isArray(value)) visitList(schema, value as readonly Json[], place);
  else if (typeof value === 'object' && value !== null)
    visitObject(schema, value as { readonly [key: string]: Json }, place);
}

function visitList(schema: JsonSchema, value: readonly Json[], place: Place): void {
  bound(place, { value: value.length, min: schema.minItems, max: schema.maxItems, what: 'items' });
  if (schema.items === undefined) return;
  for (const [at, each] of value.entries())
    visit(schema.items as JsonSchema, each, inside(place, String(at)));
}

function visitObject(
  schema: JsonSchema,
  value: { readonly [key: string]: Json },
  place: Place,
): void {
  const { properties = {} } = schema;
  for (const name of schema.required ?? [])
    if (!Object.hasOwn(value, name)) add(inside(place, name), 'is missing');
  for (const [name, each] of Object.entries(value)) {
    if (Object.hasOwn(properties, name))
      visit(properties[name] as JsonSchema, each, inside(place, name));
    else if (schema.additionalProperties === false)
      add(inside(place, name), 'is unknown; remove it or correct its name');
  }
}

function bound(
  place: Place,
  of: { value: number; min: number | undefined; max: number | undefined; what: string },
): void {
  const { value, min, max, what } = of;
  const has = what === '' ? 'must be' : 'must have';
  const end = what === '' ? '' : ` ${what}`;
  if (min !== undefined && value < min) add(place, `${has} at least ${min}${end}`);
  if (max !== undefined && value > max) add(place, `${has} at most ${max}${end}`);
}

function inside(place: Place, key: string): Place {
  return { ...place, path: place.path === '' ? key : `${place.path}.${key}` };
}

function add({ path, problems }: Place, what: string): void {
  if (problems.length >= MAX_PROBLEMS) return;
  problems.push(path === '' ? `the value ${what}` : `${path}: ${what}`);
}

type TypeName = NonNullable<JsonSchema['type']>;
export const typeWords: Readonly<Record<TypeName, string>> = {
  object: 'an object',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  null: 'null',
};

function isOfType(type: TypeName, value: Json): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object')
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

/** As much of a value as helps to find it. */
export function describe(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return JSON.stringify(value).slice(0, 50);
}

/** Whether two JSON values are the same, whatever the order of their fields. */
function isSame(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const one = a as { readonly [key: string]: Json };
  const two = b as { readonly [key: string]: Json };
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(two).length &&
    keys.every((key) => Object.hasOwn(two, key) && isSame(one[key] ?? null, two[key] ?? null))
  );
}
