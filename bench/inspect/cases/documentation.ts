import { fixtureArea } from '../fixture-case.ts';

const area = fixtureArea('documentation');
const { planted, plantedOn, clean } = area;
export const documentationCases = area.cases;

const page = (body: string): string => `# Page\n\n${body}\n`;
const FENCE = '```';

planted('broken-link', 'inline link', [['docs/a.md', page('See [the guide](guide.md).')]]);
planted('broken-link', 'image', [['docs/b.md', page('![shape](./img/shape.png)')]]);
planted('broken-link', 'reference definition', [
  ['docs/c.md', page('See [the guide][g].\n\n[g]: ../guides/start.md')],
]);
planted('broken-link', 'HTML image', [['docs/d.md', page('<img src="logo.svg" alt="logo">')]]);
planted('broken-link', 'encoded space', [
  ['docs/e.md', page('[plan](my%20plan.md)')],
  ['docs/myplan.md', page('x')],
]);
planted('broken-anchor', 'in the same page', [
  ['docs/f.md', page('[down](#setup)\n\n## Set-up and run\n\nText.')],
]);
planted('broken-anchor', 'in another page', [
  ['docs/g.md', page('[other](h.md#install)')],
  ['docs/h.md', page('## Use\n\nText.')],
]);
planted('heading-jump', 'from one to three', [['docs/i.md', page('### Detail\n\nText.')]]);
planted('empty-section', 'heading without text', [
  ['docs/j.md', page('## First\n\n## Second\n\nText.')],
]);
planted('unfinished', 'TODO note', [['docs/k.md', page('TODO: describe the protocol')]]);
planted('unfinished', 'template bracket', [
  ['docs/l.md', page('[Insert the address of the server]')],
]);
planted('open-code-fence', 'fence without an end', [
  ['docs/m.md', page(`${FENCE}sh\nnpm start\n\nMore text.`)],
]);
plantedOn({ rule: 'missing-readme', path: '.' }, 'no README', [['README.md', undefined]]);
plantedOn({ rule: 'missing-licence', path: '.' }, 'public package without a licence', [
  ['LICENSE', undefined],
  ['package.json', '{ "name": "lantern", "version": "1.0.0", "main": "src/main.ts" }\n'],
]);
plantedOn({ rule: 'missing-section', path: 'README.md' }, 'README without a word on installation', [
  ['README.md', '# Lantern\n\nKeeps a light on.\n\n## Background\n\nLong ago.\n'],
  ...['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [`notes/${name}.md`, page('Text.')] as const),
]);

clean('links that work', [
  ['docs/a.md', page('[b](b.md) and [src](../src/main.ts#L1) and [dir](../src/)')],
  ['docs/b.md', page('Text.')],
]);
clean('link inside a code block', [
  ['docs/a.md', page(`${FENCE}md\n[guide](missing.md)\n${FENCE}`)],
]);
clean('link inside a code span', [['docs/a.md', page('Write `[guide](missing.md)` for that.')]]);
clean('link inside a comment', [['docs/a.md', page('<!-- [guide](missing.md) -->\n\nText.')]]);
clean('links out of the repository and to the site', [
  [
    'docs/a.md',
    page('[up](../../other/x.md) [site](/guide/) [web](https://a.io/x.md) [mail](mailto:a@b.io)'),
  ],
]);
clean('link without extension', [
  ['docs/a.md', page('[b](./b) [c](c/)')],
  ['docs/b.md', page('Text.')],
  ['docs/c/index.md', page('Text.')],
]);
clean('anchors with punctuation and repeats', [
  [
    'docs/a.md',
    page(
      '[x](#whats-new-in-20) [y](#notes-1) [z](#custom)\n\n## What\'s new in 2.0?\n\nText.\n\n## Notes\n\nText.\n\n## Notes\n\nText.\n\n<a id="custom"></a>\n\nText.',
    ),
  ],
]);
clean('placeholder targets', [['docs/a.md', page('[x](<path>) [y]({{ url }}) [z](url)')]]);
clean('heading that only groups', [
  ['docs/a.md', page('## Group\n\n### One\n\nText.\n\n### Two\n\nText.')],
]);
clean('section that is a list, a table or a block', [
  [
    'docs/a.md',
    page(`## List\n\n- a\n\n## Table\n\n| a |\n|---|\n\n## Code\n\n${FENCE}\nx\n${FENCE}`),
  ],
]);
clean('todo as a subject', [
  [
    'docs/a.md',
    page('The todo list app shows TODO items and todos.\n\n- [ ] a task of the reader'),
  ],
]);
clean('hash signs inside a fence', [
  ['docs/a.md', page(`${FENCE}sh\n# comment\n### comment\n${FENCE}\n\nText.`)],
]);
clean('private package without a licence', [['LICENSE', undefined]]);
clean('longer fence around a shorter one', [
  ['docs/a.md', page('````md\n```sh\nnpm start\n```\n````\n\nText.')],
]);
clean('parentheses in a target', [
  ['docs/a.md', page('[x](b_(old).md)')],
  ['docs/b_(old).md', page('Text.')],
]);
