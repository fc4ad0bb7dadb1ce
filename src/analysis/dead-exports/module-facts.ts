/** What one file tells about the module graph; small enough to keep for 5,000 files. */
import type { EcmaScriptModule } from 'oxc-parser';
import type { SourceFile } from '../analyser.ts';
import { readScript } from '../reading/parse-script.ts';
import { lineFinder } from '../reading/text-lines.ts';

/** `*` stands for every name. */
export type ModuleFacts = {
  readonly kind: 'module';
  readonly path: string;
  /** Own exports: [name, line]; those marked public or used inside the file are left out. */
  readonly exports: readonly (readonly [string, number])[];
  /** [specifier, names] of what the file takes from others. */
  readonly imports: readonly (readonly [string, readonly string[]])[];
  /** [specifier, exported name, name there]; [specifier, '*', '*'] for `export *`. */
  readonly reexports: readonly (readonly [string, string, string])[];
  /** Strings that could be paths of files started by name: workers, setup files, routes. */
  readonly mentions: readonly string[];
  /** Directories from which files are loaded by a computed name. */
  readonly globs: readonly string[];
  /** No statement with an effect at the top level was seen, so loading it alone would do nothing. */
  readonly inert: boolean;
};

const MAX_MENTIONS = 200;

/** Undefined when the file cannot be parsed: the caller then must not draw conclusions. */
export const moduleFacts = ({ path, text }: SourceFile): ModuleFacts | undefined => {
  const reading = readScript(path, text);
  if (reading.state === 'refused' || reading.result.errors.length > 0) return undefined;
  const { module } = reading.result;
  const lineAt = lineFinder(text);
  /** What an import or a re-export names is followed name by name, not taken whole. */
  const linked = new Set(module.staticImports.map(({ moduleRequest }) => moduleRequest.value));
  const own: [string, number][] = [];
  const reexports: [string, string, string][] = [];
  for (const { entries } of module.staticExports) {
    for (const entry of entries) {
      const exported =
        entry.exportName.name ?? (String(entry.exportName.kind) === 'Default' ? 'default' : '*');
      const source = entry.moduleRequest?.value;
      if (source !== undefined) {
        const all = String(entry.importName.kind).startsWith('All');
        linked.add(source);
        reexports.push([
          source,
          all ? exported : exported,
          all ? '*' : (entry.importName.name ?? 'default'),
        ]);
      } else if (
        !isUsedInside(text, entry.localName.name ?? exported, entry.start) &&
        !isPublic(text, entry.start)
      ) {
        own.push([exported, lineAt(entry.start)]);
      }
    }
  }
  return {
    kind: 'module',
    path,
    exports: own,
    imports: [...staticImports(module), ...looseImports(text)],
    reexports,
    mentions: mentionsOf(text).filter((each) => !linked.has(each)),
    globs: globsOf(text),
    inert: !hasTopLevelEffect(text),
  };
};

const staticImports = (module: EcmaScriptModule): [string, string[]][] =>
  module.staticImports.map(({ moduleRequest, entries }) => [
    moduleRequest.value,
    entries.map(({ importName }) => {
      const kind = String(importName.kind);
      if (kind === 'NamespaceObject') return '*';
      return kind === 'Default' ? 'default' : (importName.name ?? '*');
    }),
  ]);

/** `require`, `import()`, `jest.mock`, type queries: whatever names a module takes all of it. */
export const looseImports = (text: string): [string, string[]][] =>
  [
    ...text.matchAll(
      /\b(?:require(?:\.resolve)?|import|mock|unmock|importActual|requireActual|URL|Worker|lazy)\s{0,4}\(\s{0,40}(?:\/\*[^*]{0,200}\*\/\s{0,4})?["'`]([^"'`\n$]{1,300})["'`]/g,
    ),
  ].map((match) => [match[1] ?? '', ['*']]);

/** Counts the name as a word; declaration and export list account for the ones that are no use. */
const isUsedInside = (text: string, name: string, exportStart: number): boolean => {
  if (name === 'default' || name === '*') return false;
  let uses = 0;
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + name.length)) {
    if (isWordAt(text, at, name.length)) uses += 1;
  }
  const listed = text
    .slice(exportStart - 200 < 0 ? 0 : exportStart - 200, exportStart)
    .lastIndexOf('{');
  const inList =
    listed !== -1 &&
    /export\s*(?:type\s*)?\{[^}]*$/.test(text.slice(Math.max(0, exportStart - 200), exportStart));
  return uses > (inList ? 2 : 1);
};

const isWordAt = (text: string, at: number, length: number): boolean =>
  !/[\w$]/.test(text[at - 1] ?? ' ') && !/[\w$]/.test(text[at + length] ?? ' ');

const isPublic = (text: string, start: number): boolean =>
  /\*[^/]*@(?:public|api|lintignore|alias)\b[^/]*\*\/\s*(?:export[\s\w]*)?$/.test(
    text.slice(Math.max(0, start - 600), start),
  );

const mentionsOf = (text: string): string[] => {
  const found = new Set<string>();
  for (const match of text.matchAll(/["'`]([\w@./-]{2,200}\.(?:[cm]?[jt]sx?|vue|svelte))["'`]/g)) {
    found.add(match[1] ?? '');
    if (found.size >= MAX_MENTIONS) break;
  }
  return [...found];
};

const globsOf = (text: string): string[] => [
  ...[...text.matchAll(/\b(?:import|require)\s{0,4}\(\s{0,40}`(\.{1,2}\/[^`$\n]{0,200})\$\{/g)].map(
    (match) => match[1] ?? '',
  ),
  ...[
    ...text.matchAll(
      /\b(?:import|require)\s{0,4}\(\s{0,40}["'](\.{1,2}\/[^"'\n]{0,200}\/)["']\s*\+/g,
    ),
  ].map((match) => match[1] ?? ''),
  ...[
    ...text.matchAll(
      /\bimport\.meta\.glob(?:Eager)?(?:<[^>]{0,100}>)?\(\s{0,40}\[?\s{0,40}["'`]([^"'`*\n]{0,200})\*/g,
    ),
  ].map((match) => match[1] ?? ''),
  ...[...text.matchAll(/\brequire\.context\(\s{0,40}["'`]([^"'`\n]{1,200})["'`]/g)].map(
    (match) => `${match[1] ?? ''}/`,
  ),
];

/** A call, `await`, `if`, loop or assignment in column one runs when the file is loaded. */
const hasTopLevelEffect = (text: string): boolean =>
  text.startsWith('#!') ||
  /^(?:await |if ?\(|for ?\(|while ?\(|switch ?\(|try ?\{|void |new |\(|[A-Za-z_$][\w$.]{0,80}(?:<[^>\n]{0,80}>)?\(|[A-Za-z_$][\w$]{0,60}[.[][\w$.\]'"]{1,80}\s{0,4}=[^=>])/m.test(
    text,
  );
