/** Rules that need all manifests and locks at once. */
import type { Finding } from '../finding.ts';
import { finding } from '../finding.ts';
import { isExample } from '../reading/path-kind.ts';
import { baseNameOf, directoryOf, joinPath, upwardsFrom } from '../reading/posix-path.ts';
import type { RepositoryFacts } from '../repository-facts.ts';
import type { Ecosystem } from './package-model.ts';
import * as rules from './rules.ts';

/** What is kept of a file for the join. */
export type PackageFact = {
  readonly path: string;
  readonly kind: 'manifest' | 'lock';
  readonly ecosystem: Ecosystem;
  readonly application: boolean;
  /** [name, spec, line]; of a lock, what it remembers of its manifest. */
  readonly wishes: readonly (readonly [string, string, number])[];
};

const LOCKS: Readonly<Record<Ecosystem, readonly string[]>> = {
  npm: [
    'package-lock.json',
    'npm-shrinkwrap.json',
    'yarn.lock',
    'pnpm-lock.yaml',
    'bun.lock',
    'bun.lockb',
    'deno.lock',
  ],
  cargo: ['Cargo.lock'],
  go: ['go.sum'],
  python: ['Pipfile.lock'],
  ruby: ['Gemfile.lock'],
  composer: ['composer.lock'],
  maven: [],
};

export const judgeRepository = (
  facts: readonly PackageFact[],
  shared: RepositoryFacts,
): Finding[] => {
  const manifests = facts
    .filter(({ kind }) => kind === 'manifest')
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return [
    ...manifests.flatMap((manifest) => missingLock(manifest, shared)),
    ...severalLocks(shared),
    ...lockDrift(facts),
    ...workspaceDrift(manifests),
  ];
};

const missingLock = (manifest: PackageFact, { paths }: RepositoryFacts): Finding[] => {
  const { path, ecosystem, wishes } = manifest;
  const name = baseNameOf(path);
  const needs = LOCKS[ecosystem];
  const locked = ecosystem !== 'python' || name === 'Pipfile';
  const installs =
    manifest.application ||
    (ecosystem === 'cargo' && paths.has(joinPath(directoryOf(path), 'src/main.rs')));
  if (
    !locked ||
    !installs ||
    needs.length === 0 ||
    wishes.length === 0 ||
    isExample(path) ||
    name === '.npmrc'
  )
    return [];
  const wanted =
    ecosystem === 'go' ? wishes.filter(([, spec]) => !spec.startsWith('path:')) : wishes;
  if (wanted.every(([, spec]) => /^(?:workspace:|file:|link:|path:)/.test(spec))) return [];
  const found = upwardsFrom(directoryOf(path)).some((directory) =>
    needs.some((lock) => paths.has(joinPath(directory, lock))),
  );
  if (
    found ||
    (ecosystem === 'go' &&
      upwardsFrom(directoryOf(path)).some((directory) =>
        paths.has(joinPath(directory, 'vendor/modules.txt')),
      ))
  )
    return [];
  const message = `${wishes.length} dependencies and no ${needs[0]} beside or above.`;
  return [finding(rules.MISSING_LOCK, { path, line: 0, message, key: path })];
};

/** npm's two lock files are the same format; bun has a text and a binary one. */
const MANAGERS: readonly (readonly [string, readonly string[]])[] = [
  ['npm', ['package-lock.json', 'npm-shrinkwrap.json']],
  ['yarn', ['yarn.lock']],
  ['pnpm', ['pnpm-lock.yaml']],
  ['bun', ['bun.lock', 'bun.lockb']],
];

const severalLocks = ({ paths, byBaseName }: RepositoryFacts): Finding[] =>
  (byBaseName.get('package.json') ?? []).flatMap((manifest) => {
    const directory = directoryOf(manifest);
    const used = MANAGERS.filter(([, names]) =>
      names.some((name) => paths.has(joinPath(directory, name))),
    );
    if (used.length < 2 || /node_modules\//.test(manifest)) return [];
    const message = `Lock files of ${used.map(([name]) => name).join(' and ')} side by side.`;
    return [finding(rules.SEVERAL_LOCKS, { path: manifest, line: 0, message, key: 'locks' })];
  });

const lockDrift = (facts: readonly PackageFact[]): Finding[] => {
  const byPath = new Map(facts.map((each) => [each.path, each]));
  return facts.flatMap((lock) => {
    if (
      lock.kind !== 'lock' ||
      !/(?:^|\/)package-lock\.json$/.test(lock.path) ||
      lock.wishes.length === 0
    )
      return [];
    const manifest = byPath.get(joinPath(directoryOf(lock.path), 'package.json'));
    if (manifest === undefined) return [];
    const remembered = new Map(lock.wishes.map(([name, spec]) => [name, spec]));
    const wanted = new Map(manifest.wishes.map(([name, spec]) => [name, spec]));
    const changed = [
      ...manifest.wishes
        .filter(([name, spec]) => remembered.get(name) !== spec)
        .map(([name]) => name),
      ...[...remembered.keys()].filter((name) => !wanted.has(name)),
    ];
    if (changed.length === 0) return [];
    const message = `package.json and the lock file differ in ${changed.slice(0, 5).join(', ')}${changed.length > 5 ? ' and more' : ''}.`;
    return [finding(rules.LOCK_DRIFT, { path: lock.path, line: 0, message, key: 'drift' })];
  });
};

const workspaceDrift = (manifests: readonly PackageFact[]): Finding[] => {
  const majors = new Map<string, Map<string, string>>();
  for (const { path, ecosystem, wishes } of manifests) {
    if (ecosystem !== 'npm' || isExample(path)) continue;
    for (const [name, spec] of wishes) {
      const major = /^[~^=v]?(0\.\d+|\d+)(?:\.|$)/.exec(spec)?.[1];
      if (major === undefined) continue;
      const known = majors.get(name) ?? new Map<string, string>();
      if (!known.has(major)) known.set(major, path);
      majors.set(name, known);
    }
  }
  return [...majors].flatMap(([name, known]) => {
    if (known.size < 2) return [];
    const wants = [...known].map(([major, path]) => `${major} in ${path}`).slice(0, 3);
    const path = [...known.values()].at(-1) ?? 'package.json';
    const message = `${name} is wanted as ${wants.join(', ')}.`;
    return [finding(rules.WORKSPACE_DRIFT, { path, line: 0, message, key: name })];
  });
};
