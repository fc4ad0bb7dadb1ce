import type { Rule } from '../finding.ts';

const rule = (id: string, rest: Omit<Rule, 'id'>): Rule => ({ id: `accessibility/${id}`, ...rest });

export const IMAGE_ALT = rule('image-alt', {
  severity: 'warning',
  confidence: 0.9,
  title: 'Image without a text alternative (WCAG 1.1.1)',
  why: 'A screen reader reads the file name instead.',
  fix: 'Describe the image in alt, or write alt="" when it is decoration.',
});
export const INPUT_LABEL = rule('input-label', {
  severity: 'warning',
  confidence: 0.8,
  title: 'Form field without a label (WCAG 1.3.1, 4.1.2)',
  why: 'Nobody who cannot see the layout knows what to enter.',
  fix: 'Add <label for="…">, wrap the field in a label, or set aria-label.',
});
export const HTML_LANG = rule('html-lang', {
  severity: 'warning',
  confidence: 0.9,
  title: 'Page without a language (WCAG 3.1.1)',
  why: 'Screen readers pronounce the text in the wrong language.',
  fix: 'Set lang on <html>.',
});
export const BUTTON_NAME = rule('button-name', {
  severity: 'warning',
  confidence: 0.85,
  title: 'Button or link without a name (WCAG 4.1.2)',
  why: 'It is announced as "button" and nothing more.',
  fix: 'Give it text, aria-label, or an image with alt inside.',
});
export const TABINDEX = rule('positive-tabindex', {
  severity: 'warning',
  confidence: 0.9,
  title: 'Positive tabindex (WCAG 2.4.3)',
  why: 'It jumps ahead of everything else on the page and breaks the order of focus.',
  fix: 'Use 0 and put the element where it belongs in the document.',
});
export const PAGE_TITLE = rule('page-title', {
  severity: 'warning',
  confidence: 0.85,
  title: 'Page without a title (WCAG 2.4.2)',
  why: 'Tabs, history and screen readers name the page by its title.',
  fix: 'Add <title> to the head.',
});
export const HEADING_ORDER = rule('heading-order', {
  severity: 'note',
  confidence: 0.6,
  title: 'Heading level is skipped (WCAG 1.3.1)',
  why: 'Who moves by headings misses a level and looks for what is not there.',
  fix: 'Go down one level at a time; size is a matter of CSS.',
});
export const DUPLICATE_ID = rule('duplicate-id', {
  severity: 'warning',
  confidence: 0.85,
  title: 'The same id twice on a page',
  why: 'Labels, anchors and aria references reach the first one only.',
  fix: 'Make the ids unique.',
});
export const FRAME_TITLE = rule('frame-title', {
  severity: 'note',
  confidence: 0.8,
  title: 'Frame without a title (WCAG 4.1.2)',
  why: 'Its purpose cannot be told without entering it.',
  fix: 'Set title on the iframe.',
});
export const ZOOM_LOCKED = rule('zoom-locked', {
  severity: 'warning',
  confidence: 0.9,
  title: 'Zoom is switched off (WCAG 1.4.4)',
  why: 'Who needs larger text cannot have it.',
  fix: 'Remove user-scalable=no and maximum-scale below 2.',
});
export const CONTRAST = rule('contrast', {
  severity: 'warning',
  confidence: 0.8,
  title: 'Text contrast is too low (WCAG 1.4.3)',
  why: 'Many people cannot read it, and nobody can in the sun.',
  fix: 'Darken or lighten one of the two colours until the ratio is 4.5:1 (3:1 for large text).',
});
export const OUTLINE = rule('focus-outline', {
  severity: 'warning',
  confidence: 0.75,
  title: 'Focus outline is removed (WCAG 2.4.7)',
  why: 'Keyboard users no longer see where they are.',
  fix: 'Give :focus-visible a visible outline, border or shadow.',
});
export const MOTION = rule('reduced-motion', {
  severity: 'note',
  confidence: 0.5,
  title: 'Endless animation without prefers-reduced-motion (WCAG 2.3.3)',
  why: 'Moving content makes some people ill; their system setting is ignored.',
  fix: 'Stop the animation inside @media (prefers-reduced-motion: reduce).',
});

export const RULES: readonly Rule[] = [
  IMAGE_ALT,
  INPUT_LABEL,
  HTML_LANG,
  BUTTON_NAME,
  TABINDEX,
  PAGE_TITLE,
  HEADING_ORDER,
  DUPLICATE_ID,
  FRAME_TITLE,
  ZOOM_LOCKED,
  CONTRAST,
  OUTLINE,
  MOTION,
];
