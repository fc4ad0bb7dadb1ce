/** YAML from strangers: bounded aliases, no custom tags, nothing throws, values with their lines. */
import { LineCounter, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document, Node, Pair } from 'yaml';

export type YamlReading =
  | { readonly ok: true; readonly root: YamlNode }
  | { readonly ok: false; readonly message: string; readonly line: number };

/** A value and where it starts; members only exist on maps and lists. */
export type YamlNode = {
  readonly line: number;
  readonly text: string | undefined;
  readonly members: ReadonlyMap<string, YamlNode>;
  readonly items: readonly YamlNode[];
};

/** A workflow above this is generated; the time of the parser grows with the square of some texts. */
const MAX_YAML_CHARS = 65_536;
const MAX_DEPTH = 24;
/** Deep flow collections overflow a recursive parser; written files stay below ten. */
const MAX_FLOW_DEPTH = 64;

export const readYaml = (text: string): YamlReading => {
  if (text.length > MAX_YAML_CHARS || isTooDeep(text)) {
    return { ok: false, message: 'too large or too deeply nested to read', line: 1 };
  }
  const lineCounter = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter,
      logLevel: 'silent',
      strict: false,
      uniqueKeys: false,
    });
    const [error] = document.errors;
    if (error !== undefined) {
      const message = error.message.split('\n')[0] ?? 'invalid YAML';
      return { ok: false, message, line: error.linePos?.[0].line ?? 1 };
    }
    const reader: Reader = { document, lineCounter, budget: MAX_NODES };
    return { ok: true, root: convert(document.contents, reader, 0) };
  } catch (cause) {
    return { ok: false, message: cause instanceof Error ? cause.message : 'invalid YAML', line: 1 };
  }
};

/** Aliases can name a node many times; the tree that we build from them is cut here. */
const MAX_NODES = 20_000;
type Reader = { document: Document; lineCounter: LineCounter; budget: number };
const NOTHING: YamlNode = { line: 1, text: undefined, members: new Map(), items: [] };

const convert = (value: unknown, reader: Reader, depth: number): YamlNode => {
  reader.budget -= 1;
  if (reader.budget < 0 || depth > MAX_DEPTH) return NOTHING;
  const node = resolved(value as Node | null, reader);
  const line = lineOf(node, reader) ?? 1;
  if (isMap(node)) {
    const members = node.items.map((pair: Pair) => {
      const key = pair.key as Node | null;
      const name = isScalar(key) ? String(key.value) : '';
      const keyLine = lineOf(key, reader) ?? line;
      return [name, { ...convert(pair.value, reader, depth + 1), line: keyLine }] as const;
    });
    return { ...NOTHING, line, members: new Map(members) };
  }
  if (isSeq(node)) {
    return { ...NOTHING, line, items: node.items.map((item) => convert(item, reader, depth + 1)) };
  }
  if (!isScalar(node)) return { ...NOTHING, line };
  const { value: scalar } = node;
  const isPlain =
    typeof scalar === 'string' || typeof scalar === 'number' || typeof scalar === 'boolean';
  return isPlain ? { ...NOTHING, line, text: String(scalar) } : { ...NOTHING, line };
};

const lineOf = (node: Node | null | undefined, { lineCounter }: Reader): number | undefined => {
  const start = node?.range?.[0];
  return start === undefined ? undefined : lineCounter.linePos(start).line;
};

const resolved = (node: Node | null, { document }: Reader): Node | undefined => {
  if (node !== null && 'source' in node && !isScalar(node) && 'resolve' in node) {
    return node.resolve(document);
  }
  return node ?? undefined;
};

const isTooDeep = (text: string): boolean => {
  let depth = 0;
  let deepest = 0;
  for (const char of text) {
    if (char === '[' || char === '{') depth += 1;
    else if (char === ']' || char === '}') depth = Math.max(0, depth - 1);
    if (depth > deepest) deepest = depth;
  }
  if (deepest > MAX_FLOW_DEPTH) return true;
  return text
    .split('\n')
    .some(
      (line) =>
        /^(?:\s*[-?:] ){64}/.test(line.slice(0, 400)) ||
        /^\s{400}/.test(line) ||
        /^[\s\-?:]{300}/.test(line),
    );
};
