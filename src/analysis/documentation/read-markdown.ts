/**
 * Headings, links and anchors of a Markdown text: one pass over lines, code and comments left out. Not a
 * renderer; what CommonMark would read differently in odd corners is not worth a finding.
 */
import { linesOf } from '../reading/text-lines.ts';

export type Heading = {
  readonly level: number;
  readonly text: string;
  readonly line: number;
  /** Whether anything but headings stands under it before the next heading of its level or above. */
  filled: boolean;
};
export type Link = { readonly target: string; readonly line: number };

export type MarkdownReading = {
  readonly headings: readonly Heading[];
  readonly links: readonly Link[];
  /** Lower-case anchors: slugs of headings and explicit ids. */
  readonly anchors: ReadonlySet<string>;
  /** Prose lines with their numbers, code blanked out. */
  readonly prose: readonly { readonly text: string; readonly line: number }[];
  /** The line of a fence that never closes. */
  readonly openFence: number | undefined;
};

type State = {
  fence: { mark: string; line: number } | undefined;
  comment: boolean;
  headings: Heading[];
  /** The heading of this line and those above it, outermost first. */
  open: Heading[];
  links: Link[];
  ids: Set<string>;
  prose: { text: string; line: number }[];
  previous: string;
};

export const readMarkdown = (text: string): MarkdownReading => {
  const state: State = {
    fence: undefined,
    comment: false,
    headings: [],
    open: [],
    links: [],
    ids: new Set(),
    prose: [],
    previous: '',
  };
  const lines = linesOf(text);
  const start = frontMatterEnd(lines);
  lines.forEach((line, index) => {
    if (index >= start) readLine(line, index + 1, state);
  });
  return {
    headings: state.headings,
    links: state.links,
    anchors: new Set([...state.ids, ...slugs(state.headings)]),
    prose: state.prose,
    openFence: state.fence?.line,
  };
};

const frontMatterEnd = (lines: readonly string[]): number => {
  if (lines[0]?.trim() !== '---') return 0;
  const end = lines.findIndex((line, index) => index > 0 && line.trim() === '---');
  return end === -1 ? 0 : end + 1;
};

const readLine = (raw: string, line: number, state: State): void => {
  if (insideFence(raw, line, state)) return;
  const visible = withoutComments(raw, state);
  const plain = withoutCode(visible);
  for (const match of plain.matchAll(
    /<[a-z][a-z0-9]*\b[^>]{0,200}\b(?:name|id)=["']?([^"'\s>]{1,200})|\bid=["']([^"']{1,200})["']|\{#([\w-]{1,200})\}/gi,
  )) {
    state.ids.add((match[1] ?? match[2] ?? match[3] ?? '').toLowerCase());
  }
  const heading = headingOf(visible, line, state);
  if (heading !== undefined) {
    state.headings.push(heading);
    openHeading(state.open, heading);
    state.previous = '';
  } else if (visible.trim() !== '' || raw.trim().startsWith('```')) {
    fill(state.open);
    state.previous = visible.trim();
  } else state.previous = '';
  if (plain.trim() !== '') state.prose.push({ text: plain, line });
  state.links.push(...linksOf(plain, line));
};

const insideFence = (raw: string, line: number, state: State): boolean => {
  const mark = /^(?:\s{0,12}|(?:[\s>]|[-*+] |\d{1,4}[.)] ){0,12})(`{3,}|~{3,})([^`]*)$/.exec(raw);
  if (state.fence === undefined) {
    if (mark === null || state.comment) return false;
    fill(state.open);
    state.fence = { mark: mark[1] ?? '```', line };
    return true;
  }
  const closes =
    mark !== null && (mark[1] ?? '').startsWith(state.fence.mark) && (mark[2] ?? '').trim() === '';
  if (closes) state.fence = undefined;
  return true;
};

const withoutComments = (raw: string, state: State): string => {
  let rest = raw;
  let visible = '';
  while (rest !== '') {
    const mark = state.comment ? '-->' : '<!--';
    const at = rest.indexOf(mark);
    if (at === -1) break;
    if (!state.comment) visible += rest.slice(0, at);
    rest = rest.slice(at + mark.length);
    state.comment = !state.comment;
  }
  return state.comment ? visible : visible + rest;
};

const withoutCode = (line: string): string =>
  line.includes('`')
    ? line.replace(/``[^`]+(?:`[^`]+)*``|`[^`]*`/g, (code) => ' '.repeat(code.length))
    : line;

const headingOf = (line: string, number: number, state: State): Heading | undefined => {
  const atx = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/.exec(line);
  if (atx !== null) {
    const text = (atx[2] ?? '').replace(/\s+#+\s*$/, '').trim();
    return text === ''
      ? undefined
      : { level: atx[1]?.length ?? 1, text, line: number, filled: false };
  }
  const html = /^\s*<h([1-6])\b[^>]{0,300}>(.{0,400}?)<\/h\1>/i.exec(line);
  if (html !== null) {
    const text = (html[2] ?? '').replace(/<[^>]*>/g, '').trim();
    return { level: Number(html[1]), text, line: number, filled: true };
  }
  if (
    !/^ {0,3}(?:=+|-{2,})\s*$/.test(line) ||
    state.previous === '' ||
    /^[|>*+-]|^\d+\./.test(state.previous)
  ) {
    return undefined;
  }
  return {
    level: line.includes('=') ? 1 : 2,
    text: state.previous,
    line: number - 1,
    filled: false,
  };
};

/** Content fills every heading that is open above it, at most six. */
const fill = (open: readonly Heading[]): void => {
  for (const heading of open) heading.filled = true;
};

const openHeading = (open: Heading[], heading: Heading): void => {
  while ((open.at(-1)?.level ?? 0) >= heading.level) open.pop();
  open.push(heading);
};

const LINK =
  /\]\(\s{0,20}(?:<([^<>\n]{1,1000})>|((?:[^\s()<>]|\([^\s()]{0,300}\)){1,1000}))(?:\s{1,20}["'(][^"'\n]{0,500}["')])?\s{0,20}\)/g;
const DEFINITION = /^ {0,3}\[[^\]\n^][^\]\n]{0,300}\]:\s{1,20}<?([^\s<>]{1,1000})>?/;
const HTML_LINK = /<(?:a|img|source|video)\b[^>]{0,500}?\b(?:href|src)=["']([^"'\n]{1,1000})["']/gi;

const linksOf = (line: string, number: number): Link[] => {
  const targets: string[] = [];
  if (line.includes('](')) {
    for (const match of line.matchAll(LINK)) targets.push(match[1] ?? match[2] ?? '');
  }
  if (line.includes(']:')) targets.push(DEFINITION.exec(line)?.[1] ?? '');
  if (line.includes('<'))
    for (const match of line.matchAll(HTML_LINK))
      targets.push((match[1] ?? '').replace(/^#.*/, ''));
  return targets.filter((target) => target !== '').map((target) => ({ target, line: number }));
};

/** As GitHub builds them: lower case, punctuation gone, spaces to dashes, repeats numbered. */
const slugs = (headings: readonly Heading[]): string[] => {
  const counts = new Map<string, number>();
  return headings.flatMap(({ text }) => {
    const slug = slugOf(text);
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    return count === 0 ? [slug] : [`${slug}-${count}`];
  });
};

const slugOf = (heading: string): string =>
  heading
    .replace(/!?\[([^\]]{0,500})\]\([^)]{0,1000}\)/g, '$1')
    .replace(/\{#[^}]*\}/g, '')
    .replace(/<[^>]{0,300}>/g, '')
    .replace(/:[a-z_]+:/g, (emoji) => emoji.replaceAll(':', ''))
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
