/**
 * JSON from strangers: comments and trailing commas are forgiven, nothing throws, and values are read
 * through accessors that only see own properties, so `__proto__` and `constructor` are plain names.
 */
export type JsonRecord = { readonly [key: string]: unknown };

export type JsonReading = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

/** Strict JSON first; then without comments and trailing commas when `comments` is set. */
export const readJson = (text: string, options: { comments: boolean }): JsonReading => {
  const plain = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const strict = tryParse(plain);
  if (strict.ok || !options.comments) return strict;
  return tryParse(withoutComments(plain));
};

export const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An own property, or undefined. */
export const field = (value: unknown, key: string): unknown =>
  isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;

export const textField = (value: unknown, key: string): string | undefined => {
  const found = field(value, key);
  return typeof found === 'string' ? found : undefined;
};

export const recordField = (value: unknown, key: string): JsonRecord => {
  const found = field(value, key);
  return isRecord(found) ? found : {};
};

export const listField = (value: unknown, key: string): readonly unknown[] => {
  const found = field(value, key);
  return Array.isArray(found) ? found : [];
};

/** The 1-based line of the first `"key"`; 1 when it is not there in this spelling. */
export const lineOfKey = (text: string, key: string, from = 0): number => {
  const at = text.indexOf(`"${key}"`, Math.max(0, from));
  return at === -1 ? 1 : lineOfOffset(text, at);
};

export const lineOfOffset = (text: string, offset: number): number => {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1;
  }
  return line;
};

const tryParse = (text: string): JsonReading => {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false };
  }
};

/** One pass over the characters; strings are kept as they are. */
const withoutComments = (text: string): string => {
  const parts: string[] = [];
  const token =
    /"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/|,(?=\s{0,500}[}\]])/g;
  let last = 0;
  for (const match of text.matchAll(token)) {
    parts.push(text.slice(last, match.index));
    const [found] = match;
    if (found.startsWith('"')) parts.push(found);
    else if (found !== ',') parts.push(' ');
    last = match.index + found.length;
  }
  parts.push(text.slice(last));
  return dropTrailingCommas(parts.join(''));
};

const dropTrailingCommas = (text: string): string =>
  text.replace(
    /("(?:[^"\\]|\\.)*")|,(?=\s{0,500}[}\]])/g,
    (_all, quoted: string | undefined) => quoted ?? '',
  );
