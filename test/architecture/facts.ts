import { parseSync, Visitor } from 'oxc-parser';
import type { CallExpression, Program } from 'oxc-parser';
import { collectUses } from './uses.ts';

export type SourceFile = { readonly path: string; readonly source: string };

export type ImportFact = {
  readonly specifier: string;
  readonly line: number;
  /** `dynamic` is import(): it obeys the arrows but closes no load-time cycle. */
  readonly kind: 'value' | 'type' | 'dynamic';
};

/** What the rules need to know about one file; nothing else of its text. */
export type FileFacts = {
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly ImportFact[];
  readonly uses: readonly { readonly name: string; readonly line: number }[];
  readonly exportStars: readonly number[];
  /** Lines of top-level statements that are not `export { a } from`. */
  readonly logic: readonly number[];
  readonly suppressions: readonly { readonly line: number; readonly hasReason: boolean }[];
  readonly problems: readonly string[];
};

const SUPPRESSION = /(?:oxlint|eslint)-disable|@ts-(?:ignore|expect-error|nocheck)/;
const REASON = /(?:-- |@ts-expect-error:? )\S+/;

/** Parses one file and collects its facts; a file that does not parse says so in `problems`. */
export function collectFacts(file: SourceFile): FileFacts {
  const { program, comments, errors } = parseSync(file.path, file.source);
  const lineOf = lineFinder(file.source);
  return {
    path: file.path,
    lines: file.source.split('\n').length - (file.source.endsWith('\n') ? 1 : 0),
    imports: collectImports(program, lineOf),
    uses: collectUses(program).map(({ name, offset }) => ({ name, line: lineOf(offset) })),
    exportStars: program.body
      .filter((node) => node.type === 'ExportAllDeclaration')
      .map((node) => lineOf(node.start)),
    logic: program.body
      .filter((node) => node.type !== 'ExportAllDeclaration')
      .filter((node) => node.type !== 'ExportNamedDeclaration' || node.source === null)
      .map((node) => lineOf(node.start)),
    suppressions: comments
      .filter((comment) => SUPPRESSION.test(comment.value))
      .map((comment) => ({ line: lineOf(comment.start), hasReason: REASON.test(comment.value) })),
    problems: errors.map((error) => error.message),
  };
}

function collectImports(program: Program, lineOf: (offset: number) => number): ImportFact[] {
  const imports: ImportFact[] = [];
  const link = (specifier: string, offset: number, kind: ImportFact['kind']): void => {
    imports.push({ specifier, line: lineOf(offset), kind });
  };
  new Visitor({
    ImportDeclaration(node) {
      link(node.source.value, node.start, node.importKind === 'type' ? 'type' : 'value');
    },
    ExportNamedDeclaration(node) {
      const kind = node.exportKind === 'type' ? 'type' : 'value';
      if (node.source) link(node.source.value, node.start, kind);
    },
    ExportAllDeclaration(node) {
      link(node.source.value, node.start, node.exportKind === 'type' ? 'type' : 'value');
    },
    ImportExpression(node) {
      const { source } = node;
      const isText = source.type === 'Literal' && typeof source.value === 'string';
      if (isText) link(String(source.value), node.start, 'dynamic');
    },
    CallExpression(node) {
      const specifier = loaderArgument(node);
      if (specifier !== undefined) link(specifier, node.start, 'dynamic');
    },
    TSImportType(node) {
      link(node.source.value, node.start, 'type');
    },
  }).visit(program);
  return imports;
}

/** The module that `require('m')` or `process.getBuiltinModule('m')` loads. */
function loaderArgument({ callee, arguments: [first] }: CallExpression): string | undefined {
  const isLoader =
    (callee.type === 'Identifier' && callee.name === 'require') ||
    (callee.type === 'MemberExpression' &&
      !callee.computed &&
      callee.property.name === 'getBuiltinModule');
  if (!isLoader || first?.type !== 'Literal') return undefined;
  return typeof first.value === 'string' ? first.value : undefined;
}

/** Line numbers from 1 by bisection over the starts of the lines. */
function lineFinder(source: string): (offset: number) => number {
  const starts = [0];
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1))
    starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
