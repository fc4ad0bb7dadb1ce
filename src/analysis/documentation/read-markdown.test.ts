import { expect, test } from 'vitest';
import { readMarkdown } from './read-markdown.ts';

test('slugs are those of GitHub', () => {
  const { anchors } = readMarkdown(
    '# What\'s new in 2.0?\n## `code` & more\n## Über uns\n## [Link](x.md) text\n## Same\n## Same\n\nTitle\n-----\n<a name="Own"></a>\n## Id {#custom}\n',
  );
  expect([...anchors].sort()).toEqual(
    [
      'whats-new-in-20',
      'code--more',
      'über-uns',
      'link-text',
      'same',
      'same-1',
      'title',
      'own',
      'id',
      'custom',
    ].sort(),
  );
});

test('links of every form, none from code or comments', () => {
  const { links } = readMarkdown(
    '[a](a.md "t") ![b](<b c.png>) [c](c_(1).md)\n`[x](x.md)`\n```\n[y](y.md)\n```\n<!-- [z](z.md)\n[z](z.md) -->\n[r]: r.md\n<img alt="i" src="i.png">\n',
  );
  expect(links.map(({ target, line }) => `${target}:${line}`)).toEqual([
    'a.md:1',
    'b c.png:1',
    'c_(1).md:1',
    'r.md:8',
    'i.png:9',
  ]);
});

test('a heading is filled by anything under it, also under a deeper heading', () => {
  const { headings } = readMarkdown('# A\n## B\n### C\ntext\n## D\n## E\n- x\n');
  expect(headings.map(({ text, filled }) => `${text}${filled ? '+' : '-'}`)).toEqual([
    'A+',
    'B+',
    'C+',
    'D-',
    'E+',
  ]);
});

test('front matter is not content, an open fence is told', () => {
  const { headings, openFence } = readMarkdown('---\ntitle: x\n---\n# A\n\n~~~\ncode\n');
  expect(headings).toHaveLength(1);
  expect(openFence).toBe(6);
});
