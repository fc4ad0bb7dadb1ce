// Finding and reading hive.config.yaml. Owns: the search, the syntax and the places of its values. Does not own: what the values mean.
// I1: no folder inside an inspected path is ever looked into; links are resolved first, so a link cannot lead back in.
// I2: the file is data: no tag, anchor or merge of YAML runs anything, and its size is bounded.

import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type * as Yaml from 'yaml';

export const CONFIG_FILE_NAME = 'hive.config.yaml';
const MAX_FILE_BYTES = 256 * 1_024; // the whole table with comments is under 8 KiB

const require = createRequire(import.meta.url);
/** Loaded when there is a file to read: 25 ms that every other start is spared. */
const yaml = (): typeof Yaml => require('yaml') as typeof Yaml;

/** What the search needs of a disk; tests give their own. */
export interface ConfigFileSystem {
  /** The text, or null when there is no such file. Throws when it exists and cannot be read. */
  readText(file: string): string | null;
  /** The path with all links resolved; a path that does not exist comes back as it is. */
  realPath(file: string): string;
}

export interface FileValue {
  value: unknown;
  line: number;
}

export interface ConfigFile {
  file: string;
  /** Dotted key -> value, with the line it stands on. */
  values: ReadonlyMap<string, FileValue>;
  problems: readonly { line: number; message: string }[];
}

export const diskFileSystem: ConfigFileSystem = {
  readText: (file) => {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'ENOENT' || code === 'ENOTDIR') return null;
      throw error;
    }
  },
  realPath: (file) => {
    try {
      return realpathSync(file);
    } catch {
      return path.resolve(file);
    }
  },
};

export interface SearchOptions {
  fileSystem: ConfigFileSystem;
  /** Folder to start from, going upward. */
  from: string;
  /** A tree whose files must not be trusted: neither it nor anything in it is looked into. */
  inspectedPath: string | null;
}

/** The nearest hive.config.yaml upward, with its text; null when there is none. */
export function findConfigFile(options: SearchOptions): { file: string; text: string } | null {
  const { fileSystem, inspectedPath } = options;
  const forbidden = inspectedPath === null ? null : fileSystem.realPath(inspectedPath);
  let folder = fileSystem.realPath(options.from);
  for (;;) {
    const file = path.join(folder, CONFIG_FILE_NAME);
    // With links resolved: the file itself may be a link into the inspected tree.
    const isTrusted = forbidden === null || !isInside(fileSystem.realPath(file), forbidden);
    const text = isTrusted ? fileSystem.readText(file) : null;
    if (text !== null) return { file, text };
    const parent = path.dirname(folder);
    if (parent === folder) return null;
    folder = parent;
  }
}

function isInside(file: string, tree: string): boolean {
  const relative = path.relative(tree, file);
  return (
    relative === '' ||
    (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative))
  );
}

/** Reads the values of a file. Never throws: what is wrong stands in `problems`. */
export function parseConfigFile(file: string, text: string): ConfigFile {
  const values = new Map<string, FileValue>();
  const problems: { line: number; message: string }[] = [];
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    problems.push({ line: 1, message: `the file is over ${MAX_FILE_BYTES} bytes` });
    return { file, values, problems };
  }
  const { isMap, isScalar, LineCounter, parseDocument } = yaml();
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineOf = (offset: number | undefined): number =>
    offset === undefined ? 1 : lines.linePos(offset).line;
  for (const { message, pos } of [...document.errors, ...document.warnings]) {
    problems.push({ line: lineOf(pos[0]), message: `not valid YAML: ${message}` });
  }
  if (problems.length > 0) return { file, values, problems };
  const root: unknown = document.contents;
  if (isMap(root)) {
    collect({ map: root, prefix: '', values, lineOf });
  } else if (root !== null && !(isScalar(root) && root.value === null)) {
    problems.push({ line: 1, message: 'the file must hold keys with values' });
  }
  return { file, values, problems };
}

interface Collecting {
  map: Yaml.YAMLMap;
  prefix: string;
  values: Map<string, FileValue>;
  lineOf: (offset: number | undefined) => number;
}

function collect({ map, prefix, values, lineOf }: Collecting): void {
  const { isMap, isScalar, isSeq } = yaml();
  for (const { key, value } of map.items) {
    const name = isScalar(key) ? String(key.value) : '?';
    const line = lineOf(isScalar(key) ? key.range?.[0] : undefined);
    const dotted = `${prefix}${name}`;
    if (isMap(value)) collect({ map: value, prefix: `${dotted}.`, values, lineOf });
    else if (isScalar(value)) values.set(dotted, { value: value.value, line });
    else values.set(dotted, { value: isSeq(value) ? [] : {}, line });
  }
}
