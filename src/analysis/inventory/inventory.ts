/** What is in the tree: languages and sizes for the report, and files that should not be there. */
import { defineAnalyser } from '../define-analyser.ts';
import type { SourceFile } from '../analyser.ts';
import type { Finding } from '../finding.ts';
import { finding } from '../finding.ts';
import {
  isExample,
  isFixture,
  isLockFile,
  isTest,
  isVendored,
  looksGenerated,
} from '../reading/path-kind.ts';
import { baseNameOf } from '../reading/posix-path.ts';
import { linesOf } from '../reading/text-lines.ts';
import type { RepositoryFacts } from '../repository-facts.ts';
import { countLines } from './count-lines.ts';
import { languageOfFile } from './languages.ts';
import * as rules from './rules.ts';
import type { InventoryFact } from './summarise.ts';

const MAX_SOURCE_LINES = 2_000;
const LARGE_BINARY_BYTES = 5_242_880;

export const inventory = defineAnalyser<InventoryFact>({
  name: 'inventory',
  version: '1',
  description: 'Languages, sizes, and files that do not belong into a repository.',
  rules: rules.RULES,
  wants: () => true,
  inspect: (file) => {
    const lines = linesOf(file.text);
    const fact = factOf(file, lines);
    const findings = [...conflictMarkers(file.path, lines), ...oversized(fact)];
    return fact === undefined ? { findings } : { findings, fact };
  },
  finish: (_facts, shared) => [...artefacts(shared), ...nameProblems(shared)],
});

const factOf = (
  { path, text }: SourceFile,
  lines: readonly string[],
): InventoryFact | undefined => {
  const language = languageOfFile(path, text);
  if (language === undefined) return undefined;
  const generated = isLockFile(path) || looksGenerated(path, text);
  const kind = isVendored(path)
    ? 'vendored'
    : generated
      ? 'generated'
      : isTest(path)
        ? 'test'
        : 'own';
  return {
    path,
    language: language.name,
    isCode: language.code,
    kind,
    ...countLines(lines, language.comments),
  };
};

const oversized = (fact: InventoryFact | undefined): Finding[] => {
  if (fact === undefined || fact.kind !== 'own' || !fact.isCode) return [];
  if (
    fact.code <= MAX_SOURCE_LINES ||
    isFixture(fact.path) ||
    /\.(?:css|scss|sql|proto)$/.test(fact.path)
  )
    return [];
  const message = `${fact.code} lines of code in one file.`;
  return [finding(rules.OVERSIZED_SOURCE, { path: fact.path, line: 0, message, key: fact.path })];
};

/** All three marks in order: a line of equal signs alone is a heading. */
const conflictMarkers = (path: string, lines: readonly string[]): Finding[] => {
  if (isFixture(path) || isVendored(path)) return [];
  let start = -1;
  let middle = false;
  for (const [index, line] of lines.entries()) {
    if (/^<{7} \S/.test(line)) [start, middle] = [index, false];
    else if (start !== -1 && line === '=======') middle = true;
    else if (middle && /^>{7} \S/.test(line)) {
      const message = 'Conflict markers from a merge.';
      return [
        finding(rules.CONFLICT_MARKER, { path, line: start + 1, endLine: index + 1, message }),
      ];
    }
  }
  return [];
};

const ARTEFACT =
  /(?:^|\/)(?:\.DS_Store|Thumbs\.db|desktop\.ini|npm-debug\.log|yarn-error\.log|\.coverage|\.eslintcache|lcov\.info|core\.\d+|[^/]+\.(?:pyc|pyo|class|swp|swo|orig|rej|tsbuildinfo|stackdump|suo|bak)|[^/]+~)$|(?:^|\/)(?:__pycache__|\.pytest_cache|\.mypy_cache|\.nyc_output|\.gradle|\.sass-cache|\.ipynb_checkpoints)\/./;

/** In an unpacked crate this is the manifest its author wrote; Cargo made the other one. */
const isPackedManifest = (path: string, paths: ReadonlySet<string>): boolean =>
  baseNameOf(path) === 'Cargo.toml.orig' &&
  paths.has(path.replace(/Cargo\.toml\.orig$/, '.cargo_vcs_info.json'));

const artefacts = ({ entries }: RepositoryFacts): Finding[] => {
  const found: Finding[] = [];
  const modules = new Set<string>();
  const paths = new Set(entries.map(({ path }) => path));
  for (const entry of entries) {
    const { path, bytes } = entry;
    const root = /^(?:.*?\/)??node_modules\//.exec(path)?.[0];
    if (root !== undefined) {
      modules.add(root);
      continue;
    }
    if (isFixture(path) || isTest(path) || isVendored(path)) continue;
    if (ARTEFACT.test(path) && !isPackedManifest(path, paths)) {
      const message = `${baseNameOf(path)} is made by a machine, not by an author.`;
      found.push(finding(rules.COMMITTED_ARTEFACT, { path, line: 0, message, key: path }));
    } else if (entry.skipped === 'binary' && bytes > LARGE_BINARY_BYTES) {
      const message = `A binary of ${(bytes / 1_048_576).toFixed(1)} MiB.`;
      found.push(finding(rules.LARGE_BINARY, { path, line: 0, message, key: path }));
    }
  }
  for (const root of modules) {
    if (isFixture(root) || isTest(root) || isExample(root)) continue;
    const message = 'Installed packages are committed.';
    found.push(
      finding(rules.COMMITTED_ARTEFACT, { path: root.slice(0, -1), line: 0, message, key: root }),
    );
  }
  return found;
};

const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

const nameProblems = ({ entries }: RepositoryFacts): Finding[] => {
  const found: Finding[] = [];
  const byLower = new Map<string, string>();
  for (const { path } of entries) {
    const lower = path.toLowerCase();
    const other = byLower.get(lower);
    if (other === undefined) byLower.set(lower, path);
    else {
      const message = `${path} and ${other} are one file where case does not count.`;
      found.push(finding(rules.CASE_COLLISION, { path, line: 0, message, key: path }));
    }
    const bad = path
      .split('/')
      .find((part) => RESERVED.test(part) || /[<>:"|?*\\]|[. ]$/.test(part) || hasControl(part));
    if (bad !== undefined) {
      const message = `"${bad}" is not a valid name on Windows.`;
      found.push(finding(rules.UNPORTABLE_NAME, { path, line: 0, message, key: path }));
    }
  }
  return found;
};

const hasControl = (name: string): boolean => /\p{Cc}/u.test(name);
