/**
 * Exports that nothing in the repository uses. Needs the whole graph, so shards only collect facts. Says
 * nothing where it cannot know: facts that did not fit, packages whose entry points are not in the tree.
 */
import { defineAnalyser } from '../define-analyser.ts';
import type { SourceFile } from '../analyser.ts';
import type { Finding } from '../finding.ts';
import { finding } from '../finding.ts';
import { isScript } from '../reading/parse-script.ts';
import {
  isFixture,
  isGeneratedPath,
  isOwnSource,
  isVendored,
  looksGenerated,
} from '../reading/path-kind.ts';
import {
  baseNameOf,
  directoryOf,
  extensionOf,
  joinPath,
  resolveFrom,
  upwardsFrom,
} from '../reading/posix-path.ts';
import type { RepositoryFacts } from '../repository-facts.ts';
import { isEntryPath } from './entry-paths.ts';
import type { ModuleFacts } from './module-facts.ts';
import { looseImports, moduleFacts } from './module-facts.ts';
import { ModuleGraph } from './module-graph.ts';
import type { AliasFacts, MentionFacts, PackageFacts } from './package-facts.ts';
import { aliasFacts, mentionFacts, packageFacts } from './package-facts.ts';
import { ModuleResolver } from './resolve-module.ts';
import { RULES, UNRESOLVED_IMPORT, UNUSED_EXPORT, UNUSED_MODULE } from './rules.ts';

type OpaqueFacts = {
  readonly kind: 'opaque';
  readonly path: string;
  readonly imports: readonly string[];
};
type Facts = ModuleFacts | PackageFacts | AliasFacts | MentionFacts | OpaqueFacts;

const COMPONENTS = new Set(['.vue', '.svelte', '.astro', '.mdx']);
const MENTIONING =
  /\.(?:html?|ya?ml|sh|toml|hbs|ejs|pug|njk)$|(?:^|\/)(?:Dockerfile|Makefile|Procfile|[\w.-]*\.json)$/i;

export const deadExports = defineAnalyser<Facts>({
  name: 'dead-exports',
  version: '1',
  description:
    'Exports and modules of JavaScript and TypeScript that nothing in the repository uses.',
  rules: RULES,
  wants: (path) =>
    !isVendored(path) &&
    !/(?:^|\/)(?:package-lock|pnpm-lock|composer\.lock)/.test(path) &&
    (isScript(path) || COMPONENTS.has(extensionOf(path)) || MENTIONING.test(path)),
  inspect: (file) => {
    const fact = factsOf(file);
    return fact === undefined ? { findings: [] } : { findings: [], fact };
  },
  finish: (facts, shared, complete) => (complete ? judge(facts, shared) : []),
});

const factsOf = (file: SourceFile): Facts | undefined => {
  const name = baseNameOf(file.path);
  if (name === 'package.json') return packageFacts(file);
  if (/^[tj]sconfig[\w.-]*\.json$/.test(name)) return aliasFacts(file);
  if (isScript(file.path)) {
    const generated = isGeneratedPath(file.path) || looksGenerated(file.path, file.text);
    const facts = moduleFacts(file);
    if (facts !== undefined) return generated ? { ...facts, exports: [] } : facts;
    return { kind: 'opaque', path: file.path, imports: specifiersIn(file.text) };
  }
  if (COMPONENTS.has(extensionOf(file.path))) {
    return { kind: 'opaque', path: file.path, imports: specifiersIn(file.text) };
  }
  return mentionFacts(file);
};

const specifiersIn = (text: string): string[] => [
  ...[...text.matchAll(/\bfrom\s{0,4}["']([^"'\n]{1,300})["']/g)].map((match) => match[1] ?? ''),
  ...[...text.matchAll(/\bimport\s{0,4}["']([^"'\n]{1,300})["']/g)].map((match) => match[1] ?? ''),
  ...looseImports(text).map(([specifier]) => specifier),
];

const judge = (facts: readonly Facts[], shared: RepositoryFacts): Finding[] => {
  const modules = facts.filter((each) => each.kind === 'module').toSorted(byPath);
  const packages = facts.filter((each) => each.kind === 'package');
  const aliases = facts.filter((each) => each.kind === 'alias');
  const resolver = new ModuleResolver(shared, aliases, packages);
  const byName = new Map(modules.map((each) => [each.path, each]));
  const graph = new ModuleGraph(byName, (from, specifier) => resolver.resolve(from, specifier));
  const open = openPackages(packages, resolver);
  for (const path of shared.paths) {
    if (isScript(path) && (isEntryPath(path) || belongsToOpen(path, open))) graph.use(path, '*');
  }
  for (const each of packages) {
    for (const entry of each.entries) useAll(graph, resolver.resolveEntry(each.directory, entry));
  }
  for (const each of packages) useAll(graph, defaultEntries(each, resolver));
  for (const each of facts) useWhatItTakes(each, { graph, resolver, shared });
  for (const { path } of modules)
    if (isBarrel(path) && !graph.isImported(path)) graph.use(path, '*');
  return modules.flatMap((module) => [
    ...deadIn(module, graph),
    ...unresolvedIn(module, resolver, shared),
  ]);
};

/** Where Node looks when a manifest names nothing. */
const defaultEntries = ({ directory, entries }: PackageFacts, resolver: ModuleResolver): string[] =>
  entries.length > 0
    ? []
    : ['index', 'src/index'].flatMap((each) => resolver.resolveEntry(directory, each));

/** An index that nobody imports is a front door for somebody outside. */
const isBarrel = (path: string): boolean => /^index\.\w+$/.test(baseNameOf(path));

const byPath = (a: ModuleFacts, b: ModuleFacts): number => (a.path < b.path ? -1 : 1);

const useAll = (graph: ModuleGraph, paths: readonly string[]): void => {
  for (const path of paths) graph.use(path, '*');
};

type Known = {
  readonly graph: ModuleGraph;
  readonly resolver: ModuleResolver;
  readonly shared: RepositoryFacts;
};

const useWhatItTakes = (facts: Facts, { graph, resolver, shared }: Known): void => {
  switch (facts.kind) {
    case 'module':
      for (const [specifier, names] of facts.imports) {
        for (const path of resolver.resolve(facts.path, specifier)) {
          for (const name of names.length === 0 ? [''] : names) graph.use(path, name);
        }
      }
      for (const [specifier] of facts.reexports) {
        for (const path of resolver.resolve(facts.path, specifier)) graph.use(path, '');
      }
      for (const glob of facts.globs)
        useAll(graph, startingWith(shared, directoryOf(facts.path), glob));
      useAll(graph, mentioned(facts.mentions, directoryOf(facts.path), resolver));
      return;
    case 'opaque':
      for (const specifier of facts.imports) useAll(graph, resolver.resolve(facts.path, specifier));
      return;
    case 'package':
    case 'alias':
    case 'mention':
      useAll(graph, mentioned(facts.mentions, facts.directory, resolver));
      return;
    default:
      facts satisfies never;
  }
};

const startingWith = (shared: RepositoryFacts, directory: string, prefix: string): string[] => {
  const base = resolveFrom(directory, `${prefix.replace(/^\//, '')}x`)?.slice(0, -1) ?? '';
  return [...shared.paths].filter((path) => path.startsWith(base) && isScript(path));
};

/** A path in a string may be relative to the file, to a parent, or to the root. */
const mentioned = (
  words: readonly string[],
  directory: string,
  resolver: ModuleResolver,
): string[] =>
  words.flatMap((word) => {
    for (const base of upwardsFrom(directory)) {
      const found = resolver.resolveEntry(base, word.replace(/^\//, ''));
      if (found.length > 0) return found;
    }
    return [];
  });

/** Published packages whose entries are not in the tree (built from something unknown) stay unjudged. */
const openPackages = (packages: readonly PackageFacts[], resolver: ModuleResolver): Set<string> =>
  new Set(
    packages
      .filter((each) => each.entries.length > 0 || !each.private)
      .filter((each) =>
        each.entries.every((entry) => resolver.resolveEntry(each.directory, entry).length === 0),
      )
      .map((each) => each.directory),
  );

const belongsToOpen = (path: string, open: ReadonlySet<string>): boolean =>
  open.size > 0 && upwardsFrom(directoryOf(path)).some((directory) => open.has(directory));

const deadIn = (module: ModuleFacts, graph: ModuleGraph): Finding[] => {
  const { path } = module;
  if (module.exports.length === 0 || !isOwnSource(path)) return [];
  if (!graph.isImported(path)) {
    if (!module.inert || module.exports.some(([name]) => name === 'default')) return [];
    const message = `Nothing imports ${baseNameOf(path)}; its ${module.exports.length} export(s) are unreachable.`;
    return [finding(UNUSED_MODULE, { path, line: 0, message, key: path })];
  }
  return module.exports
    .filter(([name]) => !graph.isUsed(path, name))
    .map(([name, line]) => {
      const message = `${name} is exported but used nowhere in the repository.`;
      return finding(UNUSED_EXPORT, { path, line, message, key: name });
    });
};

/** Only spelled-out source extensions, or a directory that holds sources: the rest may be built later. */
const unresolvedIn = (
  module: ModuleFacts,
  resolver: ModuleResolver,
  shared: RepositoryFacts,
): Finding[] => {
  const { path } = module;
  if (!isOwnSource(path) || isFixture(path)) return [];
  const sources = [
    ...module.imports
      .filter(([, names]) => !names.includes('*') || names.length > 1)
      .map(([specifier]) => specifier),
    ...module.reexports.map(([specifier]) => specifier),
  ];
  return [...new Set(sources)].flatMap((specifier) => {
    if (
      !/^\.{1,2}\//.test(specifier) ||
      /[?!]|\.(?:css|scss|less|svg|png|json|node|wasm|graphql|html|md|txt)$/.test(specifier)
    )
      return [];
    const target = resolveFrom(directoryOf(path), specifier);
    if (
      target === undefined ||
      isGeneratedPath(`${target}/`) ||
      /generated|\.gen\b|version/i.test(target)
    )
      return [];
    if (resolver.resolve(path, specifier).length > 0) return [];
    if (
      !shared.directories.has(directoryOf(target)) ||
      shared.directories.has(target) ||
      hasAnySource(target, shared)
    )
      return [];
    const message = `"${specifier}" does not exist.`;
    return [finding(UNRESOLVED_IMPORT, { path, line: 0, message, key: specifier })];
  });
};

/** `./grammar` next to `grammar.pegjs` is built from it. */
const hasAnySource = (target: string, shared: RepositoryFacts): boolean => {
  const stem = target.replace(/\.[cm]?[jt]sx?$/, '');
  const directory = directoryOf(stem);
  const name = baseNameOf(stem);
  return [...shared.byBaseName.keys()].some(
    (each) => each.startsWith(`${name}.`) && shared.paths.has(joinPath(directory, each)),
  );
};
