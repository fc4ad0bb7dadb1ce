/** go.mod, Gemfile, Gemfile.lock, composer.json, composer.lock, pom.xml, .npmrc. */
import {
  field,
  isRecord,
  lineOfKey,
  listField,
  readJson,
  recordField,
  textField,
} from '../reading/loose-json.ts';
import { lineFinder, linesOf } from '../reading/text-lines.ts';
import type { LockedPackage, PackageFile, Wish } from './package-model.ts';

/** Requirements are exact by design; only local replacements are of interest. */
export const readGoMod = (_path: string, text: string): PackageFile | undefined => {
  const wishes: Wish[] = [];
  let block = '';
  linesOf(text).forEach((raw, index) => {
    const line = raw.replace(/\/\/.*$/, '').trim();
    const opening = /^(require|replace|exclude|retract)\s*\($/.exec(line);
    if (opening !== null) block = opening[1] ?? '';
    else if (line === ')') block = '';
    const statement = block === '' ? line : `${block} ${line}`;
    const replace = /^replace\s+(\S+)(?:\s+\S+)?\s+=>\s+(\S+)/.exec(statement);
    if (replace !== null && /^\.{0,2}\//.test(replace[2] ?? '')) {
      wishes.push({
        name: replace[1] ?? '',
        spec: `path:${replace[2]}`,
        line: index + 1,
        development: false,
      });
    }
    const require = /^require\s+(\S+\.\S+)\s+(v\S+)/.exec(statement);
    if (require !== null)
      wishes.push({
        name: require[1] ?? '',
        spec: require[2] ?? '',
        line: index + 1,
        development: false,
      });
  });
  return {
    kind: 'manifest',
    ecosystem: 'go',
    name: '',
    wishes,
    application: true,
    insecureLines: [],
  };
};

export const readGemfile = (_path: string, text: string): PackageFile | undefined => {
  const wishes: Wish[] = [];
  const insecureLines: number[] = [];
  linesOf(text).forEach((line, index) => {
    if (/^\s*source\s+["']http:\/\//.test(line)) insecureLines.push(index + 1);
    const gem = /^\s*gem\s+["']([\w.-]+)["'](.*)$/.exec(line);
    if (gem === null) return;
    const rest = gem[2] ?? '';
    const git = /\b(?:git|github)(?:=>|:|\s*=>)\s*["']([^"']+)["']/.exec(rest)?.[1];
    const path = /\bpath(?::|\s*=>)\s*["']([^"']+)["']/.exec(rest)?.[1];
    const ref = /\b(?:ref|tag)(?::|\s*=>)\s*["']([^"']+)["']/.exec(rest)?.[1];
    const spec =
      git !== undefined
        ? `git+${git}#${ref ?? ''}`
        : path !== undefined
          ? `path:${path}`
          : 'locked:';
    wishes.push({ name: gem[1] ?? '', spec, line: index + 1, development: false });
  });
  return {
    kind: 'manifest',
    ecosystem: 'ruby',
    name: '',
    wishes,
    application: !text.includes('gemspec'),
    insecureLines,
  };
};

export const readGemfileLock = (_path: string, text: string): PackageFile | undefined => {
  const packages: LockedPackage[] = [];
  let source = '';
  for (const line of linesOf(text)) {
    const remote = /^ {2}remote:\s*(\S+)/.exec(line);
    if (remote !== null) source = remote[1] ?? '';
    const spec = /^ {4}([\w.-]+) \(([^)\s-]+)/.exec(line);
    if (spec !== null) packages.push({ name: spec[1] ?? '', version: spec[2] ?? '', source });
  }
  return { kind: 'lock', ecosystem: 'ruby', packages: onePerVersion(packages), licences: false };
};

/** Gems list a version per platform. */
const onePerVersion = (packages: readonly LockedPackage[]): LockedPackage[] => [
  ...new Map(packages.map((each) => [`${each.name}@${each.version}`, each])).values(),
];

/** Finding the line of each name costs a pass over the text. */
const MAX_WISHES = 1_000;

export const readComposer = (_path: string, text: string): PackageFile | undefined => {
  const reading = readJson(text, { comments: false });
  if (!reading.ok || !isRecord(reading.value))
    return { kind: 'damaged', message: 'not valid JSON' };
  const { value } = reading;
  const wishes = (['require', 'require-dev'] as const).flatMap((section) =>
    Object.entries(recordField(value, section))
      .slice(0, MAX_WISHES)
      .flatMap(([name, spec]) =>
        typeof spec === 'string' && name.includes('/')
          ? [{ name, spec, line: lineOfKey(text, name), development: section === 'require-dev' }]
          : [],
      ),
  );
  const type = textField(value, 'type');
  return {
    kind: 'manifest',
    ecosystem: 'composer',
    name: textField(value, 'name') ?? '',
    wishes,
    application: type === 'project',
    insecureLines: [],
  };
};

export const readComposerLock = (_path: string, text: string): PackageFile | undefined => {
  const reading = readJson(text, { comments: false });
  if (!reading.ok || !isRecord(reading.value))
    return { kind: 'damaged', message: 'not valid JSON' };
  const { value } = reading;
  const packages = (['packages', 'packages-dev'] as const).flatMap((section) =>
    listField(value, section).flatMap((entry): LockedPackage[] => {
      const name = textField(entry, 'name');
      if (name === undefined) return [];
      const licences = listField(entry, 'license').filter((each) => typeof each === 'string');
      const source = textField(field(entry, 'dist'), 'url');
      return [
        {
          name,
          version: textField(entry, 'version') ?? '',
          ...(licences.length === 0 ? {} : { licence: licences.join(' OR ') }),
          ...(source === undefined ? {} : { source }),
          development: section === 'packages-dev',
        },
      ];
    }),
  );
  return { kind: 'lock', ecosystem: 'composer', packages, licences: true };
};

/** Enough of Maven: versions that move, and repositories without encryption. */
export const readPom = (_path: string, text: string): PackageFile | undefined => {
  const wishes: Wish[] = [];
  const lineAt = lineFinder(text);
  for (const match of text.matchAll(
    /<artifactId>\s{0,20}([^<\s]{1,200})\s{0,20}<\/artifactId>\s{0,200}<version>\s{0,20}([^<\s]{1,100})\s{0,20}<\/version>/g,
  )) {
    const version = match[2] ?? '';
    const moving = /^(?:LATEST|RELEASE)$/.test(version) || /^[[(][^,]*,\s*[\])]$/.test(version);
    wishes.push({
      name: match[1] ?? '',
      spec: moving ? '*' : version,
      line: lineAt(match.index),
      development: false,
    });
  }
  const insecureLines = [
    ...text.matchAll(
      /<url>\s{0,20}http:\/\/[^<]{0,200}(?:repo|maven|nexus|artifactory)[^<]{0,200}<\/url>/gi,
    ),
  ]
    .filter((match) =>
      /<repository>[^§]{0,400}$/.test(text.slice(Math.max(0, match.index - 400), match.index)),
    )
    .map((match) => lineAt(match.index));
  return {
    kind: 'manifest',
    ecosystem: 'maven',
    name: '',
    wishes,
    application: false,
    insecureLines,
  };
};

export const readNpmrc = (_path: string, text: string): PackageFile | undefined => {
  const insecureLines = linesOf(text).flatMap((line, index) =>
    /^\s*(?:@[\w-]+:)?registry\s*=\s*http:\/\/(?!localhost|127\.0\.0\.1|\[::1\])/.test(line)
      ? [index + 1]
      : [],
  );
  return {
    kind: 'manifest',
    ecosystem: 'npm',
    name: '',
    wishes: [],
    application: false,
    insecureLines,
  };
};
