/** Where a relative link of a Markdown file leads. Doubtful targets (sites, templates, builds) pass. */
import type { RepositoryFacts } from '../repository-facts.ts';
import { isGeneratedPath } from '../reading/path-kind.ts';
import { directoryOf, joinPath, resolveFrom } from '../reading/posix-path.ts';

export type LinkVerdict =
  | { readonly kind: 'fine' }
  | { readonly kind: 'missing'; readonly target: string }
  /** The file exists; whether it has the anchor is for the caller. */
  | { readonly kind: 'anchor'; readonly file: string; readonly anchor: string };

const FINE: LinkVerdict = { kind: 'fine' };
const EXTERNAL = /^(?:[a-z][a-z0-9+.-]*:|\/|\\|#?$)/i;
const PLACEHOLDER = /[{}$<>|*`]|%7B|\.\.\.|^(?:url|link|path|todo|href|xxx)$/i;
/** Line anchors, text fragments and the like belong to the viewer. */
const VIEWER_ANCHOR = /^(?:L\d+|:~:|diff-|issuecomment|user-content-|\/|!|top$|readme$)/i;

export const judgeLink = (from: string, rawTarget: string, facts: RepositoryFacts): LinkVerdict => {
  if (EXTERNAL.test(rawTarget) || PLACEHOLDER.test(rawTarget)) return FINE;
  const hash = rawTarget.indexOf('#');
  const anchor = hash === -1 ? '' : decoded(rawTarget.slice(hash + 1));
  const path = decoded((hash === -1 ? rawTarget : rawTarget.slice(0, hash)).replace(/\?.*$/, ''));
  if (path === '') return anchorVerdict(from, anchor);
  const target = resolveFrom(directoryOf(from), path);
  if (target === undefined || target.startsWith('.git/')) return FINE;
  const file = existing(target, facts);
  if (file !== undefined) return anchorVerdict(file, anchor);
  if (isBuilt(target) || !looksLikePath(path)) return FINE;
  return { kind: 'missing', target };
};

const anchorVerdict = (file: string, anchor: string): LinkVerdict =>
  anchor === '' || VIEWER_ANCHOR.test(anchor) || !/\.(?:md|markdown)$/i.test(file)
    ? FINE
    : { kind: 'anchor', file, anchor: anchor.toLowerCase() };

/** Documentation tools drop extensions, serve directories, and turn .md into .html. */
const existing = (target: string, facts: RepositoryFacts): string | undefined => {
  const { paths, directories } = facts;
  if (paths.has(target)) return target;
  const stem = target.replace(/\.(?:html?|mdx?|rst)$/i, '');
  const sources = ['.md', '.mdx', '.markdown', '.rst', '.adoc', '.html', '.ipynb', '.txt'];
  const candidates = [
    ...sources.map((extension) => stem + extension),
    ...sources.flatMap((extension) =>
      ['index', 'README', 'readme', '_index'].map((name) => joinPath(stem, name + extension)),
    ),
  ];
  const found = candidates.find((candidate) => paths.has(candidate));
  return found ?? (directories.has(target) ? target : undefined);
};

const isBuilt = (target: string): boolean =>
  isGeneratedPath(`${target}/`) ||
  /(?:^|\/)(?:node_modules|site|_site|public|static|assets\/build|api|reference|javadoc)\//.test(
    `${target}/`,
  );

/** `[x](word)` is as often a macro or an interface call as a file. */
const looksLikePath = (path: string): boolean =>
  /^\.{1,2}\//.test(path) || /[^.\s]\.[A-Za-z][A-Za-z0-9]{0,9}$/.test(path) || /\/.*\w/.test(path);

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
