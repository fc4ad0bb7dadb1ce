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

/** One pass: strings are kept, comments become a blank, a comma waits until something follows it. */
const withoutComments = (text: string): string => {
  const parts: string[] = [];
  let comma = '';
  let at = 0;
  while (at < text.length) {
    const end = tokenEnd(text, at);
    const token = text.slice(at, end);
    at = end;
    if (token.startsWith('/') || token.trim() === '') parts.push(' ');
    else if (token === ',') comma += ',';
    else {
      if (token !== '}' && token !== ']') parts.push(comma);
      comma = '';
      parts.push(token);
    }
  }
  return parts.join('');
};

const PLAIN = /[^"/,}\]\s]+|\s+/y;

/** Where the string, comment, sign or run of other characters at this place ends. */
const tokenEnd = (text: string, at: number): number => {
  if (text.startsWith('//', at)) return indexOrEnd(text, '\n', at);
  if (text.startsWith('/*', at)) return Math.min(text.length, indexOrEnd(text, '*/', at + 2) + 2);
  if (text[at] === '"') return stringEnd(text, at);
  PLAIN.lastIndex = at;
  return at + (PLAIN.exec(text)?.[0].length ?? 1);
};

const indexOrEnd = (text: string, part: string, from: number): number => {
  const found = text.indexOf(part, from);
  return found === -1 ? text.length : found;
};

const stringEnd = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
};
