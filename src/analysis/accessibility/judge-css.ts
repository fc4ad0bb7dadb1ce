/** Rules about style sheets: contrast of pairs in one rule, removed outlines, endless motion. */
import type { Finding } from '../finding.ts';
import { finding } from '../finding.ts';
import type { Colour } from './colour.ts';
import { contrastRatio, readColour } from './colour.ts';
import type { CssRule } from './read-css.ts';
import { readCss } from './read-css.ts';
import * as rules from './rules.ts';

type Sheet = { readonly path: string; readonly text: string; readonly firstLine: number };

export const judgeCss = ({ path, text, firstLine }: Sheet): Finding[] => {
  const sheet = readCss(text, firstLine);
  const variables = rootVariables(sheet);
  return [
    ...sheet.flatMap((rule) => lowContrast(path, rule, variables)),
    ...removedOutlines(path, sheet),
    ...endlessMotion(path, sheet, text),
  ];
};

/** Only values that are the same everywhere in the file: a theme that redefines one makes it unknown. */
const rootVariables = (sheet: readonly CssRule[]): Map<string, string> => {
  const values = new Map<string, Set<string>>();
  for (const { declarations } of sheet) {
    for (const [name, value] of declarations) {
      if (name.startsWith('--'))
        values.set(name, (values.get(name) ?? new Set<string>()).add(value));
    }
  }
  const single = new Map<string, string>();
  for (const [name, set] of values) {
    const [only] = set;
    if (set.size === 1 && only !== undefined) single.set(name, only);
  }
  return single;
};

/** Variables that refer to variables; a circle ends here. */
const MAX_HOPS = 8;

const resolve = (value: string, variables: ReadonlyMap<string, string>): string => {
  let current = value.replace(/\s*!important$/, '').trim();
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    const use =
      /^var\(\s*(--[\w-]{1,100})\s*(?:,\s*([^()]{1,200}|[\w-]+\([^()]{1,200}\)))?\)$/.exec(current);
    if (use === null) return current;
    const next = variables.get(use[1] ?? '');
    if (next === undefined) return '';
    current = next;
  }
  return '';
};

const NORMAL_TEXT = 4.5;
const LARGE_TEXT = 3;
/** A rule line or a deliberately hidden text, not a mistake. */
const SAME_COLOUR = 1;
/** Not text that must be read: disabled controls, hidden helpers, decoration, selections, print. */
const EXEMPT =
  /disabled|inactive|sr-only|visually-hidden|::?(?:selection|placeholder|before|after|-webkit-scrollbar|marker)|placeholder|skeleton|divider|separator|icon|overlay|watermark|keyframes|@page|print/i;

const lowContrast = (
  path: string,
  { selector, context, line, declarations }: CssRule,
  variables: ReadonlyMap<string, string>,
): Finding[] => {
  const text = declarations.get('color');
  const background = declarations.get('background-color') ?? declarations.get('background');
  if (text === undefined || background === undefined || EXEMPT.test(`${selector} ${context}`))
    return [];
  if (isInvisible(declarations)) return [];
  const front = opaque(readColour(resolve(text, variables)));
  const back = opaque(readColour(resolve(background, variables)));
  if (front === undefined || back === undefined) return [];
  const ratio = contrastRatio(front, back);
  const needed = isLarge(declarations) ? LARGE_TEXT : NORMAL_TEXT;
  if (ratio >= needed || ratio === SAME_COLOUR) return [];
  const message = `${selector}: ${text} on ${background} is ${ratio.toFixed(2)}:1, needed is ${needed}:1.`;
  return [
    finding(rules.CONTRAST, { path, line, message, key: `${selector} ${text} ${background}` }),
  ];
};

const opaque = (colour: Colour | undefined): Colour | undefined =>
  colour?.alpha === 1 ? colour : undefined;

const isInvisible = (declarations: ReadonlyMap<string, string>): boolean =>
  declarations.get('display') === 'none' ||
  declarations.get('visibility') === 'hidden' ||
  /^0(?:px|rem|em)?$/.test(declarations.get('font-size') ?? '') ||
  (declarations.get('color') ?? '') === (declarations.get('background-color') ?? '-') ||
  /^-\d{3,}/.test(declarations.get('text-indent') ?? '');

/** 24 px, or 18.66 px in bold. */
const isLarge = (declarations: ReadonlyMap<string, string>): boolean => {
  const size = /^([\d.]+)(px|rem|em|pt)\b/.exec(declarations.get('font-size') ?? '');
  if (size === null) return false;
  const unit = size[2];
  const pixels = Number(size[1]) * (unit === 'px' ? 1 : unit === 'pt' ? 4 / 3 : 16);
  return (
    pixels >= 24 ||
    (pixels >= 18.66 && /^(?:bold|[7-9]00)/.test(declarations.get('font-weight') ?? ''))
  );
};

const removesOutline = ({ declarations }: CssRule): boolean =>
  /^(?:none|0(?:px)?)(?:\s*!important)?$/.test(
    declarations.get('outline') ?? declarations.get('outline-style') ?? '',
  );
const REPLACEMENTS = [
  'box-shadow',
  'border',
  'border-color',
  'border-bottom',
  'border-bottom-color',
  'background',
  'background-color',
  'text-decoration',
  'color',
  'outline-color',
  'border-width',
];
const marksFocus = ({ declarations }: CssRule): boolean =>
  REPLACEMENTS.some((name) => !/^(?:none|0|transparent)$/.test(declarations.get(name) ?? 'none')) ||
  /^(?!none|0)\S/.test(declarations.get('outline') ?? '');

const FOCUSABLE =
  /(?:^|[\s,>+~])(?:\*|a|button|input|select|textarea|summary|\[tabindex[^\]]*\]|[\w.#-]*(?:btn|button|link|input|field)[\w-]*)(?::[\w-]+(?:\([^)]*\))?)*\s*(?:,|$)/i;

/** Removed on something that takes focus by keyboard, and no rule of the sheet shows focus for it. */
const removedOutlines = (path: string, sheet: readonly CssRule[]): Finding[] => {
  const focusRules = sheet.filter(
    ({ selector }) => /:focus/.test(selector) && !/:focus:not\(:focus-visible\)/.test(selector),
  );
  const shows = focusRules.filter(marksFocus).map(({ selector }) => selector);
  return sheet.filter(removesOutline).flatMap((rule) => {
    const { selector, line } = rule;
    if (
      /:focus:not\(:focus-visible\)|:not\(:focus-visible\)|tabindex=["']?-1|:active|:hover(?!.*:focus)/.test(
        selector,
      )
    )
      return [];
    const isFocusRule = /:focus/.test(selector);
    if (!isFocusRule && !FOCUSABLE.test(selector)) return [];
    if (isFocusRule && marksFocus(rule)) return [];
    if (shows.some((each) => coversFocusOf(each, selector))) return [];
    return [
      finding(rules.OUTLINE, {
        path,
        line,
        message: `${selector} hides the focus outline.`,
        key: selector,
      }),
    ];
  });
};

const coversFocusOf = (shown: string, hidden: string): boolean => {
  const bare = (selector: string): string[] =>
    selector.split(',').map((part) => part.replace(/::?[\w-]+(?:\([^)]*\))?/g, '').trim());
  const showing = bare(shown);
  return (
    showing.some((each) => each === '' || each === '*') ||
    bare(hidden).some((each) => showing.includes(each))
  );
};

const endlessMotion = (path: string, sheet: readonly CssRule[], text: string): Finding[] => {
  if (text.includes('prefers-reduced-motion')) return [];
  const moving = sheet.find(({ declarations }) =>
    /\binfinite\b/.test(
      `${declarations.get('animation') ?? ''} ${declarations.get('animation-iteration-count') ?? ''}`,
    ),
  );
  if (
    moving === undefined ||
    /spin|load|progress|skeleton|pulse|busy/i.test(
      `${moving.selector} ${moving.declarations.get('animation') ?? ''} ${moving.declarations.get('animation-name') ?? ''}`,
    )
  )
    return [];
  const message = `${moving.selector} never stops moving.`;
  return [finding(rules.MOTION, { path, line: moving.line, message, key: moving.selector })];
};
