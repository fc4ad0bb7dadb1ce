/**
 * The little TOML that manifests and lock files need: tables, `key = value` with strings, inline tables
 * and arrays as raw text. Not a TOML parser: what it does not understand it leaves as raw text.
 */
export type TomlEntry = {
  /** Dotted name of the table, `[[x]]` counted as `x`. */
  readonly table: string;
  /** Rises with every table header, so that entries of one `[[package]]` belong together. */
  readonly block: number;
  readonly key: string;
  /** The raw right-hand side, arrays joined over lines. */
  readonly raw: string;
  readonly line: number;
};

/** An array over more lines than this is data, not a dependency list. */
const MAX_ARRAY_LINES = 2_000;

export const readToml = (lines: readonly string[]): TomlEntry[] => {
  const entries: TomlEntry[] = [];
  let table = '';
  let block = 0;
  for (let index = 0; index < lines.length; index += 1) {
    const line = (lines[index] ?? '').trim();
    if (line === '' || line.startsWith('#')) continue;
    const header = /^\[{1,2}\s*([^\]]+?)\s*\]{1,2}\s*(?:#.*)?$/.exec(line);
    if (header !== null) {
      table = (header[1] ?? '').replaceAll(/["']/g, '');
      block += 1;
      continue;
    }
    const equals = line.indexOf('=');
    if (equals <= 0) continue;
    const key = line
      .slice(0, equals)
      .trim()
      .replaceAll(/^["']|["']$/g, '');
    const start = index;
    let raw = line.slice(equals + 1).trim();
    if (raw.startsWith('[')) {
      const parts = [raw];
      while (!closesArray(parts.at(-1) ?? '', parts) && index + 1 < lines.length) {
        if (index - start > MAX_ARRAY_LINES) break;
        index += 1;
        parts.push((lines[index] ?? '').trim());
      }
      raw = parts.join('\n');
    }
    entries.push({ table, block, key, raw, line: start + 1 });
  }
  return entries;
};

/** Balanced once a line ends with `]`: enough for lists of strings and inline tables. */
const closesArray = (lastLine: string, parts: readonly string[]): boolean => {
  const bare = lastLine.replace(/\s+#[^"']*$/, '').trimEnd();
  if (bare.endsWith(']')) return true;
  return parts.length === 1 && /\]\s*(?:#.*)?$/.test(bare);
};

/** The first quoted string of a raw value, or undefined. */
export const tomlString = (raw: string): string | undefined =>
  /^\s*(?:"([^"]*)"|'([^']*)')/
    .exec(raw)
    ?.slice(1)
    .find((part) => part !== undefined);

/** Every quoted string of a raw array, with its line offset. */
export const tomlStrings = (raw: string): { value: string; lineOffset: number }[] =>
  raw.split('\n').flatMap((part, lineOffset) =>
    [...part.replace(/^\s*#.*$/, '').matchAll(/"([^"]*)"|'([^']*)'/g)].map((match) => ({
      value: match[1] ?? match[2] ?? '',
      lineOffset,
    })),
  );

/** A string member of an inline table, e.g. `git` of `{ git = "…", branch = "x" }`. */
export const tomlMember = (raw: string, name: string): string | undefined => {
  for (const match of raw.matchAll(/([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
    if (match[1] === name) return match[2] ?? match[3];
  }
  return undefined;
};
