/** From an import specifier to a file of the repository: relative, tsconfig paths, or a package of its own. */
import type { RepositoryFacts } from '../repository-facts.ts';
import { directoryOf, joinPath, resolveFrom, upwardsFrom } from '../reading/posix-path.ts';
import type { AliasFacts, PackageFacts } from './package-facts.ts';

const SUFFIXES = [
  '',
  '.ts',
  '.tsx',
  '.mts',
  '.cts',
  '.js',
  '.jsx',
  '.mjs',
  '.cjs',
  '.d.ts',
  '.vue',
  '.svelte',
  '.json',
];
const INDEXES = [
  'index.ts',
  'index.tsx',
  'index.js',
  'index.jsx',
  'index.mts',
  'index.mjs',
  'index.cjs',
  'index.d.ts',
];
/** `./x.js` in TypeScript means `./x.ts`. */
const COMPILED: readonly (readonly [RegExp, readonly string[]])[] = [
  [/\.jsx?$/, ['.ts', '.tsx', '.js', '.jsx', '.d.ts']],
  [/\.mjs$/, ['.mts', '.d.mts']],
  [/\.cjs$/, ['.cts', '.d.cts']],
];
const OUTPUT_DIRECTORIES =
  /^(?:\.\/)?(?:dist|lib|build|out|esm|cjs|es|output|types|module|commonjs|umd)(?:\/(?:esm|cjs|es|types|src|module|commonjs|node|browser))*\//;

export class ModuleResolver {
  readonly #facts: RepositoryFacts;
  readonly #aliases: ReadonlyMap<string, AliasFacts>;
  readonly #packages: ReadonlyMap<string, PackageFacts>;

  constructor(
    facts: RepositoryFacts,
    aliases: readonly AliasFacts[],
    packages: readonly PackageFacts[],
  ) {
    this.#facts = facts;
    this.#aliases = new Map(aliases.map((each) => [each.directory, each]));
    this.#packages = new Map(packages.map((each) => [each.name, each]));
  }

  /** Every file that the specifier may mean; empty for packages from outside. */
  resolve(from: string, rawSpecifier: string): string[] {
    const specifier = rawSpecifier.replace(/(?<=.)[?#].*$/, '');
    const directory = directoryOf(from);
    if (specifier.startsWith('.')) return this.#file(resolveFrom(directory, specifier));
    const found = this.#aliased(directory, specifier);
    return found.length > 0 ? found : this.#ownPackage(specifier);
  }

  /** Files behind an entry of a manifest, with output directories mapped back to sources. */
  resolveEntry(directory: string, entry: string): string[] {
    const direct = this.#pattern(directory, entry);
    if (direct.length > 0) return direct;
    const source = entry.replace(OUTPUT_DIRECTORIES, '');
    if (source === entry) return [];
    const candidates = ['src', 'source', 'lib', '.'].map((each) =>
      joinPath(each, source.replace(/\.d\.([cm]?)ts$/, '.$1ts')),
    );
    for (const candidate of candidates) {
      const found = this.#pattern(directory, candidate);
      if (found.length > 0) return found;
    }
    return [];
  }

  #pattern(directory: string, entry: string): string[] {
    const star = entry.indexOf('*');
    if (star === -1) return this.#file(resolveFrom(directory, entry));
    const prefix = resolveFrom(directory, `${entry.slice(0, star)}x`)?.slice(0, -1);
    if (prefix === undefined) return [];
    return [...this.#facts.paths].filter(
      (path) => path.startsWith(prefix) && !path.includes('/node_modules/'),
    );
  }

  #file(base: string | undefined): string[] {
    if (base === undefined) return [];
    const { paths } = this.#facts;
    const found = SUFFIXES.map((suffix) => base + suffix).filter((path) => paths.has(path));
    for (const [compiled, sources] of COMPILED) {
      if (!compiled.test(base)) continue;
      found.push(
        ...sources.map((ext) => base.replace(compiled, ext)).filter((path) => paths.has(path)),
      );
    }
    if (found.length > 0) return found;
    return INDEXES.map((name) => joinPath(base, name)).filter((path) => paths.has(path));
  }

  #aliased(directory: string, specifier: string): string[] {
    for (const parent of upwardsFrom(directory)) {
      const alias = this.#aliases.get(parent);
      if (alias === undefined) continue;
      const base = resolveFrom(parent, alias.baseUrl ?? '.') ?? parent;
      const found = alias.paths.flatMap(([pattern, target]) => {
        const rest = matchStar(pattern, specifier);
        return rest === undefined ? [] : this.#file(resolveFrom(base, target.replace('*', rest)));
      });
      if (found.length > 0) return found;
      if (alias.baseUrl !== undefined) {
        const plain = this.#file(resolveFrom(base, specifier));
        if (plain.length > 0) return plain;
      }
    }
    if (!/^[@~#$]\/?/.test(specifier)) return [];
    return this.#conventional(directory, specifier.replace(/^[@~#$]+\w*\/|^[@~#$]+/, ''));
  }

  /** `@/x` and `~/x` without a tsconfig mean the source root in most bundlers. */
  #conventional(directory: string, rest: string): string[] {
    for (const parent of upwardsFrom(directory)) {
      for (const root of ['src', '.', 'app', 'lib']) {
        const found = this.#file(resolveFrom(parent, `${root}/${rest}`));
        if (found.length > 0) return found;
      }
    }
    return [];
  }

  #ownPackage(specifier: string): string[] {
    const parts = specifier.split('/');
    const length = specifier.startsWith('@') ? 2 : 1;
    const own = this.#packages.get(parts.slice(0, length).join('/'));
    if (own === undefined) return [];
    const rest = parts.slice(length).join('/');
    if (rest === '') return own.entries.flatMap((entry) => this.resolveEntry(own.directory, entry));
    const direct = this.#file(resolveFrom(own.directory, rest));
    return direct.length > 0 ? direct : this.#file(resolveFrom(own.directory, `src/${rest}`));
  }
}

const matchStar = (pattern: string, specifier: string): string | undefined => {
  const star = pattern.indexOf('*');
  if (star === -1) return pattern === specifier ? '' : undefined;
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)];
  if (!specifier.startsWith(head) || !specifier.endsWith(tail)) return undefined;
  return specifier.slice(head.length, specifier.length - tail.length);
};
