/** Cargo.toml, Cargo.lock, requirements files, pyproject.toml, poetry.lock, Pipfile. */
import { linesOf } from '../reading/text-lines.ts';
import type { TomlEntry } from '../reading/toml-lines.ts';
import { readToml, tomlMember, tomlString, tomlStrings } from '../reading/toml-lines.ts';
import type { LockedPackage, PackageFile, Wish } from './package-model.ts';

/** `{ git = …, rev = … }` and friends as one spec that the shared rules understand. */
const inlineSpec = (raw: string): string => {
  const git = tomlMember(raw, 'git');
  if (git !== undefined) {
    const ref = tomlMember(raw, 'rev') ?? tomlMember(raw, 'tag') ?? tomlMember(raw, 'branch');
    return `git+${git}#${ref ?? ''}`;
  }
  const path = tomlMember(raw, 'path');
  if (path !== undefined) return `path:${path}`;
  const url = tomlMember(raw, 'url') ?? tomlMember(raw, 'file');
  if (url !== undefined) return url;
  if (/workspace\s*=\s*true/.test(raw)) return 'workspace:';
  return tomlMember(raw, 'version') ?? (raw.trim().startsWith('{') ? 'unknown:' : '');
};

const specOf = (raw: string): string => tomlString(raw) ?? inlineSpec(raw);

export const readCargoManifest = (_path: string, text: string): PackageFile | undefined => {
  const entries = readToml(linesOf(text));
  const wishes: Wish[] = [];
  for (const { table, key, raw, line } of entries) {
    const section = /^(?:target\..*\.|workspace\.)?(dev-|build-)?dependencies$/.exec(table);
    if (section === null || key.includes('.')) continue;
    wishes.push({ name: key, spec: specOf(raw), line, development: section[1] === 'dev-' });
  }
  const isBinary = entries.some(({ table, key }) => table === 'bin' && key === 'name');
  const name = valueOf(entries, 'package', 'name') ?? '';
  return {
    kind: 'manifest',
    ecosystem: 'cargo',
    name,
    wishes,
    application: isBinary,
    insecureLines: [],
  };
};

const valueOf = (entries: readonly TomlEntry[], table: string, key: string): string | undefined => {
  const entry = entries.find((each) => each.table === table && each.key === key);
  return entry === undefined ? undefined : tomlString(entry.raw);
};

/** Cargo.lock, poetry.lock, uv.lock, pdm.lock: blocks of `[[package]]`. */
export const readTomlLock = (path: string, text: string): PackageFile | undefined => {
  const blocks = new Map<number, { name?: string; version?: string; source?: string }>();
  for (const { table, block, key, raw } of readToml(linesOf(text))) {
    if (table !== 'package' || !['name', 'version', 'source'].includes(key)) continue;
    const known = blocks.get(block) ?? {};
    const value = tomlString(raw);
    blocks.set(block, { ...known, ...(value === undefined ? {} : { [key]: value }) });
  }
  const packages: LockedPackage[] = [];
  for (const { name, version, source } of blocks.values()) {
    if (name === undefined || version === undefined) continue;
    packages.push({ name, version, ...(source === undefined ? {} : { source }) });
  }
  return {
    kind: 'lock',
    ecosystem: path.endsWith('Cargo.lock') ? 'cargo' : 'python',
    packages,
    licences: false,
  };
};

export const readRequirements = (path: string, text: string): PackageFile | undefined => {
  const wishes: Wish[] = [];
  const insecureLines: number[] = [];
  const development = /dev|test|doc|lint/i.test(path);
  linesOf(text).forEach((raw, index) => {
    const line = raw.replace(/(?:^|\s)#.*$/, '').trim();
    if (
      /^(?:-i|--(?:extra-)?index-url|-f|--find-links)[\s=]+http:\/\/(?!localhost|127\.)/.test(line)
    )
      insecureLines.push(index + 1);
    const direct = /^(?:-e\s+|--editable[\s=]+)?((?:git|hg|svn|bzr)\+\S+|https?:\/\/\S+)/.exec(
      line,
    );
    if (direct !== null) {
      const spec = direct[1] ?? '';
      const name = /#egg=([\w.-]+)/.exec(spec)?.[1] ?? spec;
      wishes.push({ name, spec: pipGitSpec(spec), line: index + 1, development });
      return;
    }
    const named = /^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(.*)$/.exec(line);
    if (named === null || line.startsWith('-')) return;
    const spec =
      (named[2] ?? '')
        .split(';')[0]
        ?.replace(/\s--hash.*$/, '')
        .replace(/\\$/, '')
        .trim() ?? '';
    const url = /^@\s*(\S+)/.exec(spec)?.[1];
    wishes.push({
      name: named[1] ?? '',
      spec: url === undefined ? spec : pipGitSpec(url),
      line: index + 1,
      development,
    });
  });
  return {
    kind: 'manifest',
    ecosystem: 'python',
    name: '',
    wishes,
    application: false,
    insecureLines,
  };
};

/** `git+https://host/x.git@ref#egg=x` in the spelling of the shared rules. */
const pipGitSpec = (spec: string): string => {
  if (!/^(?:git|hg)\+/.test(spec)) return spec;
  const [address = ''] = spec.split('#');
  const at = address.lastIndexOf('@');
  const hasRef = at > address.indexOf('://') + 3 && !address.slice(at).includes('/');
  return hasRef ? `${address.slice(0, at)}#${address.slice(at + 1)}` : `${address}#`;
};

export const readPyproject = (_path: string, text: string): PackageFile | undefined => {
  const wishes: Wish[] = [];
  const entries = readToml(linesOf(text));
  for (const { table, key, raw, line } of entries) {
    if (
      /^tool\.poetry\.(?:dependencies|dev-dependencies|group\.[\w-]+\.dependencies)$/.test(table)
    ) {
      if (key !== 'python')
        wishes.push({
          name: key,
          spec: specOf(raw),
          line,
          development: table !== 'tool.poetry.dependencies',
        });
    } else if (table === 'project' && key === 'dependencies') {
      for (const { value, lineOffset } of tomlStrings(raw)) {
        const url = /^([\w.-]+)(?:\[[^\]]*\])?\s*@\s*(\S+)/.exec(value);
        if (url !== null)
          wishes.push({
            name: url[1] ?? '',
            spec: pipGitSpec(url[2] ?? ''),
            line: line + lineOffset,
            development: false,
          });
      }
    }
  }
  const name = valueOf(entries, 'project', 'name') ?? valueOf(entries, 'tool.poetry', 'name') ?? '';
  return {
    kind: 'manifest',
    ecosystem: 'python',
    name,
    wishes,
    application: false,
    insecureLines: [],
  };
};

export const readPipfile = (_path: string, text: string): PackageFile | undefined => {
  const entries = readToml(linesOf(text));
  const wishes = entries
    .filter(({ table }) => table === 'packages' || table === 'dev-packages')
    .map(({ table, key, raw, line }) => ({
      name: key,
      spec: specOf(raw),
      line,
      development: table === 'dev-packages',
    }));
  const insecureLines = entries
    .filter(({ table, key, raw }) => table === 'source' && key === 'url' && /http:\/\//.test(raw))
    .map(({ line }) => line);
  return {
    kind: 'manifest',
    ecosystem: 'python',
    name: '',
    wishes,
    application: true,
    insecureLines,
  };
};
