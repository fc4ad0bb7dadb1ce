// The text of a workflow file as a document whose values know where they stand. Knows YAML (and so JSON), nothing of workflows.
//
// Y1 Text from outside cannot hold the process: size, nesting and the growth by aliases are bounded. Y2 No custom tags, no YAML 1.1: what stands
// in the file is what a reader sees. Y3 Problems carry their line and column.

import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';

export interface SourcePlace {
  /** From 1. */
  line: number;
  column: number;
}
export interface SourceProblem extends SourcePlace {
  what: string;
}
export type SourcePath = readonly (string | number)[];

export interface WorkflowSource {
  value: unknown;
  /** Where the value at a path stands; of a path that does not exist, the nearest value around it. */
  placeOf(path: SourcePath): SourcePlace;
}

export const MAX_WORKFLOW_CHARS = 1_048_576;
/** Above this a file was generated, and is to be JSON: the YAML parser needs up to seconds for 250 KB of the worst text. */
const MAX_YAML_CHARS = 262_144;
const MAX_NESTING = 100; // brackets inside brackets; nested graphs need some 40
const MAX_INDENT = 1_000; // columns: what a recursive parser takes without harm
const MAX_ALIASES = 100; // times that an anchor may be used, also through others

/** A large JSON text; its places are not known. */
function readLarge(text: string): WorkflowSource | { problems: SourceProblem[] } {
  const start = { line: 1, column: 1 };
  try {
    const value: unknown = JSON.parse(text);
    return { value, placeOf: () => start };
  } catch {
    const what = `it has ${text.length} characters; over ${MAX_YAML_CHARS} only JSON is read; split it, or write it as JSON`;
    return { problems: [{ ...start, what }] };
  }
}

/** Gives the source, or all that keeps it from being read. Does not throw. */
export function readSource(text: string): WorkflowSource | { problems: SourceProblem[] } {
  const tooDeep = deepPlace(text);
  if (tooDeep !== undefined)
    return { problems: [{ ...tooDeep, what: 'it is nested too deeply; flatten it' }] };
  if (text.length > MAX_YAML_CHARS) return readLarge(text);
  const lines = new LineCounter();
  const at = (offset: number): SourcePlace => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      logLevel: 'error' /* silent would drop a second document without a word */,
      prettyErrors: false,
      schema: 'core',
    });
    const problems = [...document.errors, ...document.warnings].map((each) => ({
      ...at(each.pos[0]),
      what: syntaxProblem(each.message),
    }));
    if (document.directives?.yaml.explicit === true)
      problems.push({ ...at(0), what: 'remove the %YAML line; this is always read as YAML 1.2' });
    if (problems.length === 0 && document.contents === null)
      problems.push({ ...at(0), what: 'the file is empty; write a workflow with name and nodes' });
    if (problems.length > 0) return { problems };
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return { value, placeOf: (path) => at(offsetOf(document, path)) };
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return { problems: [{ line: 1, column: 1, what: syntaxProblem(what) }] };
  }
}

/** By what the YAML library says: what to write instead. */
const fixes: readonly (readonly [string, string])[] = [
  ['Tabs are not allowed', '; use spaces'],
  ['Map keys must be unique', '; remove the second one, or give it another name'],
  ['Unresolved alias', '; write the value out, or give the anchor with & before it is used'],
  ['Nested mappings', '; put the text in quotes, or begin a new line with its fields indented'],
  ['Implicit keys need', '; put the text in quotes'],
  ['All mapping items must start at the same column', '; indent them alike'],
  [
    'A block sequence may not be used as an implicit map key',
    '; write the list on lines of its own',
  ],
];

function syntaxProblem(message: string): string {
  const [first = 'it is not YAML'] = message.split('\n');
  if (first.includes('Unresolved tag')) return `${first}; remove the tag`;
  if (first.includes('alias count'))
    return `anchors are used too often (over ${MAX_ALIASES} times); write the values out`;
  if (first.includes('multiple documents'))
    return 'a second document begins here; keep one workflow in a file, others under `workflows:`';
  if (first.includes('call stack')) return 'it is nested too deeply; flatten it';
  return `${first}${fixes.find(([sign]) => first.includes(sign))?.[1] ?? ''}`;
}

/** The first place at which nesting is over its bounds; brackets in texts count too, which no real file minds. */
function deepPlace(text: string): SourcePlace | undefined {
  let line = 1;
  let start = 0;
  let depth = 0;
  let indent = true;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\n') {
      line++;
      start = at + 1;
      indent = true;
      continue;
    }
    if (char === '[' || char === '{') depth++;
    else if (char === ']' || char === '}') depth = Math.max(0, depth - 1);
    if (indent && !' -?:\t'.includes(char)) indent = false; // "- - - x" nests without lines
    if (depth > MAX_NESTING || (indent && at - start > MAX_INDENT))
      return { line, column: at - start + 1 };
  }
  return undefined;
}

/** Offset of the item of a list, or of the key of a field. */
function offsetOf(document: Document, path: SourcePath): number {
  let node = resolved(document, document.contents);
  let offset = node?.range?.[0] ?? 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (each) => isScalar(each.key) && String(each.key.value) === String(key),
      );
      if (pair === undefined) return offset;
      offset = (pair.key as Node | null)?.range?.[0] ?? offset;
      node = resolved(document, pair.value as Node | null);
    } else if (isSeq(node)) {
      const item = node.items[Number(key)] as Node | null | undefined;
      if (item === undefined) return offset;
      offset = item?.range?.[0] ?? offset;
      node = resolved(document, item);
    } else return offset;
  }
  return offset;
}

function resolved(document: Document, node: Node | null): Node | null {
  return isAlias(node) ? (node.resolve(document) ?? null) : node;
}
