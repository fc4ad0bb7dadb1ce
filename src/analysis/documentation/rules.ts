import type { Rule } from '../finding.ts';

const rule = (id: string, rest: Omit<Rule, 'id'>): Rule => ({ id: `documentation/${id}`, ...rest });

export const BROKEN_LINK = rule('broken-link', {
  severity: 'warning',
  confidence: 0.85,
  title: 'Relative link to a file that is not there',
  why: 'The reader who follows it is lost exactly where they asked for help.',
  fix: 'Correct the path, or remove the link.',
});
export const BROKEN_ANCHOR = rule('broken-anchor', {
  severity: 'note',
  confidence: 0.8,
  title: 'Link to a heading that does not exist',
  why: 'The page opens at the top and the promised section is nowhere.',
  fix: 'Use the anchor of the heading as it is spelled now.',
});
export const MISSING_README = rule('missing-readme', {
  severity: 'warning',
  confidence: 0.9,
  title: 'No README',
  why: 'Nobody can tell what this is or how to start it.',
  fix: 'Add a README with purpose, installation, usage and licence.',
});
export const MISSING_SECTION = rule('missing-section', {
  severity: 'note',
  confidence: 0.6,
  title: 'README lacks a section that readers look for',
  why: 'How to install, how to use, and under which licence are the first three questions.',
  fix: 'Add a short section, or a link under a heading of that name.',
});
export const MISSING_LICENCE = rule('missing-licence', {
  severity: 'warning',
  confidence: 0.8,
  title: 'No licence file',
  why: 'Without a licence nobody may use, change or share the code.',
  fix: 'Add a LICENSE file; mark a closed project as private in its manifest.',
});
export const HEADING_JUMP = rule('heading-jump', {
  severity: 'note',
  confidence: 0.6,
  title: 'Heading level is skipped',
  why: 'Outlines and screen readers show a section without its parent.',
  fix: 'Go down one level at a time.',
});
export const EMPTY_SECTION = rule('empty-section', {
  severity: 'note',
  confidence: 0.7,
  title: 'Heading with nothing under it',
  why: 'The table of contents promises what the page does not hold.',
  fix: 'Write the section or remove the heading.',
});
export const UNFINISHED = rule('unfinished', {
  severity: 'note',
  confidence: 0.7,
  title: 'Unfinished text in the documentation',
  why: 'Readers take a placeholder as a sign that the rest is not reliable either.',
  fix: 'Write it now, or move the plan to the issue tracker.',
});
export const OPEN_FENCE = rule('open-code-fence', {
  severity: 'warning',
  confidence: 0.9,
  title: 'Code block is never closed',
  why: 'Everything after it is shown as code.',
  fix: 'Close the block with the same fence.',
});

export const RULES: readonly Rule[] = [
  BROKEN_LINK,
  BROKEN_ANCHOR,
  MISSING_README,
  MISSING_SECTION,
  MISSING_LICENCE,
  HEADING_JUMP,
  EMPTY_SECTION,
  UNFINISHED,
  OPEN_FENCE,
];
