/**
 * `.gitignore` files of a tree, nested ones included, with git's order: the deepest file that says
 * anything about a path decides. The patterns are a stranger's: they are turned into regular
 * expressions, so patterns that could take exponential time are left out and counted.
 */
import ignore from 'ignore';
import type { Ignore } from 'ignore';

/** Real files stay under a few hundred lines; the bounds keep a hostile tree from eating the hour. */
const MAX_IGNORE_BYTES = 65_536;
const MAX_LINES_PER_FILE = 2_000;
const MAX_LINES_PER_TREE = 20_000;
const MAX_PATTERN_CHARS = 500;
/** Each further star of a segment multiplies the time by the length of the name. */
const MAX_STARS_PER_SEGMENT = 3;
const MAX_STAR_SEGMENTS = 4;

interface Scope {
  /** With a trailing slash, or '' for the root. */
  readonly prefix: string;
  readonly rules: Ignore;
  readonly outer: Scope | undefined;
}

/** The rules that hold inside one directory. */
export type IgnoreScope = Scope | undefined;

export class IgnoreRules {
  #lines = 0;
  #refused = 0;

  /** Patterns that were left out because they are too costly or too many. */
  get refusedPatterns(): number {
    return this.#refused;
  }

  /** The scope inside `directory` ('' for the root) given the text of its `.gitignore`. */
  enter(directory: string, text: string, outer: IgnoreScope): IgnoreScope {
    const lines = text.slice(0, MAX_IGNORE_BYTES).split(/\r?\n/);
    const usable = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
    const room = Math.min(MAX_LINES_PER_FILE, MAX_LINES_PER_TREE - this.#lines);
    const kept = usable.slice(0, Math.max(0, room)).filter(isCheap);
    this.#lines += kept.length;
    this.#refused += usable.length - kept.length;
    if (kept.length === 0) return outer;
    const rules = ignore({ ignorecase: false, allowRelativePaths: true }).add(kept);
    return { prefix: directory === '' ? '' : `${directory}/`, rules, outer };
  }

  /**
   * Whether git would leave the path out, and the scope that holds below it. A directory that an inner
   * file takes back from an outer one's exclusion is no longer subject to the outer file.
   */
  check(path: string, kind: 'file' | 'directory', scope: IgnoreScope): Verdict {
    const tail = kind === 'directory' ? '/' : '';
    for (let each = scope; each !== undefined; each = each.outer) {
      const { ignored, unignored } = each.rules.test(path.slice(each.prefix.length) + tail);
      if (ignored) return { ignored: true, below: scope };
      if (unignored) return { ignored: false, below: takenBack(path + tail, scope, each) };
    }
    return { ignored: false, below: scope };
  }
}

export interface Verdict {
  readonly ignored: boolean;
  readonly below: IgnoreScope;
}

/** The scopes down to `decider`, without the outer ones when one of those excludes the path. */
function takenBack(path: string, scope: IgnoreScope, decider: Scope): IgnoreScope {
  let outer = decider.outer;
  while (outer !== undefined && !outer.rules.test(path.slice(outer.prefix.length)).ignored) {
    outer = outer.outer;
  }
  return outer === undefined ? scope : cutBelow(scope, decider);
}

function cutBelow(scope: IgnoreScope, decider: Scope): IgnoreScope {
  if (scope === undefined) return undefined;
  if (scope === decider) return { ...scope, outer: undefined };
  return { ...scope, outer: cutBelow(scope.outer, decider) };
}

function isCheap(pattern: string): boolean {
  if (pattern.length > MAX_PATTERN_CHARS) return false;
  const segments = pattern.split('/');
  let starSegments = 0;
  for (const segment of segments) {
    const stars = segment.split('*').length - 1;
    if (stars === 0) continue;
    starSegments++;
    if (stars > MAX_STARS_PER_SEGMENT) return false;
  }
  return starSegments <= MAX_STAR_SEGMENTS;
}
