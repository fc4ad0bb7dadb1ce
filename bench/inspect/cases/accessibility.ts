import { fixtureArea } from '../fixture-case.ts';

const area = fixtureArea('accessibility');
const { planted, clean } = area;
export const accessibilityCases = area.cases;

const page = (body: string, head = '<title>Lantern</title>'): string =>
  `<!doctype html>\n<html lang="en">\n<head>${head}</head>\n<body>\n${body}\n</body>\n</html>\n`;

planted('image-alt', 'image', [['web/a.html', page('<img src="cat.png">')]]);
planted('image-alt', 'image in a component', [
  ['web/B.vue', '<template>\n  <img :src="cat">\n</template>\n'],
]);
planted('input-label', 'text field', [
  ['web/c.html', page('<p>Name</p><input type="text" name="n">')],
]);
planted('html-lang', 'page', [
  [
    'web/d.html',
    '<!doctype html>\n<html>\n<head><title>t</title></head>\n<body></body>\n</html>\n',
  ],
]);
planted('button-name', 'icon button', [
  ['web/e.html', page('<button class="close"><svg><path d="M0 0"/></svg></button>')],
]);
planted('button-name', 'empty link', [
  ['web/f.html', page('<a href="/home"><i class="icon"></i></a>')],
]);
planted('positive-tabindex', 'tabindex 3', [['web/g.html', page('<div tabindex="3">x</div>')]]);
planted('page-title', 'no title', [['web/h.html', page('<p>x</p>', '<meta charset="utf-8">')]]);
planted('heading-order', 'h1 to h4', [['web/i.html', page('<h1>A</h1><h4>B</h4>')]]);
planted('duplicate-id', 'two equal ids', [['web/j.html', page('<p id="a">x</p><p id="a">y</p>')]]);
planted('frame-title', 'iframe', [['web/k.html', page('<iframe src="https://a.io"></iframe>')]]);
planted('zoom-locked', 'user-scalable=no', [
  [
    'web/l.html',
    page(
      '<p>x</p>',
      '<title>t</title><meta name="viewport" content="width=device-width, user-scalable=no">',
    ),
  ],
]);
planted('contrast', 'grey on white', [
  ['web/m.css', '.note {\n  color: #aaa;\n  background-color: #fff;\n}\n'],
]);
planted('contrast', 'through variables', [
  [
    'web/n.css',
    ':root {\n  --ink: rgb(150 150 150);\n  --paper: white;\n}\n.note {\n  color: var(--ink);\n  background: var(--paper);\n}\n',
  ],
]);
planted('contrast', 'in a style element', [
  [
    'web/o.html',
    page('<p>x</p>', '<title>t</title><style>p { color: yellow; background: #fff }</style>'),
  ],
]);
planted('focus-outline', 'outline removed on focus', [
  ['web/p.css', 'button:focus {\n  outline: none;\n}\n'],
]);
planted('reduced-motion', 'endless animation', [
  ['web/q.css', '.banner {\n  animation: drift 3s linear infinite;\n}\n'],
]);

clean('decoration and described images', [
  [
    'web/a.html',
    page(
      '<img src="a.png" alt=""><img src="b.png" alt="A cat"><img src="c.png" aria-hidden="true">',
    ),
  ],
]);
clean('bound alt and spread attributes', [
  [
    'web/B.vue',
    '<template>\n  <img :src="cat" :alt="name">\n  <img v-bind="props">\n</template>\n',
  ],
]);
clean('labels of every kind', [
  [
    'web/c.html',
    page(
      '<label for="n">Name</label><input id="n"><label>Age <input></label><input aria-label="Town"><input type="hidden"><input type="submit">',
    ),
  ],
]);
clean('partial without html', [['web/d.html', '<section>\n  <h3>Part</h3>\n</section>\n']]);
clean('buttons with names', [
  [
    'web/e.html',
    page(
      '<button>Go</button><button aria-label="Close"><svg></svg></button><button><img src="x.png" alt="Find"></button><a href="/"><svg><title>Home</title></svg></a>',
    ),
  ],
]);
clean('tabindex 0 and -1', [
  ['web/f.html', page('<div tabindex="0">x</div><div tabindex="-1">y</div>')],
]);
clean('title after other tags', [
  [
    'web/g.html',
    page('<p>x</p>', '<meta charset="utf-8"><script>if (1 < 2) { }</script><title>Lantern</title>'),
  ],
]);
clean('headings down one and up two', [
  ['web/h.html', page('<h1>A</h1><h2>B</h2><h3>C</h3><h1>D</h1><h2>E</h2>')],
]);
clean('id inside a template and in a loop', [
  ['web/i.html', page('<p id="a">x</p><template><p id="a">y</p></template>')],
  ['web/j.html', '{% for x in y %}<p id="a-{{ x }}">x</p><p id="a-{{ x }}">y</p>{% endfor %}\n'],
]);
clean('hidden frame', [
  [
    'web/k.html',
    page(
      '<iframe src="https://a.io" title="Map"></iframe><iframe src="/t" style="display:none"></iframe>',
    ),
  ],
]);
clean('zoom allowed', [
  [
    'web/l.html',
    page(
      '<p>x</p>',
      '<title>t</title><meta name="viewport" content="width=device-width, initial-scale=1, maximum-scale=5">',
    ),
  ],
]);
clean('contrast that is enough', [
  [
    'web/m.css',
    '.a {\n  color: #767676;\n  background: #fff;\n}\n.b {\n  color: #949494;\n  background: #fff;\n  font-size: 32px;\n}\n',
  ],
]);
clean('colours that cannot be known', [
  [
    'web/n.css',
    '.a {\n  color: #aaa;\n  background: rgba(255, 255, 255, 0.1);\n}\n.b {\n  color: var(--x);\n  background: #fff;\n}\n.c {\n  color: #ccc;\n  background: linear-gradient(#000, #111);\n}\n',
  ],
]);
clean('theme that redefines a variable', [
  [
    'web/o.css',
    ':root {\n  --ink: #111;\n}\n.dark {\n  --ink: #ccc;\n}\n.a {\n  color: var(--ink);\n  background: #fff;\n}\n',
  ],
]);
clean('disabled control and placeholder', [
  [
    'web/p.css',
    '.button:disabled {\n  color: #aaa;\n  background: #eee;\n}\ninput::placeholder {\n  color: #bbb;\n  background: #fff;\n}\n',
  ],
]);
clean('outline replaced', [
  [
    'web/q.css',
    'button:focus {\n  outline: none;\n  box-shadow: 0 0 0 3px blue;\n}\na:focus:not(:focus-visible) {\n  outline: 0;\n}\n',
  ],
]);
clean('spinner and respected preference', [
  ['web/r.css', '.spinner {\n  animation: spin 1s infinite;\n}\n'],
  [
    'web/s.css',
    '.banner {\n  animation: drift 3s infinite;\n}\n@media (prefers-reduced-motion: reduce) {\n  .banner {\n    animation: none;\n  }\n}\n',
  ],
]);
