import { fixtureArea } from '../fixture-case.ts';

const area = fixtureArea('inventory');
const { planted, plantedOn, clean } = area;
export const inventoryCases = area.cases;

const mark = (sign: string): string => sign.repeat(7);
const conflict = (indent = ''): string =>
  [
    `${mark('<')} HEAD`,
    `${indent}one`,
    mark('='),
    `${indent}two`,
    `${mark('>')} feature/x`,
    '',
  ].join('\n');
const statements = (count: number, line: string): string => `${`${line}\n`.repeat(count)}`;

planted('merge-conflict', 'in Python', [['app.py', `x = 1\n${conflict()}`]]);
planted('merge-conflict', 'in JSON', [['settings.json', `{\n${conflict('  ')}}\n`]]);
planted('merge-conflict', 'in Markdown', [['NOTES.md', `# Notes\n\n${conflict()}`]]);
planted('merge-conflict', 'in a style sheet', [['site.css', `a {\n${conflict('  ')}}\n`]]);
planted('committed-artefact', 'Finder file', [['assets/.DS_Store', 'x']]);
planted('committed-artefact', 'compiled Python', [['pkg/__pycache__/a.cpython-311.pyc', 'x']]);
planted('committed-artefact', 'editor backup', [['src/main.ts.orig', 'x']]);
planted('committed-artefact', 'debug log', [['npm-debug.log', 'x']]);
plantedOn({ rule: 'committed-artefact', path: 'web/node_modules' }, 'installed packages', [
  ['web/node_modules/left-pad/index.js', 'module.exports = 1;\n'],
]);
planted('oversized-source', 'Go file of 2,500 lines', [
  ['cmd/all.go', `package main\n${statements(2_500, 'var _ = 1')}`],
]);
planted('case-collision', 'names that differ in case', [
  ['docs/readme.txt', 'a\n'],
  ['docs/README.txt', 'b\n'],
]);
planted('unportable-name', 'reserved name', [['lib/aux.c', 'int a;\n']]);
planted('unportable-name', 'colon in the name', [['data/10:30.txt', 'x\n']]);

clean('setext heading of seven signs', [['NOTES.md', '# Notes\n\nA title\n=======\n\nText.\n']]);
clean('shift operators at the start of a line', [
  ['a.cpp', 'int main() {\n  out\n<< 1\n<< 2;\n}\n'],
]);
clean('text about conflict markers', [
  [
    'GUIDE.md',
    `# Guide\n\nA conflict starts with \`${mark('<')}\` and ends with \`${mark('>')}\`.\n`,
  ],
]);
clean('conflict in a fixture', [['test/fixtures/conflict.txt', conflict()]]);
clean('pem bundle and log named like work', [
  ['logs/README.md', '# Logs\n\nThis folder is filled at run time.\n'],
]);
clean('long data file', [['data/list.json', `[${'1,\n'.repeat(3_000)}1]\n`]]);
clean('long generated file', [['src/api.generated.ts', statements(3_000, 'void 0;')]]);
clean('long vendored file', [
  ['vendor/lib/big.go', `package big\n${statements(3_000, 'var _ = 1')}`],
]);
clean('names that only look reserved', [
  ['lib/auxiliary.c', 'int a;\n'],
  ['lib/console.c', 'int b;\n'],
  ['lib/common.c', 'int c;\n'],
]);
clean('same name in two folders', [
  ['a/Index.md', '# A\n\nText.\n'],
  ['b/index.md', '# B\n\nText.\n'],
]);
clean('a class file that is source', [['lib/point.class.ts', 'class Point {}\nvoid Point;\n']]);
clean('backup as a subject', [
  ['src/backup.ts', 'void 0;\n'],
  ['docs/original.md', '# Original\n\nText.\n'],
]);
clean('source of 1,900 lines', [
  ['cmd/large.go', `package main\n${statements(1_900, 'var _ = 1')}`],
]);
