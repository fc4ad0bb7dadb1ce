/**
 * Tags and text of HTML and of component templates: one linear pass, no tree. Scripts, styles and comments
 * are left out; attributes keep their order; names lose the binding marks of Vue and Svelte.
 */
import { lineFinder } from '../reading/text-lines.ts';

export type HtmlTag = {
  readonly name: string;
  readonly closing: boolean;
  readonly attributes: ReadonlyMap<string, string>;
  /** `{...props}`, `v-bind="x"`: more attributes than can be seen. */
  readonly open: boolean;
  readonly line: number;
  /** Text between this tag and the next one. */
  text: string;
};

const RAW_TEXT = new Set(['script', 'style', 'template-source', 'textarea', 'noscript']);
/** An attribute list longer than this is data. */
const MAX_TAG_CHARS = 20_000;
const MAX_TAGS = 50_000;

export const readHtml = (text: string): HtmlTag[] => {
  const tags: HtmlTag[] = [];
  const lineAt = lineFinder(text);
  let at = 0;
  while (at < text.length && tags.length < MAX_TAGS) {
    const open = text.indexOf('<', at);
    const previous = tags.at(-1);
    if (previous !== undefined) previous.text += text.slice(at, open === -1 ? text.length : open);
    if (open === -1) break;
    if (text.startsWith('<!--', open)) {
      const close = text.indexOf('-->', open + 4);
      at = close === -1 ? text.length : close + 3;
      continue;
    }
    const tag = readTag(text, open);
    if (tag === undefined) {
      if (previous !== undefined) previous.text += '<';
      at = open + 1;
      continue;
    }
    tags.push({ ...tag.tag, line: lineAt(open) });
    at = afterTag(text, tag.tag, tag.end);
  }
  return tags;
};

type TagReading = { readonly tag: Omit<HtmlTag, 'line'>; readonly end: number };

const readTag = (text: string, open: number): TagReading | undefined => {
  const name = /^<(\/?)([A-Za-z][\w:.-]{0,60})/.exec(text.slice(open, open + 70));
  if (name === null) return undefined;
  const [start, slash, rawName = ''] = name;
  const close = tagEnd(text, open + start.length);
  const { attributes, isOpen } = readAttributes(text.slice(open + start.length, close));
  /** Components keep their capital: they render what cannot be seen here. */
  const tagName =
    /^[A-Z]/.test(rawName) && rawName !== rawName.toUpperCase() ? rawName : rawName.toLowerCase();
  return {
    tag: { name: tagName, closing: slash === '/', attributes, open: isOpen, text: '' },
    end: close,
  };
};

/** Past the tag, and past the contents of elements that hold no markup. */
const afterTag = (
  text: string,
  { name, closing }: Pick<HtmlTag, 'name' | 'closing'>,
  end: number,
): number => {
  if (closing || !RAW_TEXT.has(name)) return end + 1;
  const stop = closingTag(text, name, end + 1);
  return stop === -1 ? text.length : stop;
};

const closingTag = (text: string, name: string, from: number): number => {
  for (let at = text.indexOf('</', from); at !== -1; at = text.indexOf('</', at + 2)) {
    if (text.slice(at + 2, at + 2 + name.length).toLowerCase() === name) return at;
  }
  return -1;
};

/** The `>` that ends a tag, past quoted values and `{…}` expressions. */
const tagEnd = (text: string, from: number): number => {
  let quote = '';
  let braces = 0;
  const limit = Math.min(text.length, from + MAX_TAG_CHARS);
  for (let at = from; at < limit; at += 1) {
    const char = text[at] ?? '';
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === '{') braces += 1;
    else if (char === '}') braces = Math.max(0, braces - 1);
    else if (char === '>' && braces === 0) return at;
  }
  const plain = text.indexOf('>', from);
  return plain === -1 ? text.length : plain;
};

const ATTRIBUTE =
  /([^\s"'=<>/{}]{1,200})(?:\s{0,20}=\s{0,20}(?:"([^"]*)"|'([^']*)'|(\{[^}]*\}+|[^\s"'>]+)))?/g;

const readAttributes = (source: string): { attributes: Map<string, string>; isOpen: boolean } => {
  const attributes = new Map<string, string>();
  for (const match of source.matchAll(ATTRIBUTE)) {
    const raw = match[1] ?? '';
    const name = raw
      .replace(/^(?:v-bind:|bind:|:|\[)|\]$|\.(?:prop|camel|attr)$/g, '')
      .replace(/^attr\./, '')
      .toLowerCase();
    if (!attributes.has(name)) attributes.set(name, match[2] ?? match[3] ?? match[4] ?? '');
  }
  const isOpen = /\{\s*\.\.\.|\bv-bind=|\{\{|\{%|<%|<\?|\{#|@\w+\(|\$\{|\{\w+\}/.test(source);
  return { attributes, isOpen };
};
