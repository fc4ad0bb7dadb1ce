/** Rules about one manifest or one lock file. */
import type { Finding } from '../finding.ts';
import { finding } from '../finding.ts';
import { directoryOf, resolveFrom } from '../reading/posix-path.ts';
import { classifyLicence } from './licence-class.ts';
import type { Lock, LockedPackage, Manifest, Wish } from './package-model.ts';
import * as rules from './rules.ts';

export const judgeManifest = (path: string, manifest: Manifest): Finding[] => [
  ...manifest.insecureLines.map((line) =>
    finding(rules.PLAIN_HTTP, {
      path,
      line,
      message: 'A package source uses http.',
      key: 'registry',
    }),
  ),
  ...manifest.wishes.flatMap((wish) => judgeWish(path, manifest, wish)),
];

const judgeWish = (path: string, manifest: Manifest, wish: Wish): Finding[] => {
  const { name, spec, line } = wish;
  const spot = { path, line, key: name };
  const outside = outsidePath(path, spec);
  if (outside !== undefined) {
    return [finding(rules.OUTSIDE_PATH, { ...spot, message: `${name} comes from ${outside}.` })];
  }
  if (/^(?:git\+)?http:\/\/(?!localhost|127\.)/.test(spec)) {
    return [finding(rules.PLAIN_HTTP, { ...spot, message: `${name} is fetched by http.` })];
  }
  const moving = movingSource(spec);
  if (moving !== undefined) {
    return [finding(rules.MUTABLE_SOURCE, { ...spot, message: `${name} comes from ${moving}.` })];
  }
  if (!isUnbounded(manifest, spec, path)) return [];
  const message = `${name} accepts any version (${spec === '' ? 'none given' : spec}).`;
  const severity = wish.development ? ('note' as const) : rules.UNPINNED.severity;
  return [finding(rules.UNPINNED, { ...spot, message, severity })];
};

const outsidePath = (path: string, spec: string): string | undefined => {
  const local = /^(?:file:|link:|portal:|path:)(?:\/\/)?(.*)$/.exec(spec)?.[1];
  if (local === undefined) return undefined;
  return local.startsWith('/') ||
    local.startsWith('~') ||
    resolveFrom(directoryOf(path), local) === undefined
    ? local
    : undefined;
};

const FIXED_REF =
  /^(?:[0-9a-f]{7,64}|semver:.+|v?\d+(?:\.\d+)+[\w.+-]*|[\w./-]*[@/_-]v?\d+\.\d+[\w.+-]*)$/i;

/** A commit or a version tag stays; a branch, nothing, or a bare archive does not. */
const movingSource = (spec: string): string | undefined => {
  const github = /^(?:github:|gitlab:|bitbucket:)?([\w.-]+\/[\w.-]+)(?:#(.*))?$/.exec(spec);
  const git = /^(?:git\+|git:\/\/|git@|ssh:\/\/)|\.git(?:#|$)/.test(spec);
  if (git || (github !== null && !spec.startsWith('@') && !/^[\d~^<>=v*]/.test(spec))) {
    const hash = spec.indexOf('#');
    const ref = hash === -1 ? '' : spec.slice(hash + 1);
    if (FIXED_REF.test(ref)) return undefined;
    return ref === '' ? 'a Git repository without a revision' : `the branch ${ref}`;
  }
  if (!spec.startsWith('https://')) return undefined;
  return /[0-9a-f]{40}|\d+\.\d+/.test(spec) ? undefined : 'a URL without a version';
};

const isUnbounded = (manifest: Manifest, spec: string, path: string): boolean => {
  switch (manifest.ecosystem) {
    case 'npm':
      return /^(?:\*|x|latest|next|)$/.test(spec) || /^>=?\s*\d[\w.-]*$/.test(spec);
    case 'cargo':
      return spec === '*' || /^>=?\s*\d[\w.-]*$/.test(spec);
    case 'python':
      return /requirements[\w./-]*\.(?:txt|in)$/.test(path)
        ? spec === '' && !path.endsWith('.in')
        : spec === '*' && !path.endsWith('Pipfile');
    case 'composer':
      return (
        spec === '*' || /^(?:dev-(?:master|main))$/.test(spec) || /^>=?\s*\d[\w.-]*$/.test(spec)
      );
    case 'maven':
      return spec === '*';
    case 'go':
    case 'ruby':
      return false;
    default:
      return manifest.ecosystem satisfies never;
  }
};

/** Two copies of these break at run time, not only in size. */
const SINGLETONS = new Set([
  'react',
  'react-dom',
  'vue',
  'graphql',
  'rxjs',
  '@angular/core',
  'svelte',
  'preact',
  'styled-components',
  '@emotion/react',
  'three',
  'zone.js',
  'mobx',
  'redux',
  'react-redux',
  'react-router',
  'prosemirror-model',
  'yjs',
  'tokio',
  'serde',
]);

export const judgeLock = (path: string, lock: Lock): Finding[] => [
  ...duplicates(path, lock),
  ...licences(path, lock),
  ...insecure(path, lock),
];

const versionsByName = (packages: readonly LockedPackage[]): Map<string, Set<string>> => {
  const versions = new Map<string, Set<string>>();
  for (const { name, version } of packages) {
    const known = versions.get(name) ?? new Set<string>();
    versions.set(name, known.add(version));
  }
  return versions;
};

const SHOWN = 5;
const MANY_VERSIONS = 3;

const duplicates = (path: string, { packages, remembered }: Lock): Finding[] => {
  const found: Finding[] = [];
  const many: string[] = [];
  for (const [name, set] of versionsByName(packages)) {
    const versions = [...set].sort();
    const isDirect = remembered?.has(name) === true || SINGLETONS.has(name);
    if (
      versions.length >= 2 &&
      isDirect &&
      (SINGLETONS.has(name) || new Set(versions.map(majorOf)).size > 1)
    ) {
      const message = `${name} is installed as ${versions.slice(0, SHOWN).join(', ')}.`;
      const severity = SINGLETONS.has(name) ? ('warning' as const) : ('note' as const);
      found.push(finding(rules.DUPLICATE_DIRECT, { path, line: 0, message, key: name, severity }));
    } else if (versions.length >= MANY_VERSIONS) many.push(`${name} (${versions.length})`);
  }
  if (many.length > 0) {
    const message = `${many.length} package(s) in three versions or more: ${many.sort().slice(0, SHOWN).join(', ')}${many.length > SHOWN ? ' and more' : ''}.`;
    found.push(finding(rules.DUPLICATE_TRANSITIVE, { path, line: 0, message, key: 'duplicates' }));
  }
  return found;
};

const majorOf = (version: string): string => /^v?(0\.\d+|\d+)/.exec(version)?.[1] ?? version;

const licences = (path: string, { packages, licences: recorded }: Lock): Finding[] => {
  if (!recorded) return [];
  const found: Finding[] = [];
  const seen = new Set<string>();
  for (const { name, licence, development } of packages) {
    if (licence === undefined || seen.has(name) || development === true) continue;
    seen.add(name);
    const kind = classifyLicence(licence);
    if (kind === 'strong') {
      found.push(
        finding(rules.COPYLEFT, {
          path,
          line: 0,
          message: `${name} is under ${licence}.`,
          key: name,
        }),
      );
    } else if (kind === 'none') {
      found.push(
        finding(rules.NO_LICENCE, {
          path,
          line: 0,
          message: `${name} is marked ${licence || 'without a licence'}.`,
          key: name,
        }),
      );
    }
  }
  return found;
};

const insecure = (path: string, { packages }: Lock): Finding[] => {
  const plain = packages.filter(
    ({ source }) => source !== undefined && /^http:\/\/(?!localhost|127\.0\.0\.1)/.test(source),
  );
  const [first] = plain;
  if (first === undefined) return [];
  const message = `${plain.length} package(s) are fetched by http, ${first.name} among them.`;
  return [finding(rules.PLAIN_HTTP, { path, line: 0, message, key: 'http' })];
};
