/** Rules about pages and templates. A partial page is not blamed for what its layout holds. */
import type { SourceFile } from '../analyser.ts';
import type { Finding, Rule } from '../finding.ts';
import { finding } from '../finding.ts';
import type { HtmlTag } from './read-html.ts';
import { readHtml } from './read-html.ts';
import * as rules from './rules.ts';

type Report = (rule: Rule, tag: HtmlTag, about: string) => void;

export const judgeHtml = ({ path, text }: SourceFile): Finding[] => {
  const tags = readHtml(text);
  const found: Finding[] = [];
  const report: Report = (rule, tag, about) =>
    found.push(finding(rule, { path, line: tag.line, message: about, key: about }));
  const isTemplate = /\{\{|\{%|<%|<\?(?:php|=)|\{#(?:if|each)|\bv-(?:if|for)\b|\*ng(?:If|For)/.test(
    text,
  );
  judgePage(tags, { report, isTemplate });
  const labelled = labelTargets(tags);
  const open: string[] = [];
  tags.forEach((tag, index) => {
    follow(open, tag);
    if (tag.closing) return;
    judgeImage(tag, open, report);
    judgeField(tag, { inLabel: open.includes('label'), labelled, report });
    judgeName(tags, index, report);
    judgeTag(tag, report);
  });
  if (!isTemplate) judgeIds(tags, report);
  return found;
};

const VOID = new Set(
  'area base br col embed hr img input link meta param source track wbr'.split(' '),
);
const MAX_OPEN = 500;

const follow = (open: string[], tag: HtmlTag): void => {
  if (!tag.closing) {
    if (!VOID.has(tag.name) && open.length < MAX_OPEN) open.push(tag.name);
    return;
  }
  const at = open.lastIndexOf(tag.name);
  if (at !== -1) open.length = at;
};

const judgePage = (
  tags: readonly HtmlTag[],
  context: { report: Report; isTemplate: boolean },
): void => {
  const { report, isTemplate } = context;
  const html = tags.find(({ name, closing }) => name === 'html' && !closing);
  if (html !== undefined) {
    if (!html.open && !html.attributes.has('lang') && !html.attributes.has('xml:lang')) {
      report(rules.HTML_LANG, html, '<html> has no lang.');
    }
    const head = tags.find(({ name, closing }) => name === 'head' && !closing);
    const title = tags.find(({ name, closing }) => name === 'title' && !closing);
    const isRedirect = tags.some(
      ({ attributes }) => attributes.get('http-equiv')?.toLowerCase() === 'refresh',
    );
    if (
      head !== undefined &&
      !isTemplate &&
      !isRedirect &&
      (title === undefined || (title.text.trim() === '' && title.attributes.size === 0))
    ) {
      report(
        rules.PAGE_TITLE,
        head,
        title === undefined ? 'The page has no <title>.' : 'The <title> is empty.',
      );
    }
  }
  judgeHeadings(tags, report, isTemplate);
};

const judgeHeadings = (tags: readonly HtmlTag[], report: Report, isTemplate: boolean): void => {
  let level = 0;
  for (const tag of tags) {
    const match = /^h([1-6])$/.exec(tag.name);
    if (match === null || tag.closing) continue;
    const next = Number(match[1]);
    if (level > 0 && next > level + 1 && !isTemplate)
      report(rules.HEADING_ORDER, tag, `<h${next}> follows <h${level}>.`);
    level = next;
  }
};

const isHidden = (tag: HtmlTag): boolean =>
  tag.attributes.get('aria-hidden') === 'true' ||
  tag.attributes.has('hidden') ||
  /^(?:presentation|none)$/.test(tag.attributes.get('role') ?? '');

const isNamed = (tag: HtmlTag): boolean =>
  tag.open ||
  ['aria-label', 'aria-labelledby', 'title'].some(
    (name) => (tag.attributes.get(name) ?? '') !== '',
  );

const judgeImage = (tag: HtmlTag, open: readonly string[], report: Report): void => {
  if (
    tag.name !== 'img' ||
    tag.open ||
    isHidden(tag) ||
    tag.attributes.has('alt') ||
    isNamed(tag) ||
    open.includes('noscript')
  )
    return;
  const isPixel = tag.attributes.get('width') === '1' && tag.attributes.get('height') === '1';
  if (!isPixel)
    report(rules.IMAGE_ALT, tag, `<img src="${tag.attributes.get('src') ?? ''}"> has no alt.`);
};

const labelTargets = (tags: readonly HtmlTag[]): Set<string> =>
  new Set(
    tags
      .filter(({ name, closing }) => name === 'label' && !closing)
      .map(({ attributes }) => attributes.get('for') ?? attributes.get('htmlfor') ?? ''),
  );

type FieldContext = {
  readonly inLabel: boolean;
  readonly labelled: ReadonlySet<string>;
  readonly report: Report;
};

const judgeField = (tag: HtmlTag, { inLabel, labelled, report }: FieldContext): void => {
  if (tag.name !== 'input' && tag.name !== 'select' && tag.name !== 'textarea') return;
  const type = tag.attributes.get('type')?.toLowerCase() ?? 'text';
  if (/^(?:hidden|submit|button|reset)$/.test(type) || /[{$<]/.test(type)) return;
  const id = tag.attributes.get('id') ?? '';
  if (
    inLabel ||
    isNamed(tag) ||
    isHidden(tag) ||
    (id !== '' && labelled.has(id)) ||
    /[{$]/.test(id)
  )
    return;
  if (
    type === 'image'
      ? tag.attributes.has('alt')
      : /display:\s*none/.test(tag.attributes.get('style') ?? '')
  )
    return;
  report(rules.INPUT_LABEL, tag, `<${tag.name}${id === '' ? '' : ` id="${id}"`}> has no label.`);
};

/** How far a button's contents are searched for a name. */
const MAX_INNER_TAGS = 60;

const judgeName = (tags: readonly HtmlTag[], index: number, report: Report): void => {
  const tag = tags[index];
  if (
    tag === undefined ||
    (tag.name !== 'button' && tag.name !== 'a') ||
    isNamed(tag) ||
    isHidden(tag)
  )
    return;
  if (tag.name === 'a' && !tag.attributes.has('href')) return;
  if (
    [
      'v-text',
      'v-html',
      'innerhtml',
      'x-text',
      'textcontent',
      'data-bind',
      'data-i18n',
      'ng-bind',
    ].some((name) => tag.attributes.has(name))
  )
    return;
  let content = tag.text;
  for (const inner of tags.slice(index + 1, index + MAX_INNER_TAGS)) {
    if (inner.closing && inner.name === tag.name) break;
    const named =
      isNamed(inner) ||
      (inner.attributes.get('alt') ?? '') !== '' ||
      inner.attributes.has('v-text') ||
      inner.attributes.has('v-html');
    const isComponent =
      /^[A-Z]|-/.test(inner.name) ||
      inner.name === 'slot' ||
      (inner.name === 'svg' ? false : inner.name === 'title');
    if (!inner.closing && (named || isComponent)) return;
    content += inner.text;
  }
  if (content.replace(/&nbsp;|\s/g, '') === '') {
    const id =
      tag.attributes.get('id') ?? tag.attributes.get('class') ?? tag.attributes.get('href') ?? '';
    report(rules.BUTTON_NAME, tag, `<${tag.name}${id === '' ? '' : ` ${id}`}> has no name.`);
  }
};

const judgeTag = (tag: HtmlTag, report: Report): void => {
  const { name, attributes } = tag;
  const tabindex = attributes.get('tabindex') ?? '';
  if (/^[1-9]\d*$/.test(tabindex))
    report(rules.TABINDEX, tag, `tabindex="${tabindex}" on <${name}>.`);
  if (
    name === 'iframe' &&
    !isNamed(tag) &&
    !isHidden(tag) &&
    !/display:\s*none|visibility:\s*hidden/.test(attributes.get('style') ?? '')
  ) {
    report(rules.FRAME_TITLE, tag, `<iframe src="${attributes.get('src') ?? ''}"> has no title.`);
  }
  if (name !== 'meta' || attributes.get('name')?.toLowerCase() !== 'viewport') return;
  const content = attributes.get('content') ?? '';
  const scale = /maximum-scale\s*=\s*([\d.]+)/.exec(content)?.[1];
  if (/user-scalable\s*=\s*(?:no|0)/.test(content) || (scale !== undefined && Number(scale) < 2)) {
    report(rules.ZOOM_LOCKED, tag, 'The viewport does not allow zooming.');
  }
};

const judgeIds = (tags: readonly HtmlTag[], report: Report): void => {
  const seen = new Set<string>();
  let inTemplate = 0;
  for (const tag of tags) {
    if (tag.name === 'template' || tag.name === 'symbol' || tag.name === 'defs')
      inTemplate += tag.closing ? -1 : 1;
    const id = tag.attributes.get('id') ?? '';
    if (id === '' || tag.closing || inTemplate > 0 || /[{$<%]/.test(id)) continue;
    if (seen.has(id)) report(rules.DUPLICATE_ID, tag, `id="${id}" is used twice.`);
    seen.add(id);
  }
};
