// The kinds of values that a setting can have. A kind takes text (environment, flag) or a YAML value, and says in words what it accepts,
// because the words are what an operator reads when the value is wrong.

import { z } from 'zod';
import { Secret } from './secret.ts';

export interface Kind<T> {
  schema: z.ZodType<T>;
  /** Completes "must be …". */
  accepts: string;
}

const MAX_TEXT = 4_096; // the longest path that Linux takes; a longer value is a mistake
const plainText = z
  .string()
  .min(1)
  .max(MAX_TEXT)
  .refine((text) => !/[\0\r\n]/.test(text));

/** A whole number in the unit that the setting's name or `unit` says. */
export function integer(min: number, max: number): Kind<number> {
  const range = z.number().int().min(min).max(max);
  const digits = z
    .string()
    .regex(/^-?\d{1,16}$/)
    .transform(Number);
  return {
    schema: z.union([z.number(), digits]).pipe(range),
    accepts: `a whole number from ${min} to ${max}`,
  };
}

/** A whole number, or `auto` for what the machine has. Resolves to null for auto. */
export function integerOrAuto(min: number, max: number): Kind<number | null> {
  const auto = z.literal('auto').transform(() => null);
  return {
    schema: z.union([auto, integer(min, max).schema]),
    accepts: `auto, or a whole number from ${min} to ${max}`,
  };
}

const factors: Readonly<Record<string, number>> = { KiB: 1_024, MiB: 1_024 ** 2, GiB: 1_024 ** 3 };

/** Bytes: a whole number, or one with KiB, MiB or GiB. */
export function bytes(min: number, max: number): Kind<number> {
  const sized = z
    .string()
    .regex(/^\d{1,16} ?(?:KiB|MiB|GiB)$/)
    .transform((text) => Number.parseInt(text, 10) * (factors[text.slice(-3)] ?? 1));
  const plain = integer(min, max).schema;
  return {
    schema: z.union([plain, sized.pipe(z.number().int().min(min).max(max))]),
    accepts: `bytes from ${sizeText(min)} to ${sizeText(max)}, as a number or with KiB, MiB or GiB`,
  };
}

function sizeText(count: number): string {
  const unit = ['GiB', 'MiB', 'KiB'].find((each) => count >= (factors[each] ?? 1));
  return unit === undefined ? String(count) : `${count / (factors[unit] ?? 1)}${unit}`;
}

/** One of the given words; capitals do not matter. */
export function choice<const T extends string>(words: readonly T[]): Kind<T> {
  const find = (text: string): T | undefined =>
    words.find((word) => word.toLowerCase() === text.toLowerCase());
  return {
    schema: z.string().transform((text, context) => {
      const word = find(text);
      if (word !== undefined) return word;
      context.addIssue({ code: 'custom', message: 'not one of the words' });
      return z.NEVER;
    }),
    accepts: `one of ${words.join(', ')}`,
  };
}

/** A short name that may stand in log lines, metrics and file names. */
export const label: Kind<string> = {
  schema: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
  accepts:
    'at most 63 letters, digits, dots, dashes or underscores, starting with a letter or digit',
};

/** A path; relative ones are resolved by the loader against the place where they were written. */
export const path: Kind<string> = {
  schema: plainText,
  accepts: 'a path without line breaks',
};

export function url(schemes: readonly string[]): Kind<string> {
  return {
    schema: plainText.refine((text) => isUrl(text, schemes)),
    accepts: `a URL that starts with ${schemes.map((each) => `${each}://`).join(' or ')}`,
  };
}

/** A URL that carries a password, so the whole of it is a secret. */
export function secretUrl(schemes: readonly string[]): Kind<Secret> {
  const plain = url(schemes);
  return { schema: plain.schema.transform((text) => new Secret(text)), accepts: plain.accepts };
}

export function secretText(minLength: number): Kind<Secret> {
  return {
    schema: plainText.min(minLength).transform((text) => new Secret(text)),
    accepts: `at least ${minLength} characters on one line`,
  };
}

function isUrl(text: string, schemes: readonly string[]): boolean {
  const parsed = URL.parse(text);
  return parsed !== null && schemes.some((scheme) => parsed.protocol === `${scheme}:`);
}
