/** Which source files no test names: by convention of file names and by what the tests import. */
import type { SourceFile } from '../analyser.ts';
import type { Finding } from '../finding.ts';
import { finding } from '../finding.ts';
import { isOwnSource, isTest, looksGenerated } from '../reading/path-kind.ts';
import { directoryOf, extensionOf, stemOf } from '../reading/posix-path.ts';
import { linesOf } from '../reading/text-lines.ts';
import { NO_TESTS, UNTESTED } from './rules.ts';

export type CoverageFact = {
  readonly path: string;
  readonly language: Language;
  readonly test: boolean;
  /** Lines of code of a source with behaviour; 0 when there is nothing to test. */
  readonly size: number;
  /** Stems that a test names. */
  readonly names: readonly string[];
  /** The directory whose Rust program this test starts, "" for the root; such a test can name no module. */
  readonly starts?: string;
};

type Language = 'script' | 'python' | 'go' | 'rust' | 'java' | 'ruby';

const LANGUAGES = new Map<string, Language>([
  ...['.js', '.mjs', '.cjs', '.jsx', '.ts', '.mts', '.cts', '.tsx'].map(
    (each) => [each, 'script'] as const,
  ),
  ['.py', 'python'],
  ['.go', 'go'],
  ['.rs', 'rust'],
  ['.java', 'java'],
  ['.kt', 'java'],
  ['.rb', 'ruby'],
]);

/** Smaller files are glue that the tests of their callers run. */
const MIN_LINES = 60;
/** Below this a repository is a script or a sketch. */
const MIN_LANGUAGE_LINES = 300;
/** Fewer test files than one in ten sources: the habit does not exist, so single files prove nothing. */
const MIN_TEST_SHARE = 0.1;
/** Above this share a list of files says less than the share itself. */
const MAX_LISTED_SHARE = 0.4;
const MIN_SUMMARISED = 10;
const MAX_NAMES = 150;

export const languageOf = (path: string): Language | undefined =>
  /\.d\.[cm]?ts$/.test(path) ? undefined : LANGUAGES.get(extensionOf(path));

export const coverageFact = ({ path, text }: SourceFile): CoverageFact | undefined => {
  const language = languageOf(path);
  if (language === undefined) return undefined;
  if (isTest(path)) {
    const starts = language === 'rust' ? crateStarted(path, text) : undefined;
    const fact = { path, language, test: true, size: 0, names: namesIn(path, text) };
    return starts === undefined ? fact : { ...fact, starts };
  }
  if (!isOwnSource(path) || looksGenerated(path, text)) return undefined;
  if (isInlineTested(language, text)) {
    return { path, language, test: true, size: 0, names: [stemOf(path).toLowerCase()] };
  }
  return { path, language, test: false, size: behaviourLines(language, path, text), names: [] };
};

/** `crate/tests/run.rs` that starts a program; modules of a binary crate cannot be imported by a test. */
const crateStarted = (path: string, text: string): string | undefined =>
  STARTS_PROGRAM.test(text) ? /^((?:.*?\/)?)tests\//.exec(path)?.[1] : undefined;

const STARTS_PROGRAM =
  /\bCommand::(?:new|cargo_bin)\b|\bCARGO_BIN_EXE_|\b(?:assert_cmd|trycmd|snapbox)\b/;

const isInlineTested = (language: Language, text: string): boolean =>
  (language === 'rust' && /#\[cfg\(test\)\]|#\[test\]/.test(text)) ||
  (language === 'script' && text.includes('import.meta.vitest')) ||
  (language === 'python' && /^[ \t]{0,200}>>> /m.test(text));

const NO_BEHAVIOUR =
  /(?:^|\/)(?:index|main|cli|mod|lib|setup|config|constants?|types?|interfaces?|schemas?|settings|messages|locales?|manage|version|wsgi|asgi|conf|__init__|__main__|doc|build|package-info|application|routes?|urls|admin|apps|[\w.-]*\.(?:config|stories|d|types?|constants?|schema|module|styles?))\.\w+$|(?:^|\/)(?:locales?|i18n|lang|migrations?|types|constants|config|scripts?|bench|benchmarks?|docs?|bin|tools?|assets|public|static|cmd|styles?|icons?)\//i;
const BEHAVIOUR: Readonly<Record<Language, RegExp>> = {
  script: /\bfunction\b|=>|\bclass\b/,
  python: /^[ \t]{0,200}(?:async )?def /m,
  go: /^func /m,
  rust: /\bfn /,
  java: /\)\s*(?:throws [\w, .]+)?\{|\bfun /,
  ruby: /^[ \t]{0,200}def /m,
};

const behaviourLines = (language: Language, path: string, text: string): number => {
  if (NO_BEHAVIOUR.test(path) || !BEHAVIOUR[language].test(text)) return 0;
  return linesOf(text).filter((line) => line.trim() !== '' && !/^\s*(?:\/\/|#|\/?\*)/.test(line))
    .length;
};

/** `test_user_store.py`, `user-store.test.ts`, `UserStoreTest.java`, `__tests__/user-store.js`. */
const namesIn = (path: string, text: string): string[] => {
  const own = stemOf(path)
    .replace(/[._-](?:test|spec|tests|e2e|cy|integration|unit|it)$/i, '')
    .replace(/^test[_-]|[_-]?(?:tests?|spec)$|IT$/i, '')
    .toLowerCase();
  const names = new Set([own, ...own.split('.')]);
  for (const match of text.matchAll(
    /["'`]([\w@~./-]{1,200})["'`]|^[ \t]{0,200}(?:from|import|use|require)[ \t]{1,20}([\w.:]{1,200})(?:[ \t]{1,20}import[ \t]{1,20}([\w, ]{1,300}))?/gm,
  )) {
    const word = match[1] ?? match[2] ?? '';
    names.add(lastPart(word));
    for (const part of (match[3] ?? '').split(',')) names.add(part.trim().toLowerCase());
    if (names.size > MAX_NAMES) break;
  }
  names.delete('');
  return [...names];
};

const lastPart = (word: string): string => {
  const parts = word.split(/\/|::/).filter((part) => part !== '');
  const last = (parts.at(-1) ?? '').replace(/\.(?:[cm]?[jt]sx?|rb|py)$/, '');
  const name = /^(?:index|mod|__init__)$/.test(last) ? (parts.at(-2) ?? '') : last;
  return (
    name.includes('.') && !name.startsWith('.') ? (name.split('.').at(-1) ?? '') : name
  ).toLowerCase();
};

export const judgeCoverage = (facts: readonly CoverageFact[]): Finding[] => {
  const found: Finding[] = [];
  for (const language of new Set(LANGUAGES.values())) {
    const ours = facts.filter((each) => each.language === language);
    const tests = ours.filter((each) => each.test);
    const sources = ours.filter((each) => !each.test && each.size > 0);
    const size = sources.reduce((sum, each) => sum + each.size, 0);
    if (tests.length === 0) {
      if (size >= MIN_LANGUAGE_LINES) found.push(noTests(language, sources.length, size));
    } else if (tests.length >= sources.length * MIN_TEST_SHARE)
      found.push(...untested(sources, tests));
  }
  return found;
};

const noTests = (language: Language, files: number, size: number): Finding => {
  const name = language === 'script' ? 'JavaScript/TypeScript' : language;
  const message = `${files} ${name} file(s) with ${size} lines of code and not one test.`;
  return finding(NO_TESTS, { path: '.', line: 0, message, key: language });
};

const untested = (sources: readonly CoverageFact[], tests: readonly CoverageFact[]): Finding[] => {
  const names = new Set(tests.flatMap((each) => each.names));
  const testedDirectories = new Set(tests.map((each) => directoryOf(each.path)));
  const started = [...new Set(tests.flatMap(({ starts }) => starts ?? []))];
  const judged = sources.filter(
    (each) => each.size >= MIN_LINES && !started.some((root) => each.path.startsWith(root)),
  );
  const missed = judged
    .filter((each) => !isNamed(stemOf(each.path).toLowerCase(), names))
    .filter((each) => !(each.language === 'go' && testedDirectories.has(directoryOf(each.path))))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const [first] = missed;
  if (
    first !== undefined &&
    missed.length > MIN_SUMMARISED &&
    missed.length > judged.length * MAX_LISTED_SHARE
  ) {
    const message = `No test names ${missed.length} of ${judged.length} ${first.language} files with behaviour.`;
    return [finding(UNTESTED, { path: '.', line: 0, message, key: first.language })];
  }
  return missed.map(({ path, size }) => {
    const message = `No test names this file of ${size} lines of code.`;
    return finding(UNTESTED, { path, line: 0, message, key: path });
  });
};

const isNamed = (stem: string, names: ReadonlySet<string>): boolean => {
  const plain = stem.replace(/^_+|\.(?:component|service|controller|server|client)$/g, '');
  const joined = plain.replaceAll(/[_-]/g, '');
  return [stem, plain, joined].some((each) => names.has(each));
};
