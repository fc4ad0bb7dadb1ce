import { expect, test } from 'vitest';
import { z } from 'zod';
import { schemaWords } from './schema-words.ts';

const schema = z.strictObject({
  name: z.string().min(1).max(3),
  words: z.number().int().min(1).max(9),
  after: z.array(z.string()).min(1),
  inputs: z.record(z.string(), z.string()).optional(),
  mode: z.enum(['all', 'any']),
  id: z.string().regex(/^a/, { error: 'an id begins with a' }).optional(),
});

const good = { name: 'a', words: 1, after: ['x'], mode: 'all' };

test.each([
  [{ ...good, name: undefined }, 'name: is missing'],
  [{ ...good, name: 7 }, 'name: must be a text, not 7'],
  [{ ...good, name: '' }, 'name: must have at least 1 character'],
  [{ ...good, name: 'long' }, 'name: must have at most 3 characters'],
  [{ ...good, words: '1' }, 'words: must be a number, not "1"'],
  [{ ...good, words: 1n }, 'words: must be a number, not a bigint'],
  [{ ...good, words: NaN }, 'words: must be a number, not NaN'],
  [{ ...good, inputs: Symbol('x') }, 'inputs: must be an object, not a symbol'],
  [{ ...good, words: 1.5 }, 'words: must be a whole number, not 1.5'],
  [{ ...good, words: 0 }, 'words: must be at least 1'],
  [{ ...good, words: 10 }, 'words: must be at most 9'],
  [{ ...good, after: 'x' }, 'after: must be a list, not "x"'],
  [{ ...good, after: [] }, 'after: must have at least 1 item'],
  [{ ...good, inputs: 5 }, 'inputs: must be an object, not 5'],
  [{ ...good, mode: 'none' }, 'mode: must be one of "all", "any"'],
  [{ ...good, mode: undefined }, 'mode: is missing; it is one of "all", "any"'],
  [{ ...good, mod: 1 }, ': unknown "mod"; remove it or correct its name'],
  [{ ...good, id: 'b' }, 'id: an id begins with a'],
])('%# %s', (value, told) => {
  const { error } = schema.safeParse(value, { error: schemaWords });
  expect(error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual([told]);
});
