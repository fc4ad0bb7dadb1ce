/** package.json, package-lock.json (1 to 3), yarn.lock (classic and berry) and pnpm-lock.yaml. */
import {
  field,
  isRecord,
  lineOfKey,
  readJson,
  recordField,
  textField,
} from '../reading/loose-json.ts';
import { MAX_LINE_CHARS } from '../reading/text-lines.ts';
import type { JsonRecord } from '../reading/loose-json.ts';
import type { LockedPackage, PackageFile, Wish } from './package-model.ts';

export const readNpmManifest = (_path: string, text: string): PackageFile | undefined => {
  const reading = readJson(text, { comments: false });
  if (!reading.ok || !isRecord(reading.value)) {
    return /\{\{|<%|\$\{/.test(text) ? undefined : { kind: 'damaged', message: 'not valid JSON' };
  }
  const manifest = reading.value;
  const wishes = (['dependencies', 'optionalDependencies', 'devDependencies'] as const).flatMap(
    (section) => wishesIn(manifest, section, text),
  );
  return {
    kind: 'manifest',
    ecosystem: 'npm',
    name: textField(manifest, 'name') ?? '',
    wishes,
    application:
      field(manifest, 'private') === true ||
      !['main', 'exports', 'module', 'types', 'files', 'bin'].some(
        (key) => field(manifest, key) !== undefined,
      ),
    insecureLines: [],
  };
};

/** Finding the line of each name costs a pass over the text. */
const MAX_WISHES = 1_000;

const wishesIn = (manifest: JsonRecord, section: string, text: string): Wish[] => {
  const wanted = recordField(manifest, section);
  const start = text.indexOf(`"${section}"`);
  return Object.keys(wanted)
    .slice(0, MAX_WISHES)
    .flatMap((name) => {
      const spec = wanted[name];
      if (typeof spec !== 'string') return [];
      return [
        {
          name,
          spec: spec.trim(),
          line: lineOfKey(text, name, start),
          development: section === 'devDependencies',
        },
      ];
    });
};

export const readPackageLock = (_path: string, text: string): PackageFile | undefined => {
  const reading = readJson(text, { comments: false });
  if (!reading.ok || !isRecord(reading.value))
    return { kind: 'damaged', message: 'not valid JSON' };
  const lock = reading.value;
  const listed = recordField(lock, 'packages');
  if (Object.keys(listed).length === 0) {
    return {
      kind: 'lock',
      ecosystem: 'npm',
      packages: classicPackages(recordField(lock, 'dependencies')),
      licences: false,
    };
  }
  const packages: LockedPackage[] = [];
  for (const [path, entry] of Object.entries(listed)) {
    const at = path.lastIndexOf('node_modules/');
    const version = textField(entry, 'version');
    if (at === -1 || version === undefined || field(entry, 'link') === true) continue;
    const licence = licenceOf(entry);
    const source = textField(entry, 'resolved');
    packages.push({
      name: textField(entry, 'name') ?? path.slice(at + 'node_modules/'.length),
      version,
      ...(licence === undefined ? {} : { licence }),
      ...(source === undefined ? {} : { source }),
      development: field(entry, 'dev') === true,
    });
  }
  const root = field(listed, '');
  return {
    kind: 'lock',
    ecosystem: 'npm',
    packages,
    remembered: new Map(
      ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((section) =>
        Object.entries(recordField(root, section)).map(
          ([name, spec]) => [name, String(spec)] as const,
        ),
      ),
    ),
    licences: packages.some(({ licence }) => licence !== undefined),
  };
};

const licenceOf = (entry: unknown): string | undefined => {
  const licence = field(entry, 'license');
  return typeof licence === 'string' ? licence : textField(licence, 'type');
};

/** Version 1 nests dependencies; nesting is followed with an explicit stack. */
const classicPackages = (root: JsonRecord): LockedPackage[] => {
  const packages: LockedPackage[] = [];
  const stack: JsonRecord[] = [root];
  for (let level = stack.pop(); level !== undefined; level = stack.pop()) {
    for (const [name, entry] of Object.entries(level)) {
      const version = textField(entry, 'version');
      const source = textField(entry, 'resolved');
      if (version !== undefined) {
        packages.push({
          name,
          version,
          ...(source === undefined ? {} : { source }),
          development: field(entry, 'dev') === true,
        });
      }
      const inner = recordField(entry, 'dependencies');
      if (Object.keys(inner).length > 0) stack.push(inner);
    }
  }
  return packages;
};

const cut = (text: string): string[] =>
  text.split('\n').map((line) => line.slice(0, MAX_LINE_CHARS));

/** Both yarn formats: an unindented key line, then an indented version. */
export const readYarnLock = (_path: string, text: string): PackageFile | undefined => {
  const packages: LockedPackage[] = [];
  let name: string | undefined;
  let version: string | undefined;
  for (const line of cut(text)) {
    const key = /^"?(@?[^@\s"]+)@/.exec(line);
    if (key !== null && /:\s*$/.test(line)) {
      name = line.includes('@workspace:') ? undefined : key[1];
      version = undefined;
      continue;
    }
    const found = /^ {2}version:?\s+"?([^"\s]+)"?/.exec(line);
    if (found !== null && name !== undefined && version === undefined) {
      version = found[1] ?? '';
      packages.push({ name, version });
      continue;
    }
    const resolved = /^ {2}resolved\s+"([^"]+)"/.exec(line);
    const last = packages.at(-1);
    if (resolved !== null && last !== undefined && last.name === name) {
      packages[packages.length - 1] = { ...last, source: resolved[1] ?? '' };
    }
  }
  return { kind: 'lock', ecosystem: 'npm', packages, licences: false };
};

/** Keys of `packages:` in all lockfile versions: `/name/1.0.0`, `/name@1.0.0(peer)`, `'@s/name@1.0.0'`. */
export const readPnpmLock = (_path: string, text: string): PackageFile | undefined => {
  const packages: LockedPackage[] = [];
  let inside = false;
  for (const line of cut(text)) {
    if (/^\S/.test(line)) inside = line.startsWith('packages:');
    if (!inside) continue;
    const key = /^ {2}['"]?\/?((?:@[^/@\s]+\/)?[^@/\s'"(]+)[@/](\d[^\s'":(_]*)/.exec(line);
    if (key !== null && key[1] !== undefined)
      packages.push({ name: key[1], version: key[2] ?? '' });
    const tarball = /^\s{4}resolution:.*\btarball:\s*([^\s,}]+)/.exec(line);
    const last = packages.at(-1);
    if (tarball !== null && last !== undefined)
      packages[packages.length - 1] = { ...last, source: tarball[1] ?? '' };
  }
  return { kind: 'lock', ecosystem: 'npm', packages, licences: false };
};
